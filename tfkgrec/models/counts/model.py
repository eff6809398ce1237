"""A logit out of counts alone: how popular an item is, who takes what, what items have in common."""

from typing import NamedTuple, Self, Unpack

import keras
from keras import ops

from tfkgrec.layers.part_sum import PartSum
from tfkgrec.models.factors import item_side
from tfkgrec.models.in_turn import InTurn
from tfkgrec.models.recommender import Facts, as_config
from tfkgrec.models.sum_of_parts import SumOfParts
from tfkgrec.types import Config, LayerOptions, Shape, Tensor

OF_ITEM = 3
"""Parts that the item's own positives give."""
REASONS = 5
"""Items of the history that an explanation names."""


class CountsSizes(NamedTuple):
    """Rows and widths of the tables, row 0 (padding, unknown) included."""

    num_users: int
    num_items: int
    num_positives: int
    longest_history: int
    num_fields: int
    num_values: int
    values_per_field: int
    num_facts: int
    num_factors: int


class CountsState(NamedTuple):
    """What does not depend on the candidate."""

    history: Tensor  # item ids [G, T]
    taken: Tensor  # 1 where the history holds an item [G, I]
    interest: Tensor  # what the history's items are like, summed [G, k]
    times: Tensor  # how often a value stands in the history [G, values]


class CountsExplanation(NamedTuple):
    """What adds how much to the logit: popularity, similar, shared and value_popularity sum to it, with `constant`."""

    logit: Tensor | None  # [B]; None within another model's explanation
    constant: Tensor  # [B]
    popularity: Tensor  # [B]
    similar: Tensor  # by like items of the history [B]
    similar_item: Tensor  # the likest of them, best first [B, 5]
    similar_share: Tensor  # of their likeness, before the others' [B, 5]
    shared_relation: Tensor  # [B, R]
    shared: Tensor  # by values that item and history share in a field [B, R]
    shared_entity: Tensor  # the value of the item that the history has most often [B, R]
    shared_times: Tensor  # how often [B, R]
    value_popularity: Tensor  # by how popular the items are that share the item's values [B, R]


