"""What is counted of training positives and of the graph: the tables of the model that only counts."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset

FEWEST_VALUES = 1
"""A value that one item alone has links it to nothing."""


@dataclass(frozen=True)
class Factors:
    """Like items, as two tables of vectors: an item of a history is read from `given`, a candidate from `asked`.

    Attributes:
        given, asked: float32 [items + 1, k]; row 0 is zero.
    """

    given: np.ndarray
    asked: np.ndarray


@dataclass(frozen=True)
class Facts:
    """What items have, by relation (a field).

    Attributes:
        field_relation: int32 [R], the dataset's relation of every field; those that most items have.
        item_value: int32 [items + 1, R, V], compact values; 0 pads.
        fact_item, fact_value: int32 [facts], the same as pairs, sorted by value.
        value_entity: int32 [values + 1], the dataset's entity of a value; row 0 is none.
        value_weight: float32 [values + 1], 1 / items that have it.
    """

    field_relation: np.ndarray
    item_value: np.ndarray
    fact_item: np.ndarray
    fact_value: np.ndarray
    value_entity: np.ndarray
    value_weight: np.ndarray


def factors_of(history: History, num_item_rows: int, width: int, rng: np.random.Generator) -> Factors:
    """The leading right singular vectors of who has taken what, users and items weighed down by their counts.

    With X = users x items and n, m their counts: diag(n + 1)^-1/2 X diag(m + 1)^-1/2 = U S V^T. A user's score of an
    item is (n + 1)^-1/2 (sum over the history of (m_j + 1)^-1/2 V_j) . V_i: PureSVD (Cremonesi et al. 2010, section
    3.2) of that matrix, for users who were not in it as well.
    """
    ones = np.ones(len(history.items))
    taken = sparse.csr_array((ones, history.items, history.offsets), shape=(history.num_users, num_item_rows))
    of_user, of_item = (1 / np.sqrt(np.asarray(taken.sum(axis=axis)).ravel() + 1) for axis in (1, 0))
    weighed = sparse.csr_matrix(sparse.diags_array(of_user) @ taken @ sparse.diags_array(of_item))
    rank = min(width, min(weighed.shape) - 1)
    right = svds(weighed, rank, random_state=rng)[2].T  # [items + 1, rank]
    asked = np.zeros((num_item_rows, width), np.float32)
    asked[1:, :rank] = right[1:]
    return Factors((asked * of_item[:, None]).astype(np.float32), asked)


def facts_of(dataset: Dataset, max_fields: int, max_values: int, rng: np.random.Generator) -> Facts:
    """Of the `max_fields` relations that most items have; a field of more than `max_values` values keeps a sample.

    A graph that says nothing of items gives one empty field.
    """
    graph, rows = dataset.graph, dataset.items.size
    of_item = graph.head < rows
    head, relation, tail = (part[of_item].astype(np.int64) for part in (graph.head, graph.relation, graph.tail))
    have = np.unique(np.stack([relation, head]), axis=1)[0] if len(head) else head
    coverage = np.bincount(have, minlength=1)
    fields = np.argsort(-coverage, kind="stable")[: max(1, min(max_fields, np.count_nonzero(coverage)))]
    field_of = np.full(max(graph.num_relations, fields.max() + 1), -1)
    field_of[fields] = np.arange(len(fields))
    kept = field_of[relation] >= 0
    triples = np.unique(np.stack([head[kept], field_of[relation[kept]], tail[kept]]), axis=1)
    values, compact = np.unique(triples[1:], axis=1, return_inverse=True)  # of one field each
    holders = np.bincount(compact.ravel(), minlength=values.shape[1])
    item, field, value = triples[0], triples[1], compact.ravel() + 1
    order = np.lexsort((rng.random(len(item)), field, item))
    item, field, value = item[order], field[order], value[order]
    slot = item * len(fields) + field
    place = np.arange(len(slot)) - np.searchsorted(slot, slot)
    item_value = np.zeros((rows, len(fields), max_values), np.int32)
    few = place < max_values
    item, field, value, place = item[few], field[few], value[few], place[few]
    item_value[item, field, place] = value
    by_value = np.argsort(value, kind="stable")
    shared = np.where(holders > FEWEST_VALUES, 1 / np.maximum(holders, 1), 0)
    return Facts(
        fields.astype(np.int32),
        item_value,
        item[by_value].astype(np.int32),
        value[by_value].astype(np.int32),
        np.concatenate([[0], values[1]]).astype(np.int32),
        np.concatenate([[0], shared]).astype(np.float32),
    )


def item_counts(history: History, facts: Facts) -> np.ndarray:
    """What can be counted of an item alone: float32 [items + 1, 3 + R].

    log(1 + n) of its n training positives; whether n is 0, and whether it is 1, as few positives do not tell what many
    do; and of every field log(1 + the positives of items that share its values), weighed as the values are.
    """
    popularity = history.counts(len(facts.item_value))
    flat = facts.item_value.reshape(len(facts.item_value), -1)
    of_value = np.bincount(flat.ravel(), np.repeat(popularity, flat.shape[1]), minlength=len(facts.value_weight))
    of_field = (of_value * facts.value_weight)[facts.item_value].sum(axis=2)
    own = np.stack([np.log1p(popularity), popularity == 0, popularity == 1], axis=1)
    return np.concatenate([own, np.log1p(of_field)], axis=1).astype(np.float32)
