"""Which entity each of one's own items is: an item without one gets its own, and so does every item of a shared one."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from tfkgrec.data.text_sets import stands_in


class Linked(NamedTuple):
    """Items and entities one to one, the graph over these entities, and what was done, for people."""

    links: pd.DataFrame
    triples: pd.DataFrame
    report: tuple[str, ...]


def link_items(
    items: pd.Series, links: pd.DataFrame, triples: pd.DataFrame, facts: pd.DataFrame | None = None
) -> Linked:
    """Give every item an entity of its own, with all the facts of the entities that it is linked to.

    An item and its entity are one thing in this package. So where several items are one entity (editions of a book),
    or one item is several, each such item becomes an entity and takes the place of those in their triples: every
    triple of a shared entity is there once for each of its items. Items without an entity are entities without facts.

    Args:
        items: ids of the items with interactions, repeats allowed.
        links: columns `item`, `entity`, no blanks; items without interactions are recommended, too.
        triples: columns `head`, `relation`, `tail`.
        facts: more triples, with ids of items as heads: columns `item`, `relation`, `tail`. Of other items they are
            left out, as they say nothing of what may be recommended.
    """
    links = links.drop_duplicates()
    repeated = links["entity"].duplicated(keep=False) | links["item"].duplicated(keep=False)
    simple, several = links[~repeated], links[repeated]
    alone = items.drop_duplicates()
    alone = alone[~stands_in(alone, links["item"])]
    taken = pd.concat([simple["entity"], triples["head"], triples["tail"]]).drop_duplicates()
    named = _names(pd.concat([several["item"], alone]).drop_duplicates(), taken[~stands_in(taken, several["entity"])])
    own = pd.DataFrame({"item": list(named), "entity": list(named.values())}, dtype=object)
    replaced = several.assign(own=several["item"].map(named))[["entity", "own"]]
    for side in ("head", "tail") if len(replaced) else ():
        merged = triples.merge(replaced, how="left", left_on=side, right_on="entity")
        triples = merged.assign(**{side: merged["own"].fillna(merged[side])})[["head", "relation", "tail"]]
    catalogue = pd.concat([simple, own], ignore_index=True)
    if facts is not None:
        head = facts["item"].map(catalogue.set_index("item")["entity"])
        more = pd.DataFrame({"head": head, "relation": facts["relation"], "tail": facts["tail"]})
        triples = pd.concat([triples, more[head.notna()]], ignore_index=True)
    return Linked(catalogue, triples, tuple(_report(catalogue, several, triples)))


def _names(items: pd.Series, taken: pd.Series) -> dict[str, str]:
    """A new entity for each item: its id, and where that is an entity's already, its id with "item:" before."""
    names = dict(zip(items, items, strict=True))
    clashing = items[stands_in(items, taken)]
    if len(clashing):
        used = {*names, *taken}
        for item in clashing:
            name = item
            while name in used:
                name = f"item:{name}"
            used.add(name)
            names[item] = name
    return names


def _report(catalogue: pd.DataFrame, several: pd.DataFrame, triples: pd.DataFrame) -> Iterable[str]:
    shared = several[several["entity"].duplicated(keep=False)]
    if len(shared):
        entities, items = shared["entity"].nunique(), shared["item"].nunique()
        yield f"shared entities: {entities:,}; each of their {items:,} items has all their triples"
    many = several["item"][several["item"].duplicated(keep=False)].nunique()
    if many:
        yield f"items with several entities: {many:,}; they have the triples of all"
    silent = ~stands_in(catalogue["entity"], pd.concat([triples["head"], triples["tail"]]))
    if silent.any():
        yield f"items without a triple: {int(silent.sum()):,} of {len(catalogue):,}; they are recommended without facts"
