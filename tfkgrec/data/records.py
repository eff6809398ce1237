"""Frozen records that the whole package passes around: ids, interactions, graph, splits.

Inside the package everything is an int32 inner id, and 0 always means padding or unknown.
Items are entities: item i and entity i are the same thing for 1 <= i <= num_items, and the
entities that are no items follow. Raw ids (strings) exist only at the two doors: readers and exports.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from tfkgrec.data.history import History
from tfkgrec.data.keyed import text_keys
from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.data.text_sets import as_arrow, places
from tfkgrec.errors import InputError


class BadRow(NamedTuple):
    """A row that cannot be read: "ratings.csv:17", what was expected and found, and the row as it stands."""

    place: str
    problem: str
    text: str


@dataclass(frozen=True)
class RawData:
    """What a reader returns: three tables of strings, before any id is given.

    Attributes:
        name: dataset name, as in `data.dataset`.
        interactions: columns `user`, `item` (str), `positive` (bool), `timestamp` (int64) where known and
            `weight` (float32, how much the row counts in training), `held_out` (bool, only to test on) where given;
            one row per (user, item), in file order. A row with `positive=False` was rated below the threshold: it is
            never a positive and never drawn as a negative.
        triples: columns `head`, `relation`, `tail` (str), without repeats.
        item_links: columns `item`, `entity` (str), one row per catalogue item. The catalogue is exactly these items.
        entity_names: raw entity -> text for people, for whichever entities have one.
        relation_names: raw relation -> text for people.
        user_names: raw user -> text for people, for whichever users have one.
        report: one line per thing the reader left out, for people ("71,661 rows of artists without an entity").
        sources: one line per source: what it was taken for, and how many rows it has.
        bad: rows that could not be read and were set aside.
        times_per_second: of `timestamp` in a second, since 1970: 1, or 1,000,000 where a second is too coarse.
    """

    name: str
    interactions: pd.DataFrame
    triples: pd.DataFrame
    item_links: pd.DataFrame
    entity_names: dict[str, str] = field(default_factory=dict)
    relation_names: dict[str, str] = field(default_factory=dict)
    user_names: dict[str, str] = field(default_factory=dict)
    report: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    bad: tuple[BadRow, ...] = ()
    times_per_second: int = 1


Order = Callable[[str, np.ndarray], np.ndarray]
"""(kind of ids, the raw ones sorted) -> the raw ones in the order of their numbers."""


@dataclass(frozen=True)
class IdMap:
    """Raw ids <-> inner ids 1..n; 0 is padding and unknown. `raw[0]` is the empty string."""

    kind: str
    raw: np.ndarray  # [n + 1] of str objects

    @classmethod
    def build(cls, kind: str, values: Iterable[str], order: "Order") -> "IdMap":
        """Number the distinct `values` as `order` has it (public files number items by popularity)."""
        values = values.unique() if isinstance(values, pd.Series) else values  # far quicker than a set
        distinct = np.array(sorted(set(values)), dtype=object)
        return cls(kind, np.concatenate([np.array([""], dtype=object), order(kind, distinct)]))

    @cached_property
    def _texts(self) -> pa.Array:
        return as_arrow(self.raw)

    @cached_property
    def keys(self) -> np.ndarray:
        """The key of every id, uint64 [n + 1] (`text_keys`)."""
        return text_keys(self.raw)

    @property
    def size(self) -> int:
        """Number of rows a table over these ids needs, row 0 included."""
        return len(self.raw)

    def encode(self, values: Iterable[str]) -> np.ndarray:
        """Inner ids [n] int32 of raw ids; unknown ones become 0."""
        return places(values, self._texts)

    def decode(self, ids: np.ndarray) -> np.ndarray:
        """Raw ids, same shape as `ids`; 0 becomes the empty string."""
        raw: np.ndarray = self.raw[np.asarray(ids)]
        return raw

    def validate(self) -> None:
        if self.raw[0] != "":
            raise InputError(f"{self.kind} ids: row 0 should be the empty string. Received: {self.raw[0]!r}")
        if len(self._texts.unique()) < len(self.raw):
            twice = self.raw[pd.Series(self.raw).duplicated()][0]
            raise InputError(f"{self.kind} ids: {twice!r} occurs twice")


@dataclass(frozen=True)
class Interactions:
    """Labelled pairs: `user`, `item` int32 [n]; `label` float32 [n]; `timestamp` int64 [n] or None.

    `weight` float32 [n] or None: how much a pair counts in training, above 0. `held_out` bool [n] or None: which pairs
    are there to test on alone; None: whichever the split chooses.
    """

    user: np.ndarray
    item: np.ndarray
    label: np.ndarray
    timestamp: np.ndarray | None = None
    weight: np.ndarray | None = None
    held_out: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.user)

    def take(self, index: np.ndarray) -> "Interactions":
        """The rows that an index array or a boolean mask picks."""
        given = (self.timestamp, self.weight, self.held_out)
        optional = (None if column is None else column[index] for column in given)
        return Interactions(self.user[index], self.item[index], self.label[index], *optional)

    def above(self, other: "Interactions") -> "Interactions":
        """And those of another with the same columns behind them; neither says which are held out."""

        def both(first: np.ndarray | None, second: np.ndarray | None) -> np.ndarray | None:
            return None if first is None or second is None else np.concatenate([first, second])

        user, item, label = (
            np.concatenate([getattr(self, name), getattr(other, name)]) for name in ("user", "item", "label")
        )
        return Interactions(user, item, label, both(self.timestamp, other.timestamp), both(self.weight, other.weight))

    def with_negatives(self, user: np.ndarray, item: np.ndarray) -> "Interactions":
        """And these pairs [m] behind them: label 0, time 0, weight 1.

        As many of a user's are held out as positives are.
        """
        more = len(user)
        time = None if self.timestamp is None else np.concatenate([self.timestamp, np.zeros(more, np.int64)])
        weight = None if self.weight is None else np.concatenate([self.weight, np.ones(more, np.float32)])
        held_out = None
        if self.held_out is not None:
            wanted = np.bincount(self.user[self.held_out], minlength=max(self.user.max(), user.max(initial=0)) + 1)
            held_out = np.concatenate([self.held_out, _place_within(user) < wanted[user]])
        return Interactions(
            np.concatenate([self.user, user]),
            np.concatenate([self.item, item]),
            np.concatenate([self.label, np.zeros(more, np.float32)]),
            time,
            weight,
            held_out,
        )

    @property
    def positives(self) -> "Interactions":
        return self.take(self.label > 0)

    def reach(self) -> dict[str, int]:
        """How many users and items are in it."""
        return {"users": len(np.unique(self.user)), "items": len(np.unique(self.item))}


def _place_within(user: np.ndarray) -> np.ndarray:
    """0, 1, 2, ... for the pairs [n] of every user, in their order."""
    order = np.argsort(user, kind="stable")
    counts = np.bincount(user)
    place = np.empty(len(user), np.int64)
    place[order] = np.arange(len(user)) - (np.cumsum(counts) - counts)[user[order]]
    return place


@dataclass(frozen=True)
class KnowledgeGraph:
    """Triples `head`, `relation`, `tail` int32 [m] over inner ids; sizes count row 0."""

    head: np.ndarray
    relation: np.ndarray
    tail: np.ndarray
    num_entities: int
    num_relations: int

    def __len__(self) -> int:
        return len(self.head)

    def validate(self) -> None:
        for part, top in (("head", self.num_entities), ("relation", self.num_relations), ("tail", self.num_entities)):
            ids = getattr(self, part)
            if len(ids) and (ids.min() < 1 or ids.max() >= top):
                raise InputError(
                    f"knowledge graph: {part} ids should be in 1..{top - 1}. Received: {ids.min()}..{ids.max()}"
                )


@dataclass(frozen=True)
class Dataset:
    """A dataset in inner ids. Items are the entities 1..num_items.

    Attributes:
        interactions: every rated pair; `label` 1 for a positive, 0 for a rating below the threshold.
        item_names, entity_names, relation_names: text for people, by inner id ([rows] of str, row 0 empty).
        user_names: likewise; None where no user has a name.
        timed: whether `interactions.timestamp` is known.
        sources, bad, times_per_second: as in `RawData`.
        split_version: how a split draws (`tfkgrec/data/draws.py`).
        tables: what models sample of the graph by items, where it was prepared, by names that tell how it was drawn.
    """

    name: str
    users: IdMap
    items: IdMap
    entities: IdMap
    relations: IdMap
    interactions: Interactions
    graph: KnowledgeGraph
    entity_names: np.ndarray
    relation_names: np.ndarray
    user_names: np.ndarray | None = None
    report: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    bad: tuple[BadRow, ...] = ()
    times_per_second: int = 1
    split_version: int = 2
    tables: Mapping[str, pa.Table] = field(default_factory=dict)

    @property
    def num_items(self) -> int:
        return self.items.size - 1

    @property
    def item_names(self) -> np.ndarray:
        return self.entity_names[: self.items.size]

    @property
    def timed(self) -> bool:
        return self.interactions.timestamp is not None

    @property
    def seen_items(self) -> History:
        """All that the data hold of every user, liked or not, in any part of a split: nothing to recommend again."""
        pairs = self.interactions
        return History.by_user(pairs.user, pairs.item, self.users.size)

    def without_triples(self) -> "Dataset":
        """The same, and nothing is known of anything."""
        none = np.empty(0, np.int32)
        return replace(self, graph=replace(self.graph, head=none, relation=none, tail=none), tables={})

    def check_item_heads(self) -> None:
        """Raise `InputError` unless an item heads a triple: for models to which a triple says something of its head."""
        if not np.any(self.graph.head <= self.num_items):
            raise InputError(
                f"{self.name}: expected triples whose head is an item, found none; data.inverse_relations adds those "
                "whose tail is one"
            )

    def check_unrated(self) -> None:
        """Raise `InputError` where every user has rated every item: models are judged on telling the two apart."""
        users, items = self.users.size - 1, self.num_items
        if len(self.interactions) == users * items:
            wanted = f"{self.name}: expected items that a user has not rated, to set beside those that are liked"
            raise InputError(f"{wanted}, found none: every one of the users ({users:,}) has all items ({items:,})")

    def validate(self) -> None:
        """Raise `InputError` naming the first thing that does not hold."""
        for ids in (self.users, self.items, self.entities, self.relations):
            ids.validate()
        self.graph.validate()
        pairs = self.interactions
        if not len(pairs.positives):
            raise InputError(f"{self.name}: expected at least one positive interaction, found none")
        key = pair_keys(pairs.user, pairs.item, self.items.size)
        if np.any(np.diff(np.sort(key)) == 0):
            raise InputError(f"{self.name}: a (user, item) pair occurs twice")
        touching = (self.graph.head <= self.num_items) | (self.graph.tail <= self.num_items)
        if len(touching) and not touching.any():
            raise InputError(f"{self.name}: expected triples that touch an item, found none among {len(self.graph):,}")

    def stats(self) -> dict[str, int]:
        """The counts of a paper's Table 1.

        Labelled pairs are the positives and as many negatives of every user, or all that the user has not rated where
        these are fewer.
        """
        graph, pairs = self.graph, self.interactions.positives
        liked, rated = (np.bincount(rows.user, minlength=self.users.size) for rows in (pairs, self.interactions))
        touched = np.union1d(graph.head, graph.tail)
        return {
            "users": len(np.unique(pairs.user)),
            "items": self.num_items,
            "items_with_a_positive": len(np.unique(pairs.item)),
            "ratings": len(self.interactions),
            "positives": len(pairs),
            "labelled_pairs": int(np.sum(liked + np.minimum(liked, self.num_items - rated))),
            "entities": len(np.union1d(touched, np.arange(1, self.items.size))),
            "relations": self.relations.size - 1,
            "triples": len(graph),
            "triples_with_an_item_head": int(np.sum(graph.head <= self.num_items)),
        }
