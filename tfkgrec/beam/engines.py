"""Two shapes of work, which every engine can do: a task each, and tasks whose rows are put together by bucket.

What is done comes back in files alone, so that a driver, its workers and a run that was cut see the same.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

import pyarrow as pa

from tfkgrec.beam.runners import import_beam, pipeline_on
from tfkgrec.data.table_bytes import table_bytes, table_of

Task = TypeVar("Task")
Cut: TypeAlias = Callable[[Task], Iterator[tuple[int, pa.Table]]]
"""Of a task: tables, and which bucket each is for."""
PutTogether: TypeAlias = Callable[[int, list[pa.Table]], None]
"""Of a bucket and its tables."""


class Engine(Protocol):
    """Whatever runs the work. Nothing may depend on the order of tasks, or of the tables of a bucket."""

    def each(self, tasks: Sequence[Task], do: Callable[[Task], None]) -> None:
        """Do every task."""

    def by_bucket(self, tasks: Sequence[Task], cut: Cut[Task], put_together: PutTogether) -> None:
        """Cut every task into tables of some buckets, and put the tables of each bucket together."""


class Here:
    """This process, which holds what it sorts into buckets."""

    def each(self, tasks: Sequence[Task], do: Callable[[Task], None]) -> None:
        for task in tasks:
            do(task)

    def by_bucket(self, tasks: Sequence[Task], cut: Cut[Task], put_together: PutTogether) -> None:
        buckets: dict[int, list[pa.Table]] = defaultdict(list)
        for task in tasks:
            for bucket, table in cut(task):
                buckets[bucket].append(table)
        for bucket in list(buckets):
            put_together(bucket, buckets.pop(bucket))


class OnBeam:
    """A pipeline for every piece of work; arguments as of `pipeline_on`."""

    def __init__(self, runner: str, options: Sequence[str] = ()) -> None:
        self.runner, self.options = runner, options
        self.beam = import_beam(runner)

    def each(self, tasks: Sequence[Task], do: Callable[[Task], None]) -> None:
        beam = self.beam
        with pipeline_on(self.runner, self.options) as pipeline:
            pipeline | "tasks" >> beam.Create(list(tasks)) | "to workers" >> beam.Reshuffle() | "do" >> beam.Map(do)

    def by_bucket(self, tasks: Sequence[Task], cut: Cut[Task], put_together: PutTogether) -> None:
        beam = self.beam
        with pipeline_on(self.runner, self.options) as pipeline:
            (
                pipeline
                | "tasks" >> beam.Create(list(tasks))
                | "to workers" >> beam.Reshuffle()
                | "cut" >> beam.FlatMap(cut)
                | "as bytes" >> beam.MapTuple(_packed)
                | "buckets" >> beam.GroupByKey()
                | "put together" >> beam.MapTuple(partial(_unpacked, put_together=put_together))
            )


def _packed(bucket: int, table: pa.Table) -> tuple[int, bytes]:
    return bucket, table_bytes(table).to_pybytes()


def _unpacked(bucket: int, packed: Iterable[bytes], put_together: PutTogether) -> None:
    put_together(bucket, [table_of(one) for one in packed])
