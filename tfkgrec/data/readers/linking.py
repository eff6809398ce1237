"""What all readers do with their rows: keep items that have an entity, one row per pair, and say what was left out."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.records import RawData
from tfkgrec.data.text_sets import stands_in
from tfkgrec.errors import InputError

NO_TRIPLES = "(no triples)"
"""The source of a graph that nobody asked for."""


def build_raw(
    name: str,
    interactions: pd.DataFrame,
    graph: RawTable,
    links: RawTable,
    entity_names: dict[str, str] | None = None,
    relation_names: dict[str, str] | None = None,
    repeats: str | None = None,
) -> RawData:
    """`RawData` from tables that may still hold unlinked items and repeats; the report counts what went.

    Args:
        interactions: columns `user`, `item`, `positive` and perhaps `timestamp`.
        graph: columns `head`, `relation`, `tail`.
        links: columns `item`, `entity`; an item has one entity and an entity is one item.
        repeats: as in `one_row_per_pair`.
    """
    graph, links = (
        graph.select(head="head", relation="relation", tail="tail"),
        links.select(item="item", entity="entity"),
    )
    links.unique("item", "entity")
    interactions, unlinked = keep_linked(interactions, links.frame)
    if interactions.empty:
        raise InputError(f"{links.source}: expected the entities of items with interactions, found none")
    if graph.source == NO_TRIPLES and graph.frame.empty:
        pass  # items alone, for models that read no facts
    elif not any(stands_in(graph.frame[side], links.frame["entity"]).any() for side in ("head", "tail")):
        raise InputError(f"{graph.source}: expected triples that touch an item, found none among {_counted(graph)}")
    interactions, repeated_pairs = one_row_per_pair(interactions, repeats)
    triples, repeated_triples = distinct_triples(graph.frame)
    return RawData(
        name,
        interactions.reset_index(drop=True),
        triples.reset_index(drop=True),
        links.frame.reset_index(drop=True),
        entity_names or {},
        relation_names or {},
        report=(*unlinked, *repeated_pairs, *repeated_triples),
    )


def _counted(graph: RawTable) -> str:
    first = "" if graph.frame.empty else f", such as {' '.join(graph.frame.iloc[0])!r}"
    return f"{len(graph.frame):,}{first}"


def keep_linked(interactions: pd.DataFrame, item_links: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The rows whose item has an entity, and a report line on the others."""
    linked = stands_in(interactions["item"], item_links["item"])
    if linked.all():
        return interactions, []
    items = interactions.loc[~linked, "item"].nunique()
    return interactions[linked], [f"left out: {(~linked).sum():,} interactions with {items:,} items without an entity"]


_BEST_FIRST: dict[str | None, tuple[str, dict[str, bool]]] = {
    None: ("", {"positive": False}),
    "last": ("; the newest counts", {"timestamp": False, "positive": False, "weight": False}),
    "first": ("; the oldest counts", {"timestamp": True, "positive": False, "weight": False}),
    "max": ("; a positive one counts", {"positive": False, "timestamp": False, "weight": False}),
    "all": ("; a pair weighs what its rows do together", {"positive": False, "timestamp": False, "weight": False}),
}
"""What is said of the choice, and columns to sort by, whether rising."""


def one_row_per_pair(interactions: pd.DataFrame, repeats: str | None = None) -> tuple[pd.DataFrame, list[str]]:
    """One row for each (user, item), and a report line on the others.

    Args:
        repeats: which row counts, whatever the order of the file: "last", the newest, "first", the oldest, and of
            rows of one moment, or without times, a positive one; "max", a positive one, the newest of several; where
            that leaves it open, the heaviest. "all": as "max", and it weighs what all rows of its kind do together (1
            each without a column `weight`). None: the first positive one in the file, else its first.
    """
    if repeats == "all" and "weight" not in interactions:
        interactions = interactions.assign(weight=np.float32(1))
    repeated = interactions.duplicated(["user", "item"])
    if not repeated.any():
        return interactions, []
    which, order = _BEST_FIRST[repeats]
    rising = {name: up for name, up in order.items() if name in interactions}
    best_first = interactions.sort_values(list(rising), ascending=list(rising.values()), kind="stable")
    if repeats == "all":
        kinds = [best_first[name] for name in ("user", "item", "positive")]
        weight = best_first["weight"].astype(np.float64).groupby(kinds).transform("sum")
        best_first = best_first.assign(weight=weight.astype(np.float32))
    kept = best_first.drop_duplicates(["user", "item"]).sort_index()
    if "timestamp" not in interactions and repeats in ("last", "first"):
        which = "; without times a positive one counts"
    return kept, [f"left out: {repeated.sum():,} repeats of a (user, item) pair{which}"]


def distinct_triples(triples: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Each triple once, and a report line on the repeats."""
    repeated = triples.duplicated()
    if not repeated.any():
        return triples, []
    return triples[~repeated], [f"left out: {repeated.sum():,} repeats of a triple"]


def pairs_of(links: RawTable) -> Iterator[tuple[str, str]]:
    """(item, entity) of each link."""
    return zip(links.frame["item"], links.frame["entity"], strict=True)


def readable_relations(relations: Iterable[str]) -> dict[str, str]:
    """Freebase and Satori relations as words: `film.film.genre` -> "genre".

    The first of those that end alike keeps the short name (so give the commonest first); the others tell the type
    before the end too: `film.actor.film` -> "film of actor".
    """
    parts = pd.Series({relation: relation.split(".") for relation in relations}, dtype=object)
    short = parts.map(lambda words: words[-1].replace("_", " "))
    longer = parts.map(lambda words: " of ".join(words[:-3:-1]).replace("_", " "))
    names: dict[str, str] = short.where(~short.duplicated(), longer).to_dict()
    return names


def commonest_first(relations: pd.Series) -> list[str]:
    """The distinct relations of a graph, most triples first."""
    found: list[str] = relations.value_counts().index.to_list()
    return found


def names_by_relation(triples: pd.DataFrame, relation_names: dict[str, str]) -> dict[str, str]:
    """Names for entities that have only a number: the first named relation that leads there, as in "genre 2351"."""
    tails = triples[triples["relation"].isin(relation_names)].drop_duplicates("tail")
    named = zip(tails["relation"], tails["tail"], strict=True)
    return {tail: f"{relation_names[relation]} {tail}" for relation, tail in named}
