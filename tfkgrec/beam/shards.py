"""Which shard a key is in, and what its file is called."""

import numpy as np


def of_key(keys: np.ndarray, shards: int) -> np.ndarray:
    """The shard of every key (uint64 [n], hashes), int64 [n]: equal ranges of keys, so shards lie in their order."""
    upper: np.ndarray = (keys >> np.uint64(32)) * np.uint64(shards) >> np.uint64(32)
    return upper.astype(np.int64)


def shard_name(what: str, shard: int, shards: int) -> str:
    """`part-00003-of-00016.parquet`."""
    return f"{what}-{shard:05}-of-{shards:05}.parquet"
