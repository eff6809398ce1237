"""Recommendations for everybody on Spark, where that is what one has: the export answers inside `mapInArrow`.

    PYSPARK_PYTHON=python spark-submit examples/spark_recommend.py --model export/hkrm/3 --users users.parquet
        --output recs --k 100

Every worker needs the package and can read the export. Spark writes `recs` as it writes everything: partition by
partition, and `_SUCCESS` when all of them are there.
"""

import argparse
import functools
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

LISTS = "user string, rank int, item string, name string, score float"


@functools.cache
def answers(model: str):
    """The export, once in every Python worker, which Spark keeps for its next task."""
    from tfkgrec.offline.in_process import open_in_process

    return open_in_process(model)


def recommend(users: DataFrame, model: str, k: int) -> DataFrame:
    """The `k` best items of every user of a column `user`, as a row for each: user, rank, item, name, score."""

    def lists(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from tfkgrec.offline.lists import lists_of

        for batch in batches:
            table, _ = lists_of(answers(model), batch.column("user").to_pylist(), k)
            yield from table.to_batches()

    return users.select(users["user"].cast("string")).distinct().mapInArrow(lists, LISTS)


def main() -> None:
    """Read users, write their lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="an export, where every worker can read it")
    parser.add_argument("--users", required=True, help="Parquet with a column user")
    parser.add_argument("--output", required=True)
    parser.add_argument("--k", type=int, default=100)
    options = parser.parse_args()
    spark = SparkSession.builder.appName("tfkgrec recommend").getOrCreate()
    recommend(spark.read.parquet(options.users), options.model, options.k).write.parquet(options.output)


if __name__ == "__main__":
    main()
