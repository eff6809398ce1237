"""What the file of a shard is called."""


def shard_name(what: str, shard: int, shards: int) -> str:
    """`part-00003-of-00016.parquet`."""
    return f"{what}-{shard:05}-of-{shards:05}.parquet"
