"""Ripple sets of every item (EKPNet, Zhang et al. 2022, eqs 3-5): static tables that live in the model."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.data.some_rows import SomeRows

SPARE = 8  # candidates drawn per triple kept, since the first-hop rule strikes some out


@dataclass(frozen=True)
class Ripples:
    """P hops around every item; a user's ripple sets are those of the items in the history, side by side.

    Attributes:
        triples: int32 [items + 1, P, 3, n]: head, relation and tail of n triples a hop. Entity 0 pads: an item that
            leads to fewer has fewer, nothing is repeated. Row 0 (unknown item) is empty. Entities are compact: items
            keep their ids, of the others only those in the table are numbered, so that a model allocates no vector
            that it can never reach.
        entity_ids: int32 [compact entities], compact id -> the dataset's entity id; for the names in explanations.
        num_relations: rows of a relation table, row 0 included.
    """

    triples: np.ndarray
    entity_ids: np.ndarray
    num_relations: int


def sample_ripples(graph: KnowledgeGraph, num_items: int, hops: int, n: int, rng: np.random.Generator) -> Ripples:
    """Draw up to `n` triples a hop around every item, without replacement.

    The heads of hop p are the tails kept at hop p - 1; hop 1 starts from the item itself. An entity that was met at an
    earlier hop is no tail again (eq 4).

    Reading: S^0 of the paper is the whole history. Here every history item, the seed, has ripples of its own, and the
    first-hop rule looks no further than these. So every triple has exactly one seed, a triple that two seeds lead to is
    there once for each, and to leave a seed out leaves the user as if it had never been there. A rule over the whole
    history would leave a trace: a training positive, or what only it leads to at hop 1, could never be a later tail.
    The paper samples N triples of a user and hop; here N = n times the history items. It is silent on how: each head
    gets its turn, so that a genre with a thousand films does not crowd out a director with five.
    """
    return compacted(ripple_rows(graph, num_items, hops, n, rng, 0, num_items + 1), graph.num_relations)


def ripple_rows(
    graph: KnowledgeGraph, num_items: int, hops: int, n: int, rng: np.random.Generator, first: int, last: int
) -> np.ndarray:
    """The triples around the items from `first` to before `last`: int32 [last - first, hops, 3, n].

    They are those that the items have when all are drawn; entities are the dataset's.
    """
    order = np.lexsort((rng.random(len(graph)), graph.head))
    relation, tail = graph.relation[order], graph.tail[order]
    degree = np.bincount(graph.head, minlength=graph.num_entities)
    offset = np.cumsum(degree) - degree

    own = SomeRows(rng, num_items + 1, first, last)
    heads = np.arange(first, last)[:, None]  # [items, H]
    met = [heads]
    table = np.zeros((last - first, hops, 3, n), np.int32)
    for hop in range(hops):
        head, place = _turns(heads, degree, n if hop == 0 else SPARE * n, own)
        row = np.minimum(offset[head] + place, max(len(graph) - 1, 0))
        there = (place >= 0) & (head > 0)
        found = np.where(there, tail[row], 0) if len(graph) else np.zeros_like(head)
        there &= ~np.any(found[:, :, None] == np.concatenate(met, axis=1)[:, None], axis=2)
        kept = np.argsort(~there, axis=1, kind="stable")[:, :n]
        columns = (head, relation[row] if len(graph) else found, found)
        for part, values in enumerate(columns):
            chosen = np.take_along_axis(np.where(there, values, 0), kept, axis=1)
            table[:, hop, part, : chosen.shape[1]] = chosen
        heads = table[:, hop, 2].astype(np.int64)
        met.append(heads)
    return table


def compacted(table: np.ndarray, num_relations: int) -> Ripples:
    """The rows of all items, int32 [items + 1, hops, 3, n], as a model carries them."""
    num_items = len(table) - 1
    entities = table[:, :, [0, 2]]
    others = np.unique(entities[entities > num_items])
    entity_ids = np.concatenate([np.arange(num_items + 1), others]).astype(np.int32)
    table[:, :, [0, 2]] = np.searchsorted(entity_ids, entities)
    return Ripples(table, entity_ids, num_relations)


def _turns(heads: np.ndarray, degree: np.ndarray, count: int, rng: SomeRows) -> tuple[np.ndarray, np.ndarray]:
    """`count` turns a row: the heads in random order, round and round, each with another of its triples at each turn.

    Args:
        heads: int [rows, H], 0 pads.

    Returns:
        head int [rows, count], and which of its triples int [rows, count]; -1: it has no more.
    """
    rows, width = heads.shape
    heads = np.sort(heads, axis=1)
    heads[:, 1:][heads[:, 1:] == heads[:, :-1]] = 0  # one entity may be the tail of two triples
    order = np.lexsort((rng.random(heads.shape), heads == 0), axis=1)  # padding comes last
    shuffled = np.take_along_axis(heads, order, axis=1)
    known = np.maximum(np.sum(heads > 0, axis=1, keepdims=True), 1)
    turn = np.arange(count)
    head = np.take_along_axis(shuffled, turn % known, axis=1)
    start = np.take_along_axis((rng.random((rows, width)) * degree[shuffled]).astype(np.int64), turn % known, axis=1)
    step = turn // known
    size = degree[head]
    return head, np.where(step < size, (start + step) % np.maximum(size, 1), -1)
