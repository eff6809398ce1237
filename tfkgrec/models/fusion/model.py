"""Models that have been trained, as one: their logits and what can be counted, weighed on validation pairs."""

import math
from collections import namedtuple
from collections.abc import Mapping
from typing import NamedTuple, Self, Unpack

import keras
from keras import ops

from tfkgrec import registry
from tfkgrec.layers.part_sum import PartSum
from tfkgrec.models.in_turn import InTurn
from tfkgrec.models.recommender import Facts, Recommender, outputs
from tfkgrec.models.sum_of_parts import SumOfParts
from tfkgrec.types import Config, LayerOptions, Record, Shape, Tensor


class FusionState(NamedTuple):
    """What does not depend on the candidate."""

    history: Tensor | None  # item ids that were given [G, T]
    members: tuple[Record, ...]  # the state of each


class FusionTables(NamedTuple):
    """What depends on items alone."""

    members: tuple[Record | None, ...]  # the tables of each


@keras.saving.register_keras_serializable("tfkgrec")
class Fusion(SumOfParts):
    """logit = sum_k w_k (l_k - mu_k) / sigma_k + sum_j v_j f_j + b, with the members' logits l_k and counts f_j.

    A member whose own logit is a sum of parts (models/counts) is taken apart: its parts are weighed anew. All members
    are frozen. Stacked regression (Breiman 1996), with held-out pairs in the place of cross-validation.

    Args:
        members: name -> a built model, all of one catalogue; the names begin those of `explain`'s outputs.

    Raises:
        ValueError: members of different catalogues, or none.
    """

    def __init__(self, members: Mapping[str, Recommender], **kwargs: Unpack[LayerOptions]) -> None:
        super().__init__(**kwargs)
        if len({member.num_items for member in members.values()}) != 1:
            found = {name: member.num_items for name, member in members.items()}
            raise ValueError(f"`members` should know the same items. Received: {found}")
        self.members = dict(members)
        self.member_names = tuple(members)
        self.num_items = next(iter(members.values())).num_items
        self.history_length = max(member.history_length for member in members.values())
        self.request_length = max(member.requested for member in members.values())
        self.widths = tuple(
            member.part_sum.num_parts if isinstance(member, SumOfParts) else 1 for member in members.values()
        )
        self.part_sum = PartSum(sum(self.widths), name="part_sum")

    def build(self, input_shape: Shape | None = None) -> None:
        for member in self.members.values():
            member.trainable = False
            for variable in member.variables:  # a member from a file says that it is frozen, and its layers are not
                variable.trainable = False
        self.part_sum.build((None, self.part_sum.num_parts))
        super().build(input_shape)

    def item_tables(self) -> FusionTables | None:
        tables = tuple(self.members[name].item_tables() for name in self.member_names)
        return None if all(own is None for own in tables) else FusionTables(tables)

    def user_state(
        self, user: Tensor, history: Tensor | None = None, tables: FusionTables | None = None
    ) -> FusionState:
        states = []
        for name, own in zip(self.member_names, self._tables_of(tables), strict=True):
            member = self.members[name]
            states.append(member.user_state(user, None if history is None else self._history(name, history), own))
        return FusionState(history, tuple(states))

    def parts(self, state: FusionState, item: Tensor, left_out: Tensor | None = None) -> Tensor:
        parts = []
        for name, own in zip(self.member_names, state.members, strict=True):
            member = self.members[name]
            slot = None if left_out is None else self._slot(name, state.history, left_out)
            if isinstance(member, SumOfParts):
                parts.append(member.parts(own, item, slot))
            else:
                parts.append(ops.expand_dims(member.score_items(own, item, slot), -1))
        return ops.concatenate([ops.cast(part, "float32") for part in parts], axis=-1)

    def explain(self, user: Tensor, item: Tensor, tables: FusionTables | None = None) -> Record:
        """What every member adds (`<name>_adds` [B]), which sums to `logit` with `constant`, and its own reasons.

        These are named `<name>_<output>`; of a member that is taken apart they say what each of its parts adds here.
        """
        logit, terms = self.terms_of_pairs(user, item, tables)
        found = {"logit": logit, "constant": self.part_sum.bias + ops.zeros_like(logit)}
        first = 0
        for name, width, own in zip(self.member_names, self.widths, self._tables_of(tables), strict=True):
            member, of_member = self.members[name], terms[:, first : first + width]
            first += width
            found[f"{name}_adds"] = ops.sum(of_member, axis=1)
            if isinstance(member, SumOfParts):
                reasons = outputs(member.reasons(user, item, of_member, own))
            else:
                reasons = outputs(member.explain(user, item, own))
                reasons.pop("logit")
            found |= {f"{name}_{output}": value for output, value in reasons.items()}
        return _record("FusionExplanation", found)

    def item_factors(self, tables: FusionTables | None = None) -> Tensor | None:
        """Those of the first member that has some."""
        of_members = zip(self.member_names, self._tables_of(tables), strict=True)
        found = (self.members[name].item_factors(own) for name, own in of_members)
        return next((factors for factors in found if factors is not None), None)

    def facts_of(self, user: Tensor, item: Tensor, terms: Tensor, tables: FusionTables | None = None) -> Facts | None:
        """Those of all members, each by what it counts for here."""
        found, first = [], 0
        share = self.part_sum.share()
        for name, width, own in zip(self.member_names, self.widths, self._tables_of(tables), strict=True):
            member, place = self.members[name], slice(first, first + width)
            first += width
            if isinstance(member, SumOfParts):
                facts = member.facts_of(user, item, terms[:, place], own)
            else:
                facts = member.facts(user, item, own)
                facts = facts and facts._replace(contribution=share[place] * facts.contribution)
            found += [] if facts is None else [facts]
        return Facts(*(ops.concatenate(parts, axis=1) for parts in zip(*found, strict=True))) if found else None

    def history_facts_of(
        self,
        user: Tensor,
        item: Tensor,
        top: Tensor,
        share: Tensor,
        tables: FusionTables | None = None,
        in_turn: InTurn | None = None,
    ) -> Facts | None:
        """Those of all members that read the items."""
        found, first = [], 0
        for name, width, own in zip(self.member_names, self.widths, self._tables_of(tables), strict=True):
            member, counts = self.members[name], share[first : first + width]
            first += width
            if isinstance(member, SumOfParts):
                facts = member.history_facts_of(user, item, top, counts, own, in_turn)
            else:
                facts = member.history_facts(user, item, top, own, in_turn)
                facts = facts and facts._replace(contribution=counts * facts.contribution)
            found += [] if facts is None else [facts]
        return Facts(*(ops.concatenate(parts, axis=2) for parts in zip(*found, strict=True))) if found else None

    def read_history(self, user: Tensor) -> Tensor | None:
        """That of the member that reads most: it has what the others read."""
        own = (self.members[name].read_history(user) for name in self.member_names)
        read = [history for history in own if history is not None]
        return max(read, key=lambda history: history.shape[1] or math.inf) if read else None

    def state_keeping(
        self, user: Tensor, history: Tensor, kept: Tensor, tables: FusionTables | None = None
    ) -> FusionState:
        states = []
        for name, own in zip(self.member_names, self._tables_of(tables), strict=True):
            member = self.members[name]
            mine = member.read_history(user)
            if mine is None:
                states.append(member.user_state(user, tables=own))
            else:
                mine_kept = _kept_of(mine, history, ops.expand_dims(kept, 1))[:, 0]
                states.append(member.state_keeping(user, mine, mine_kept, own))
        return FusionState(None, tuple(states))

    def parts_keeping(
        self, user: Tensor, item: Tensor, history: Tensor, kept: Tensor, tables: FusionTables | None = None
    ) -> Tensor:
        parts = []
        for name, own in zip(self.member_names, self._tables_of(tables), strict=True):
            member = self.members[name]
            mine = member.read_history(user)
            if mine is None:
                logit = member.score_items(member.user_state(user, tables=own), ops.expand_dims(item, 1))
                parts.append(ops.expand_dims(logit + ops.zeros_like(kept[:, :, 0], dtype=logit.dtype), -1))
                continue
            of_member = user, item, mine, _kept_of(mine, history, kept), own
            if isinstance(member, SumOfParts):
                parts.append(member.parts_keeping(*of_member))
            else:
                parts.append(ops.expand_dims(member.logits_keeping(*of_member), -1))
        return ops.concatenate([ops.cast(part, "float32") for part in parts], axis=-1)

    def get_config(self) -> Config:
        members = {name: keras.saving.serialize_keras_object(self.members[name]) for name in self.member_names}
        return {**super().get_config(), "members": members}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        saved = dict(config)
        members = {}
        for name, member in saved.pop("members").items():
            if name in registry.models():
                registry.load(registry.model(name).build)  # registers the class
            members[name] = keras.saving.deserialize_keras_object(member)
        return cls(members, **saved)

    def _tables_of(self, tables: FusionTables | None) -> tuple[Record | None, ...]:
        return (None,) * len(self.member_names) if tables is None else tables.members

    def _history(self, name: str, history: Tensor) -> Tensor:
        """What a member reads of histories [G, T]: the newest, as many as it was made for."""
        length = self.members[name].requested
        return newest(history, length) if length else history

    def _slot(self, name: str, history: Tensor, left_out: Tensor) -> Tensor:
        """Where a member's history has what `left_out` names in the whole one; behind its end where it lacks it."""
        own = self._history(name, history)
        if own is history:
            return left_out
        gone = ops.take_along_axis(history, left_out, axis=1)  # [G, M]
        hit = ops.equal(ops.expand_dims(own, 1), ops.expand_dims(gone, 2))  # [G, M, T]
        return ops.where(ops.any(hit, axis=2), ops.argmax(hit, axis=2), own.shape[1])


def newest(history: Tensor, length: int) -> Tensor:
    """The last `length` items of every history [G, T], whose padding may stand on either side: [G, length]."""
    if history.shape[1] is not None and history.shape[1] <= length:
        return history
    there = ops.cast(ops.not_equal(history, 0), "int32")
    order = ops.argsort(there * history.shape[1] + ops.arange(history.shape[1], dtype="int32") * there, axis=1)
    return ops.take_along_axis(history, order[:, -length:], axis=1)


def _kept_of(mine: Tensor, history: Tensor, kept: Tensor) -> Tensor:
    """What is kept of a member's own histories [B, T'], bool [B, M, T'], where of `history` [B, T] it is `kept`."""
    same = ops.equal(ops.expand_dims(history, 2), ops.expand_dims(mine, 1))  # [B, T, T']
    lost = ops.matmul(ops.cast(ops.logical_not(kept), "float32"), ops.cast(same, "float32"))
    return ops.equal(lost, 0)


def _record(name: str, fields: Mapping[str, Tensor]) -> Record:
    """A NamedTuple of these: which outputs there are the members say."""
    return namedtuple(name, fields)(**fields)