@keras.saving.register_keras_serializable("tfkgrec")
class Counts(SumOfParts):
    """logit = weighed sum of counts of training positives (layers/part_sum.py), user by user and item by item.

    The parts of a pair, P = 4 + 2 R, histories without the candidate itself:
        log(1 + n) of the item's n positives; whether n is 0; whether it is 1
        of every field: log(1 + the positives of the items that share its values)
        like items: (1 + items of the history)^-1/2 sum_j given_j . asked_i (features.factors_of)
        of every field: log(1 + sum over the item's values of how often the history has them / items that have them)
    A user's activity is none of them: it could not change the order of anybody's items.

    Args:
        sizes: rows of the tables.
    """

    records = {"sizes": CountsSizes}

    def __init__(self, sizes: CountsSizes, **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        self._config = as_config(locals())
        self.sizes, self.num_items = sizes, sizes.num_items
        self.history_length = sizes.longest_history
        self.part_sum = PartSum(OF_ITEM + 1 + 2 * sizes.num_fields, name="part_sum")

    @classmethod
    def from_settings(cls, sizes: CountsSizes, **kwargs: Unpack[LayerOptions]) -> Self:
        return cls(sizes, **kwargs)

    def build(self, input_shape: Shape | None = None) -> None:
        s = self.sizes
        self.history_item = self.add_table("history_item", (s.num_positives,))
        self.history_offset = self.add_table("history_offset", (s.num_users + 1,))
        self.field_relation = self.add_table("field_relation", (s.num_fields,))
        self.item_value = self.add_table("item_value", (s.num_items, s.num_fields, s.values_per_field))
        self.value_entity = self.add_table("value_entity", (s.num_values,))
        self.fact_item = self.add_table("fact_item", (s.num_facts,))
        self.fact_value = self.add_table("fact_value", (s.num_facts,))
        for name, shape in (
            ("item_counts", (s.num_items, OF_ITEM + s.num_fields)),
            ("value_weight", (s.num_values,)),
            ("given", (s.num_items, s.num_factors)),
            ("asked", (s.num_items, s.num_factors)),
        ):
            setattr(self, name, self.add_weight(shape=shape, trainable=False, initializer="zeros", name=name))
        self.part_sum.build((None, self.part_sum.num_parts))
        super().build(input_shape)

    def user_state(self, user: Tensor, history: Tensor | None = None, tables: None = None) -> CountsState:
        if history is None:
            history = self._stored(user)
        held = ops.cast(ops.not_equal(history, 0), "float32")
        taken = self._multi_hot(history, held)
        return CountsState(
            history=history,
            taken=taken,
            interest=ops.matmul(taken, ops.convert_to_tensor(self.given)),
            times=self._times(taken),
        )

    def parts(self, state: CountsState, item: Tensor, left_out: Tensor | None = None) -> Tensor:
        hit = ops.take_along_axis(state.taken, item, axis=1)  # 1 where the candidate stands in the history [G, M]
        gone, gone_item = hit, item
        if left_out is not None:  # another item goes where the candidate is not in the history
            drawn = ops.take_along_axis(state.history, ops.minimum(left_out, state.history.shape[1] - 1), axis=1)
            gone_item = ops.where(hit > 0, item, ops.where(left_out < state.history.shape[1], drawn, 0))
            gone = ops.cast(gone_item > 0, "float32")
        count = ops.sum(state.taken, axis=1, keepdims=True) - gone
        asked = ops.take(ops.convert_to_tensor(self.asked), item, axis=0)  # [G, M, k]
        own = ops.expand_dims(gone, -1) * ops.take(ops.convert_to_tensor(self.given), gone_item, axis=0)
        similar = ops.sum((ops.expand_dims(state.interest, 1) - own) * asked, axis=-1) / ops.sqrt(count + 1.0)
        shared = self._shared(state, item, gone, gone_item, left_out is not None)
        of_item = ops.take(ops.convert_to_tensor(self.item_counts), item, axis=0)
        return ops.concatenate([of_item, ops.expand_dims(similar, -1), ops.log1p(ops.relu(shared))], axis=-1)

    def explain(self, user: Tensor, item: Tensor, tables: None = None) -> CountsExplanation:
        logit, terms = self.terms_of_pairs(user, item)
        constant = self.part_sum.bias + ops.zeros_like(logit)
        return self.reasons(user, item, terms)._replace(logit=logit, constant=constant)

    def reasons(self, user: Tensor, item: Tensor, terms: Tensor, tables: None = None) -> CountsExplanation:
        state, fields = self.user_state(user), self.sizes.num_fields
        of_fields, of_shared = terms[:, OF_ITEM : OF_ITEM + fields], terms[:, -fields:]
        times = self._times_of(state, ops.expand_dims(item, 1))[:, 0]  # [B, R, V]
        others = ops.cast(times, "int32") - ops.cast(
            ops.reshape(ops.take_along_axis(state.taken, ops.expand_dims(item, 1), axis=1), (-1, 1, 1)), "int32"
        )
        most = ops.expand_dims(ops.argmax(others, axis=2), -1)
        shared_times = ops.maximum(ops.squeeze(ops.take_along_axis(others, most, axis=2), -1), 0)
        value = ops.squeeze(ops.take_along_axis(self.read_table("item_value", item), most, axis=2), -1)
        similar_item, similar_share = self._likest(state, item)
        return CountsExplanation(
            logit=None,
            constant=ops.zeros_like(terms[:, 0]),
            popularity=ops.sum(terms[:, :OF_ITEM], axis=1),
            similar=terms[:, OF_ITEM + fields],
            similar_item=similar_item,
            similar_share=similar_share,
            shared_relation=ops.convert_to_tensor(self.field_relation)[None] + ops.zeros_like(shared_times),
            shared=of_shared,
            shared_entity=ops.where(shared_times > 0, self.read_table("value_entity", value), 0),
            shared_times=shared_times,
            value_popularity=of_fields,
        )

    def item_factors(self, tables: None = None) -> Tensor:
        """The factors of who takes what."""
        return item_side(ops.convert_to_tensor(self.asked))

    def facts_of(self, user: Tensor, item: Tensor, terms: Tensor, tables: None = None) -> Facts:
        """A field at a time: what its values add by the history and by how popular they are."""
        reasons = self.reasons(user, item, terms)
        return Facts(reasons.shared_relation, reasons.shared_entity, reasons.shared + reasons.value_popularity)

    def history_facts_of(
        self,
        user: Tensor,
        item: Tensor,
        top: Tensor,
        share: Tensor,
        tables: None = None,
        in_turn: InTurn | None = None,
    ) -> Facts:
        """A field at a time: what the values that the item shares with the candidate add, as its first such value."""
        history, fields = self.read_history(user), self.sizes.num_fields
        kept = ops.not_equal(ops.expand_dims(top, 2), ops.expand_dims(history, 1))  # [B, N, T]
        kept = ops.concatenate([kept, ops.ones_like(kept[:, :1])], axis=1)
        shared = share[-fields:] * self.parts_keeping(user, item, history, kept)[..., -fields:]
        value, of_top = ops.expand_dims(self.read_table("item_value", item), 1), self.read_table("item_value", top)
        same = ops.any(ops.equal(ops.expand_dims(of_top, -1), ops.expand_dims(value, -2)), axis=-1)  # [B, N, R, V]
        same = ops.logical_and(same, of_top > 0)
        first = ops.take_along_axis(of_top, ops.expand_dims(ops.argmax(same, axis=3), 3), axis=3)[..., 0]
        there = ops.any(same, axis=3)  # [B, N, R]
        return Facts(
            relation=ops.where(there, ops.convert_to_tensor(self.field_relation), 0),
            entity=ops.where(there, self.read_table("value_entity", first), 0),
            contribution=ops.where(there, shared[:, -1:] - shared[:, :-1], 0.0),
        )

    def read_history(self, user: Tensor) -> Tensor:
        return self.flat_rows("history_item", "history_offset", user, self.history_length)

    def parts_keeping(self, user: Tensor, item: Tensor, history: Tensor, kept: Tensor, tables: None = None) -> Tensor:
        there = ops.logical_and(ops.not_equal(history, 0), ops.not_equal(history, ops.expand_dims(item, 1)))  # [B, T]
        held = ops.cast(ops.logical_and(kept, ops.expand_dims(there, 1)), "float32")  # [B, M, T]
        asked = ops.take(ops.convert_to_tensor(self.asked), item, axis=0)  # [B, k]
        like = ops.einsum("btk,bk->bt", ops.take(ops.convert_to_tensor(self.given), history, axis=0), asked)
        similar = ops.einsum("bmt,bt->bm", held, like) / ops.sqrt(ops.sum(held, axis=2) + 1.0)
        value, of_history = self.read_table("item_value", item), self.read_table("item_value", history)
        value = ops.expand_dims(value, 1)  # [B, 1, R, V]
        same = ops.any(ops.equal(ops.expand_dims(value, -1), ops.expand_dims(of_history, -2)), axis=-1)  # [B, T, R, V]
        has = ops.cast(ops.logical_and(same, value > 0), "float32")
        weight = ops.take(ops.convert_to_tensor(self.value_weight), value)
        shared = ops.einsum("bmt,btr->bmr", held, ops.sum(has * weight, axis=3))
        of_item = ops.take(ops.convert_to_tensor(self.item_counts), item, axis=0)
        of_item = ops.expand_dims(of_item, 1) + ops.zeros_like(held[:, :, :1])
        return ops.concatenate([of_item, ops.expand_dims(similar, -1), ops.log1p(ops.relu(shared))], axis=-1)

    def get_config(self) -> Config:
        return {**super().get_config(), **self._config}

    def _stored(self, user: Tensor) -> Tensor:
        """All that training saw of users [G], 0-padded on the right [G, T]; of one width, as XLA wants it."""
        offset = ops.convert_to_tensor(self.history_offset)
        start, end = ops.take(offset, user), ops.take(offset, user + 1)
        place = ops.expand_dims(start, 1) + ops.arange(self.history_length, dtype="int32")
        there = place < ops.expand_dims(end, 1)
        return ops.where(there, self.read_table("history_item", ops.where(there, place, 0)), 0)

    def _multi_hot(self, history: Tensor, held: Tensor) -> Tensor:
        """[G, I]: 1 where the history holds an item, which it does once."""
        rows = ops.shape(history)[0]
        place = history + self.num_items * ops.expand_dims(ops.arange(rows, dtype="int32"), 1)
        flat = ops.scatter(ops.reshape(place, (-1, 1)), ops.reshape(held, (-1,)), (rows * self.num_items,))
        return ops.reshape(flat, (rows, self.num_items))

    def _times(self, taken: Tensor) -> Tensor:
        """How often each value stands in the histories [G, values]."""
        of_fact = ops.take(ops.transpose(taken), ops.convert_to_tensor(self.fact_item), axis=0)  # [facts, G]
        value = ops.convert_to_tensor(self.fact_value)
        return ops.transpose(ops.segment_sum(of_fact, value, num_segments=self.sizes.num_values))

    def _times_of(self, state: CountsState, item: Tensor) -> Tensor:
        """How often the history has each value of the items, the candidate's own included [G, M, R, V]."""
        value = self.read_table("item_value", item)
        flat = ops.take_along_axis(state.times, ops.reshape(value, (ops.shape(value)[0], -1)), axis=1)
        return ops.reshape(flat, ops.shape(value)) * ops.cast(value > 0, "float32")

    def _shared(self, state: CountsState, item: Tensor, gone: Tensor, gone_item: Tensor, drawn: bool) -> Tensor:
        """Of every field how often the history has the item's values, weighed [G, M, R]."""
        value = self.read_table("item_value", item)  # [G, M, R, V]
        there = ops.cast(value > 0, "float32")
        if drawn:
            of_gone = ops.expand_dims(self.read_table("item_value", gone_item), -2)  # [G, M, R, 1, V]
            own = ops.cast(ops.any(ops.equal(ops.expand_dims(value, -1), of_gone), axis=-1), "float32")
        else:
            own = 1.0
        times = self._times_of(state, item) - ops.expand_dims(ops.expand_dims(gone, -1), -1) * own * there
        weight = ops.take(ops.convert_to_tensor(self.value_weight), value)
        return ops.sum(times * weight, axis=-1)

    def _likest(self, state: CountsState, item: Tensor) -> tuple[Tensor, Tensor]:
        """The history's items that are most like each of item [B], and their shares of the likeness [B, 5]."""
        asked = ops.take(ops.convert_to_tensor(self.asked), item, axis=0)  # [B, k]
        like = ops.matmul(asked, ops.transpose(ops.convert_to_tensor(self.given))) * state.taken  # [B, I]
        other = ops.not_equal(ops.arange(self.num_items, dtype="int32"), ops.expand_dims(item, 1))
        like = like * ops.cast(other, "float32")
        share, place = ops.top_k(ops.relu(like), min(REASONS, self.num_items))
        total = ops.sum(ops.relu(like), axis=1, keepdims=True)
        share = share / ops.where(total > 0, total, ops.ones_like(total))
        return ops.where(share > 0, ops.cast(place, "int32"), 0), share
