"""The graph that RKAN walks: users, items and attributes, where users and attributes touch items only."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from tfkgrec.data.history import History
from tfkgrec.data.records import KnowledgeGraph

MOST_KINDS = 8


@dataclass(frozen=True)
class PathGraph:
    """Items with their attributes and with the users who took them in training ("middle nodes", both).

    Nodes are numbered 0 (none), items 1..num_items - 1, attributes, users: an item's node is its id, a user's node is
    `user_base + user`; user 0 (unknown) has no node.

    Attributes:
        offsets: int64 [items + 1], middle nodes of item i are `nodes[offsets[i]:offsets[i + 1]]`, sorted by kind.
        nodes: int32 [edges].
        kinds: uint8 [edges], what the edge says: one of the commonest relations, the rest of the relations, or, as the
            last kind, that a user took the item. Paths are drawn kind by kind.
        relations: int32 [edges], the dataset's relation; 0 for users.
        entity_ids: int32 [user_base], node -> the dataset's entity id, for names.
        user_base: see above.
        num_nodes: rows of a table over the nodes.
        num_kinds: K.
    """

    offsets: np.ndarray
    nodes: np.ndarray
    kinds: np.ndarray
    relations: np.ndarray
    entity_ids: np.ndarray
    user_base: int
    num_nodes: int
    num_kinds: int

    @property
    def num_item_rows(self) -> int:
        return len(self.offsets) - 1

    @property
    def id_type(self) -> type:
        """The smallest unsigned type that holds every node."""
        return np.uint16 if self.num_nodes <= 1 << 16 else np.uint32

    def user_node(self, user: np.ndarray) -> np.ndarray:
        """Nodes of users, 0 for the unknown user."""
        return np.where(user > 0, self.user_base + user, 0)

    def adjacency(self, kind: int | None = None) -> sparse.csr_array:
        """Items by nodes [items, nodes], 1 where an edge (of this kind) is."""
        chosen = np.ones(len(self.nodes), bool) if kind is None else self.kinds == kind
        item = np.repeat(np.arange(self.num_item_rows), np.diff(self.offsets))[chosen]
        shape = (self.num_item_rows, self.num_nodes)
        return sparse.csr_array((np.ones(len(item), np.int64), (item, self.nodes[chosen])), shape=shape)

    def items_of_nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """The other direction: offsets int64 [nodes + 1], items int32 [edges]."""
        item = np.repeat(np.arange(self.num_item_rows, dtype=np.int32), np.diff(self.offsets))
        order = np.argsort(self.nodes, kind="stable")
        counts = np.bincount(self.nodes, minlength=self.num_nodes)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), item[order]


def path_graph(graph: KnowledgeGraph, num_items: int, history: History) -> PathGraph:
    """Attribute edges from the triples that join an item with a non-item, user edges from the training positives.

    Reading: RKAN's graph has no edges between items or between attributes, so that paths from users to items have 1, 3,
    5, .. edges; such triples are left out. An attribute that an item has by two relations counts once.

    Args:
        num_items: items are 1..num_items.
        history: the training positives.
    """
    item, entity, relation = _attribute_edges(graph, num_items)
    others = np.unique(entity)
    entity_ids = np.concatenate([np.arange(num_items + 1), others]).astype(np.int32)
    relation_kinds, num_relation_kinds = _kinds(relation, graph.num_relations)
    users = history.num_users
    user_base = len(entity_ids) - 1  # user 1 comes right after the last attribute
    taken_by = np.repeat(np.arange(users), history.lengths)

    item = np.concatenate([item, history.items])
    node = np.concatenate([np.searchsorted(entity_ids, entity), user_base + taken_by])
    kind = np.concatenate([relation_kinds[relation], np.full(len(taken_by), num_relation_kinds)])
    relation = np.concatenate([relation, np.zeros(len(taken_by), relation.dtype)])
    order = np.lexsort((node, kind, item))
    counts = np.bincount(item, minlength=num_items + 1)
    return PathGraph(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        node[order].astype(np.int32),
        kind[order].astype(np.uint8),
        relation[order].astype(np.int32),
        entity_ids,
        user_base,
        user_base + users,
        num_relation_kinds + 1,
    )


def _attribute_edges(graph: KnowledgeGraph, num_items: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Item, entity and relation of the triples that join an item with a non-item, each pair once, sorted by pair."""
    outward = (graph.head <= num_items) & (graph.tail > num_items)
    inward = (graph.tail <= num_items) & (graph.head > num_items)
    item = np.concatenate([graph.head[outward], graph.tail[inward]])
    entity = np.concatenate([graph.tail[outward], graph.head[inward]])
    relation = np.concatenate([graph.relation[outward], graph.relation[inward]])
    order = np.lexsort((relation, entity, item))
    item, entity, relation = item[order], entity[order], relation[order]
    first = np.ones(len(item), bool)
    first[1:] = (item[1:] != item[:-1]) | (entity[1:] != entity[:-1])
    return item[first], entity[first], relation[first]


def _kinds(relation: np.ndarray, num_relations: int) -> tuple[np.ndarray, int]:
    """Kind of each relation [num_relations], commonest first, all rare ones the same; and how many kinds."""
    common = np.argsort(-np.bincount(relation, minlength=num_relations), kind="stable")
    used = common[: len(np.unique(relation))]
    kinds = np.zeros(num_relations, np.int64)
    kinds[used] = np.minimum(np.arange(len(used)), MOST_KINDS - 1)
    return kinds, min(len(used), MOST_KINDS)
