"""Items as numbers, and the k-core, round by round: every round counts what the items that are still there have."""

from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from tfkgrec.beam.engines import Engine
from tfkgrec.beam.plan import Plan
from tfkgrec.data.text_sets import as_arrow, places, stands_in

CATALOGUE, KEPT = "catalogue", "kept"


def code(shard: int, plan: Plan) -> None:
    """Rows of items that have an entity, users and items as places: that of a user in the shard, of an item in all."""
    pairs, catalogue = plan.saved("pairs", shard), plan.saved(CATALOGUE, 0)
    if pairs is None or catalogue is None:
        return
    linked = stands_in(pairs["item"], catalogue["item"])
    rows = pairs[linked]
    user, people = pd.factorize(rows["user"], sort=True)
    item = places(rows["item"], as_arrow(catalogue["item"]))
    plan.save("coded", shard, rows.drop(columns=["user", "item"]).assign(user=user.astype(np.int32), item=item))
    plan.save("coded users", shard, pd.DataFrame({"user": people}))
    plan.note("code", shard, unlinked=int((~linked).sum()), items=int(pairs["item"][~linked].nunique()))


def core(plan: Plan, engine: Engine, num_items: int, k: int | None) -> np.ndarray:
    """Which items are in the k-core, bool [num_items]; None: all."""
    kept = np.ones(num_items, bool)
    while True:
        plan.save(KEPT, 0, pa.table({"kept": kept}))
        if k is None:
            return kept
        engine.each(range(plan.shards), partial(count, plan=plan, k=k))
        counts = np.zeros(num_items, np.int64)
        for shard in range(plan.shards):
            found = plan.saved("item counts", shard)
            if found is not None:
                counts[found["item"]] += found["count"]
        still = counts >= k
        if np.array_equal(still, kept):
            return kept
        kept = still


def count(shard: int, plan: Plan, k: int) -> None:
    """How many users with `k` of the items that are there have each of them."""
    rows = in_core(plan, shard, k, ["user", "item"])
    if rows is not None:
        found = rows["item"].value_counts()
        plan.save("item counts", shard, pd.DataFrame({"item": found.index, "count": found.to_numpy()}))


def in_core(plan: Plan, shard: int, k: int | None, columns: list[str] | None = None) -> pd.DataFrame | None:
    """A shard's rows of the items that are there and of users who have `k` of these."""
    rows, kept = plan.saved("coded", shard, columns), plan.saved(KEPT, 0)
    if rows is None or kept is None:
        return None
    rows = rows[kept["kept"].to_numpy()[rows["item"]]]
    return rows[np.bincount(rows["user"])[rows["user"]] >= (k or 0)] if len(rows) else rows
