"""What the config's model samples of the graph, by items: a shard draws what its items have when all are drawn."""

import numpy as np
import pyarrow as pa

from tfkgrec.beam.plan import Plan
from tfkgrec.data.records import Dataset, IdMap, Interactions, KnowledgeGraph
from tfkgrec.models.side_tables import SideTable, side_table
from tfkgrec.storage import read_table, write_table

WHAT = "graph_table"


def table_of(plan: Plan) -> SideTable | None:
    """What there is to be sampled; None: nothing."""
    items, relations = (IdMap(kind, _column(plan, f"{kind}s", "raw")) for kind in ("item", "relation"))
    triples = read_table(plan.result("triples"))
    entities = len(_column(plan, "entities", "raw"))
    head, relation, tail = (triples[name].to_numpy() for name in ("head", "relation", "tail"))
    graph = KnowledgeGraph(head, relation, tail, entities, relations.size)
    if plan.model is None or not np.any(graph.head < items.size):
        return None
    none, nobody = np.empty(0, np.int32), IdMap("user", np.array([""], object))
    pairs = Interactions(none, none, np.empty(0, np.float32))
    names = _column(plan, "relations", "name")
    dataset = Dataset("files", nobody, items, items, relations, pairs, graph, items.raw, names)
    return side_table(plan.model, dataset, plan.seed)


def sample(shard: int, plan: Plan) -> None:
    """The rows of a shard of the items."""
    made = table_of(plan)
    if made is not None:
        rows = len(_column(plan, "items", "raw"))
        first, last = (rows * place // plan.shards for place in (shard, shard + 1))
        write_table(plan.result(WHAT, shard), made.rows(first, last))


def _column(plan: Plan, what: str, name: str) -> np.ndarray:
    """Texts by number, "" first."""
    table: pa.Table = read_table(plan.result(what))
    return np.concatenate([[""], table[name].to_numpy()]).astype(object)
