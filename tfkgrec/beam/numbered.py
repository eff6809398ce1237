"""Rows under their numbers, and the split: what the protocol does to a dataset, done to the users of a shard."""

import numpy as np
import pandas as pd
import pyarrow as pa

from tfkgrec import registry
from tfkgrec.beam.core import in_core
from tfkgrec.beam.plan import Plan
from tfkgrec.data.assemble import keyed_order, sorted_interactions
from tfkgrec.data.pair_tables import table_of
from tfkgrec.data.records import Dataset, IdMap, Interactions, KnowledgeGraph
from tfkgrec.data.sharded import Sharded
from tfkgrec.storage import read_table, write_table

NUMBERS, POPULARITY = "numbers", "popularity"


def people(shard: int, plan: Plan) -> None:
    """The users of a shard who like something, in the order of their numbers, and their rows."""
    rows, texts = in_core(plan, shard, plan.data.k_core), plan.saved("coded users", shard)
    if rows is None or texts is None:
        return
    likes = np.zeros(len(texts), bool)
    likes[rows["user"][rows["positive"]]] = True
    here = np.zeros(len(texts), bool)
    here[rows["user"]] = True
    row_likes = likes[rows["user"]]
    plan.note(
        "people",
        shard,
        users=int(likes.sum()),
        rows=len(rows),
        idle=int((here & ~likes).sum()),
        idle_rows=int((~row_likes).sum()),
    )
    if not likes.any():
        return
    raw = texts["user"].to_numpy(object)
    liking = np.flatnonzero(likes)  # sorted by text, as `keyed_order` wants it
    ordered = keyed_order(plan.seed)("user", raw[liking])
    place = np.zeros(len(texts), np.int32)
    place[liking] = pd.Index(ordered).get_indexer(raw[liking]) + 1
    own = rows[row_likes]
    plan.save("people", shard, pd.DataFrame({"user": ordered}))
    plan.save("known rows", shard, own.assign(user=place[own["user"]]))


def number(shard: int, plan: Plan, offsets: list[int], times: int) -> None:
    """A shard's users and interactions under their numbers; `offsets`: how many users come before each shard."""
    part = _dataset(plan, shard, times)
    if part is None:
        return
    rows, users = part.interactions, part.users.raw[1:]
    ids = np.arange(1, len(users) + 1, dtype=np.int32) + np.int32(offsets[shard])
    write_table(plan.result("users", shard), pa.table({"user": ids, "raw": pa.array(users, pa.string())}))
    write_table(plan.result("interactions", shard), table_of(rows, offsets[shard]))
    counted = _sharded(plan).popularity(part, plan.data.split)
    if counted is not None:
        plan.save(POPULARITY, shard, pa.table({"count": counted}))


def split(shard: int, plan: Plan, offsets: list[int], times: int) -> None:
    """What is held out of a shard, as tables of the protocol's own kind."""
    part = _dataset(plan, shard, times)
    if part is None:
        return
    popularity = None
    for other in range(plan.shards):
        found = plan.saved(POPULARITY, other)
        if found is not None:
            popularity = found["count"].to_numpy() + (0 if popularity is None else popularity)
    splits = _sharded(plan).cut(part, plan.data.split, plan.seed, popularity)
    for name, table in _sharded(plan).tables(splits).items():
        whose = pa.array(table["user"].to_numpy() + np.int32(offsets[shard]), pa.int32())
        write_table(plan.result(name, shard), table.set_column(table.column_names.index("user"), "user", whose))


def _sharded(plan: Plan) -> Sharded:
    found: Sharded = registry.load(registry.protocol(plan.data.protocol).sharded or "")()
    return found


def _dataset(plan: Plan, shard: int, times: int) -> Dataset | None:
    """What a split reads of a dataset, with the users of one shard, numbered from 1; `times` a second."""
    rows, users = plan.saved("known rows", shard), plan.saved("people", shard)
    if rows is None or users is None:
        return None
    items, of_code = _items(plan)
    time = rows["timestamp"].to_numpy() // (1_000_000 // times) if "timestamp" in rows else None
    weight = rows["weight"].to_numpy() if "weight" in rows else None
    label = rows["positive"].to_numpy(np.float32)
    pairs = Interactions(rows["user"].to_numpy(), of_code[rows["item"]], label, time, weight)
    own = IdMap("user", np.concatenate([[""], users["user"].to_numpy(object)]))
    none = np.empty(0, np.int32)
    nothing = IdMap("relation", np.array([""], object))
    graph = KnowledgeGraph(none, none, none, items.size, 1)
    pairs = sorted_interactions(pairs, own, items, plan.seed)
    names = items.raw  # nobody reads them here
    return Dataset("files", own, items, items, nothing, pairs, graph, names, nothing.raw, times_per_second=times)


def _items(plan: Plan) -> tuple[IdMap, np.ndarray]:
    """The items, and the number of each place of the catalogue, 0 for those outside the core."""
    raw = read_table(plan.result("items"))["raw"].to_numpy()
    found = plan.saved(NUMBERS, 0)
    if found is None:
        raise FileNotFoundError(plan.work)
    return IdMap("item", np.concatenate([[""], raw]).astype(object)), found["number"].to_numpy()
