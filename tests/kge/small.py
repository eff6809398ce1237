"""Small graphs for the tests of this room."""

import numpy as np

from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.kge.knowledge_model import KnowledgeModel

METHOD_NAMES = ("transe", "transh", "transr", "transd", "distmult")


def graph(triples: list[tuple[int, int, int]], num_entities: int, num_relations: int) -> KnowledgeGraph:
    """A graph of the given triples; sizes count row 0."""
    head, relation, tail = np.array(triples, np.int32).reshape(-1, 3).T
    return KnowledgeGraph(head, relation, tail, num_entities, num_relations)


def random_graph(entities: int = 30, relations: int = 3, triples: int = 120, seed: int = 0) -> KnowledgeGraph:
    """Distinct triples between entities 1..entities, all sizes without row 0."""
    rng = np.random.default_rng(seed)
    keys = rng.choice(entities * relations * entities, triples, replace=False)
    parts = (keys // (relations * entities), keys // entities % relations, keys % entities)
    head, relation, tail = (part.astype(np.int32) + 1 for part in parts)
    return KnowledgeGraph(head, relation, tail, entities + 1, relations + 1)


def clustered_graph(items: int = 120, clusters: int = 4, seed: int = 0) -> KnowledgeGraph:
    """Every item has two or three of the four values that its cluster has for each of three relations."""
    rng = np.random.default_rng(seed)
    cluster = rng.integers(clusters, size=items)
    triples = []
    for item in range(items):
        for relation in range(3):
            values = items + 1 + 4 * (clusters * relation + cluster[item]) + np.arange(4)
            for value in rng.choice(values, rng.integers(2, 4), replace=False):
                triples.append((item + 1, relation + 1, int(value)))
    return graph(triples, items + 1 + 12 * clusters, 4)


def keys(triples: KnowledgeGraph) -> set[tuple[int, int, int]]:
    """The triples as a set."""
    return set(zip(triples.head.tolist(), triples.relation.tolist(), triples.tail.tolist(), strict=True))


def put(model: KnowledgeModel, **tables: list) -> None:
    """Give the named tables rows 1.. that one can follow on paper; row 0 becomes zeros."""
    for name, rows in tables.items():
        rows = np.asarray(rows, np.float32)
        rows = rows.reshape(len(rows), -1)
        getattr(model, name).embeddings.assign(np.concatenate([np.zeros_like(rows[:1]), rows]))
