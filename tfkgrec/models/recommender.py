"""What every model of the package offers: user work once, item work many (docs/design-rules.md)."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, NamedTuple, Self, cast

import keras
import numpy as np
from keras import ops

from tfkgrec.data.history import History
from tfkgrec.data.pair_inputs import PairInputs
from tfkgrec.errors import InputError
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.layers.inner_product_head import InnerProductHead
from tfkgrec.models.in_turn import InTurn, by_turns
from tfkgrec.types import Config, Record, Shape, Tensor

KNOTS = 32
"""Most places at which the line from logits to calibrated logits bends."""


class TableSizes(NamedTuple):
    """Rows of a model's tables, row 0 (padding, unknown) included; items are the first entities."""

    num_users: int
    num_items: int
    num_entities: int
    num_relations: int


class LogitOnly(NamedTuple):
    """The explanation of a model that has none."""

    logit: Tensor  # [B]


class Facts(NamedTuple):
    """What the logit of pairs [B] loses without each fact of the candidate; of N items of the history [B, N, F]."""

    relation: Tensor  # [B, F]
    entity: Tensor  # as the dataset numbers them [B, F]; 0: none, or one without a name
    contribution: Tensor  # [B, F]; 0 where there is no fact


class Links(NamedTuple):
    """Paths that lead to pairs [B]; 0 where there is none."""

    item: Tensor  # of the history, with which each begins [B, S]
    entity: Tensor  # what joins it with the candidate, as the dataset numbers it [B, S]; 0: one without a name
    kind: Tensor  # relation of that with the candidate [B, S]; 0: another user


class Recommender(keras.Model):
    """Base of all models. A subclass writes `user_state`, `score_items` and, where it can say why, `explain`.

    Call arguments: a dict of user [G] and item [G, M], and optionally
        history [G, T]: read instead of the user's own row of the history table;
        left_out [G, M]: history slot that a training pair loses (see `layers.masked.leave_out`).
    Output: logit [G, M].

    What a score owes to the history and to facts (`models/contribution.py`) is asked through `read_history`,
    `logits_keeping` and `facts`, and through `item_facts` and `state_without_fact` where items of a history have facts.
    """

    num_items: int  # rows of the item tables, row 0 included
    history_length: int = 0  # T; 0 for a model that reads no history; where they are whole, that of the longest
    whole_histories: int | None = None  # items in all of them, where they are stored whole; None: T of each
    request_length: int | None = None  # newest items read of a history that comes with a request; None: history_length
    reads_labels: bool = False  # in training the inputs hold label and weight [G, M], for losses beside the logit's
    reads_whole_step: bool = False  # ... and under "step" user [G], item, label and weight of the rows of all workers
    masks_history: bool = False  # `score_items` takes a mask [G, M, T] as `left_out`, too (`layers.masked.leave_out`)
    num_stages: int = 1  # a model that learns in stages has more; it is used in the last one
    pair_inputs: PairInputs | None = None  # what training batches hold for it of every pair, beside ids

    records: ClassVar[Mapping[str, Callable[..., Any]]] = {"sizes": TableSizes, "head": InnerProductHead}
    """Constructor arguments that are more than a number or a word -> what makes them of their config."""

    @property
    def stage(self) -> int:
        """The stage the model is in, counted from 0."""
        return int(getattr(self, "_stage", self.num_stages - 1))

    @property
    def requested(self) -> int:
        """How many of the newest items are read of a history that comes with a request; 0: none."""
        return self.history_length if self.request_length is None else self.request_length

    def enter_stage(self, number: int) -> None:
        """What is traced from now on computes as stage `number` does."""
        self._stage = number

    def build(self, input_shape: Shape | None = None) -> None:
        """Called by every subclass at the end of its own `build`."""
        # probability = sigmoid(scale * logit + shift + bends of the line); see training/calibration.py
        self.calibration = self.add_weight(shape=(2,), trainable=False, initializer=_identity, name="calibration")
        self.calibration_bends = self.add_weight(
            shape=(2, KNOTS), trainable=False, initializer="zeros", name="calibration_bends"
        )
        self.built = True

    def probability(self, logit: Tensor) -> Tensor:
        """Calibrated probabilities of logits of any shape."""
        logit = ops.cast(logit, self.variable_dtype)
        knot, bend = self.calibration_bends[0], self.calibration_bends[1]
        bent = ops.sum(bend * ops.relu(ops.expand_dims(logit, -1) - knot), axis=-1)
        return ops.sigmoid(self.calibration[0] * logit + self.calibration[1] + bent)

    def item_tables(self) -> Record | None:
        """What depends on items alone, a NamedTuple, for as many calls as the weights stay as they are; None: nothing.

        What `user_state` and `explain` do not get of it as `tables` they work out anew; the answers are the same.
        """
        return None

    def user_state(self, user: Tensor, history: Tensor | None = None, tables: Record | None = None) -> Record:
        """Everything that does not depend on the candidate, once per user: a NamedTuple.

        Args:
            user: int32 [G]; 0 is an unknown user.
            history: item ids int32 [G, T], 0 pads; None reads the stored history of the user.
            tables: what `item_tables` gave.
        """
        raise NotImplementedError

    def score_items(
        self, state: Record, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        """Logits [G, M] of items int32 [G, M] for the users of `state`."""
        raise NotImplementedError

    def explain(self, user: Tensor, item: Tensor, tables: Record | None = None) -> Record:
        """Inner ids and weights that say why, for pairs user [B], item [B]: a NamedTuple.

        Its fields are named as the outputs of the `explain` signature; a field that is None is no output. A model that
        has no parts to name gives the logit alone.
        """
        state = self.user_state(user, tables=tables)
        return LogitOnly(self.score_items(state, ops.expand_dims(item, 1))[:, 0])

    @property
    def product(self) -> Literal["", "part", "whole"]:
        """Whether the logit of an item that the user has not taken is, or contains, <user's factors, item's factors>.

        A part is worth as much as the rest of the logit leaves to it.
        """
        return ""

    def item_factors(self, tables: Record | None = None) -> Tensor | None:
        """What the model knows of each item, [num_items, d + 1], the bias last; None: it has no vectors of items.

        Where there is a `product` it is that side of it.

        Args:
            tables: as of `user_state`.
        """
        return None

    def user_factors(self, state: Record) -> Tensor:
        """The other side of `product` [G, d + 1], the last place 1, of what `user_state` gave."""
        raise NotImplementedError

    def own_weights(self, explanation: Record, history: Tensor) -> Tensor | None:
        """What the model's `explain` weighs the history's items with [B, T], as `read_history` has them; None: not."""
        return None

    def own_fact_weights(self, explanation: Record) -> Tensor | None:
        """What it weighs the facts with [B, F], in the order of `facts`; None: not."""
        return None

    def paths(self, explanation: Record) -> Links | None:
        """The paths of the model's `explain`, in the order of `facts`; None for a model that follows none."""
        return None

    def facts(self, user: Tensor, item: Tensor, tables: Record | None = None) -> Facts | None:
        """What pairs user [B], item [B] owe to each fact of the candidate; None for a model that reads none."""
        return None

    def item_facts(self, item: Tensor) -> tuple[Tensor, Tensor] | None:
        """What the model reads of items [...] of a history: relation and entity of each fact, both [..., F].

        As in `Facts`; 0 and 0 where there is none. None for a model that reads no facts of a history's items.
        """
        return None

    def state_without_fact(
        self, user: Tensor, history: Tensor, slot: Tensor, fact: Tensor, tables: Record | None = None
    ) -> Record:
        """`user_state` of users [G] whose item in `slot` [G] of the `history` [G, T] has no fact number `fact` [G]."""
        raise NotImplementedError

    def history_facts(
        self, user: Tensor, item: Tensor, top: Tensor, tables: Record | None = None, in_turn: InTurn | None = None
    ) -> Facts | None:
        """What pairs user [B], item [B] owe to each fact of the items `top` [B, N] of the history; 0 pads.

        Args:
            in_turn: as in `contributions`.
        """
        history, found = self.read_history(user), self.item_facts(top)
        if history is None or found is None:
            return None
        relation, entity = found
        same = ops.equal(ops.expand_dims(top, 2), ops.expand_dims(history, 1))  # [B, N, T]
        slot = ops.cast(ops.argmax(same, axis=2), "int32")
        items, facts = entity.shape[1:]
        rows, steps = ops.shape(history)[0], history.shape[1] or ops.shape(history)[1]

        def logits(number: Tensor) -> Tensor:
            """[B, C]: without fact number c of all, the last one without none."""
            count = number.shape[0] or ops.shape(number)[0]
            repeated = (ops.repeat(of_pair, count, axis=0) for of_pair in (user, history, item))
            users, histories, candidates = repeated
            place = ops.take(slot, ops.minimum(number // facts, items - 1), axis=1)  # [B, C]
            fact = ops.where(number < items * facts, number % facts, facts)
            fact = ops.reshape(ops.expand_dims(fact, 0) + ops.zeros_like(place), (-1,))
            state = self.state_without_fact(users, histories, ops.reshape(place, (-1,)), fact, tables)
            return ops.reshape(self.score_items(state, ops.expand_dims(candidates, 1)), (-1, count))

        logit = by_turns(logits, items * facts + 1, rows * steps, in_turn)
        lost = ops.reshape(logit[:, -1:] - logit[:, :-1], (-1, items, facts))
        there = ops.logical_and(relation > 0, ops.expand_dims(ops.logical_and(top > 0, ops.any(same, axis=2)), 2))
        return Facts(ops.where(there, relation, 0), ops.where(there, entity, 0), ops.where(there, lost, 0.0))

    def read_history(self, user: Tensor) -> Tensor | None:
        """The items that scores of users [B] read, [B, T], 0 pads; None for a model that reads none."""
        return self.history_of(user) if self.history_length else None

    def split(self, user: Tensor, item: Tensor, history: Tensor, tables: Record | None = None) -> Tensor | None:
        """What each item of the history adds [B, T], where the logit is a sum over them; None where it is not."""
        return None

    def state_keeping(self, user: Tensor, history: Tensor, kept: Tensor, tables: Record | None = None) -> Record:
        """`user_state` of users [G] who have of their `history` [G, T] only what `kept` says, bool [G, T]."""
        return self.user_state(user, ops.where(kept, history, 0), tables)

    def logits_keeping(
        self, user: Tensor, item: Tensor, history: Tensor, kept: Tensor, tables: Record | None = None
    ) -> Tensor:
        """Logits [B, M] of pairs user [B], item [B] for M parts of the `history` [B, T]: `kept`, bool [B, M, T]."""
        if self.masks_history:
            items = ops.expand_dims(item, 1) + ops.zeros_like(kept[:, :, 0], dtype="int32")  # [B, M]
            return self.score_items(self.user_state(user, history, tables), items, ops.logical_not(kept))
        choices, steps = kept.shape[1] or ops.shape(kept)[1], kept.shape[2] or ops.shape(kept)[2]
        users, items = (ops.repeat(ids, choices, axis=0) for ids in (user, item))
        histories = ops.repeat(history, choices, axis=0)
        state = self.state_keeping(users, histories, ops.reshape(kept, (-1, steps)), tables)
        return ops.reshape(self.score_items(state, ops.expand_dims(items, 1)), (-1, choices))

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        state = self.user_state(inputs["user"], inputs.get("history"))
        return self.score_items(state, inputs["item"], inputs.get("left_out"), training)

    def compute_output_shape(self, input_shape: Mapping[str, Shape] | None = None) -> Shape:
        return (None, None) if input_shape is None else tuple(input_shape["item"])

    def start_from(self, vectors: PretrainedEmbeddings) -> None:
        """Let the embeddings start from pre-trained vectors.

        Raises:
            InputError: the model takes none, or of another width.
        """
        raise InputError(f"pretraining: expected null for a model that takes no pre-trained vectors ({self.name})")

    def add_history(self, num_users: int) -> None:
        """Side tables of what the users have taken: a row of T for each, or all items and where each user's begin."""
        if self.whole_histories is None:
            self.history = self.add_table("history", (num_users, self.history_length))
        else:
            self.history = self.add_table("history", (self.whole_histories,))
            self.history_offsets = self.add_table("history_offsets", (num_users + 1,))

    def store_history(self, history: History) -> None:
        """Fill them."""
        if self.whole_histories is None:
            self.set_table("history", history.newest(self.history_length))
        else:
            self.set_table("history", history.items)
            self.set_table("history_offsets", history.offsets)

    def stored_histories(self) -> History:
        """What they hold."""
        table = ops.convert_to_numpy(self.history)
        if self.whole_histories is None:
            return History.of_rows(table)
        return History(table, ops.convert_to_numpy(self.history_offsets).astype(np.int64))

    @property
    def ragged(self) -> bool:
        """Whether what it reads of users is as long as these users need, in itself or in a model that it is made of."""
        parts = (layer for layer in self.layers if isinstance(layer, Recommender))
        return self.whole_histories is not None or any(part.ragged for part in parts)

    def history_of(self, user: Tensor) -> Tensor:
        """Rows [G, T] of the stored histories.

        Where they are whole, T is as long as these users need under TensorFlow without XLA; where shapes have to be
        known beforehand, as long as anybody needs: who asks often passes `history`, in a few widths.
        """
        if self.whole_histories is None:
            return self.read_table("history", user)
        return self.flat_rows("history", "history_offsets", user, self.history_length)

    def flat_rows(self, items: str, offsets: str, row: Tensor, longest: int) -> Tensor:
        """Rows [G, T] of a side table that holds them one after another, row r from `offsets`[r] on, 0 pads.

        T as in `history_of`; no row is longer than `longest`.
        """
        first = self.read_table(offsets, row)
        count = self.read_table(offsets, row + 1) - first
        known = keras.backend.backend() == "tensorflow"
        step = ops.arange(ops.maximum(ops.max(count), 1) if known else longest, dtype="int32")
        place = ops.expand_dims(first, -1) + step
        held = ops.less(step, ops.expand_dims(count, -1))
        last = getattr(self, items).shape[0] - 1
        return ops.where(held, self.read_table(items, ops.minimum(place, last)), 0)

    def add_table(self, name: str, shape: Shape) -> Tensor:
        """A side table: int32 ids, so that an export needs ids only ("Side tables live in the model")."""
        return self.add_weight(shape=shape, dtype="int32", trainable=False, initializer="zeros", name=name)

    def set_table(self, name: str, values: np.ndarray) -> None:
        """Fill the side table `name`."""
        table = getattr(self, name)
        if tuple(table.shape) != values.shape:
            raise ValueError(f"table `{name}` should have shape {tuple(table.shape)}. Received: {values.shape}")
        table.assign(values.astype(np.int32))

    def read_table(self, name: str, ids: Tensor) -> Tensor:
        """Rows of a side table, [*ids.shape, *row shape]."""
        return ops.take(ops.convert_to_tensor(getattr(self, name)), ids, axis=0)

    @classmethod
    def from_config(cls, config: Config) -> Self:
        made = {k: cls.records[k](**v) if k in cls.records and v is not None else v for k, v in config.items()}
        return cast(Self, super().from_config(made))


def without_each(size: Tensor | int) -> Tensor:
    """Which of `size` things are kept, bool [size + 1, size]: without each of them in turn, then all."""
    gone = ops.expand_dims(ops.arange(size + 1, dtype="int32"), 1)
    return ops.not_equal(gone, ops.expand_dims(ops.arange(size, dtype="int32"), 0))


def one_of(slot: Tensor, fact: Tensor, facts: Tensor) -> Tensor:
    """Where in `facts` [G, T, F] fact number `fact` [G] of the item in `slot` [G] stands, bool."""
    steps, count = facts.shape[1] or ops.shape(facts)[1], facts.shape[2]
    in_slot = ops.equal(ops.expand_dims(slot, 1), ops.arange(steps, dtype="int32"))  # [G, T]
    is_fact = ops.equal(ops.expand_dims(fact, 1), ops.arange(count, dtype="int32"))  # [G, F]
    return ops.logical_and(ops.expand_dims(in_slot, 2), ops.expand_dims(is_fact, 1))


def as_config(scope: Config) -> Config:
    """A constructor's arguments, out of its `locals()`, as its `from_config` reads them."""
    given = {name: value for name, value in scope.items() if name not in ("self", "kwargs", "__class__")}
    return {name: _plain(value) for name, value in given.items()}


def outputs(explanation: Record) -> dict[str, Tensor]:
    """The fields of an explanation that are there."""
    return {name: value for name, value in explanation._asdict().items() if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, InnerProductHead):
        return dict(value.settings)  # not get_config: under JAX, Keras looks for TensorFlow where it writes a dtype
    return value._asdict() if isinstance(value, tuple) and hasattr(value, "_asdict") else value


def _identity(shape: Shape, dtype: str | None = None) -> Tensor:
    return ops.convert_to_tensor(np.array([1.0, 0.0]), dtype=dtype)
