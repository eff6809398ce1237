"""Recommendations for everybody: the users of any number of files, to Parquet, shard by shard."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tfkgrec.beam.runners import import_beam, pipeline_on
from tfkgrec.beam.shards import shard_name
from tfkgrec.data.keyed import bucket, text_keys
from tfkgrec.offline.in_process import open_in_process
from tfkgrec.offline.lists_file import UNKNOWN, Written
from tfkgrec.offline.user_files import read_users
from tfkgrec.storage import ROWS, below, exists, files_of, local_copy, publish, read_metadata, write_table

if TYPE_CHECKING:
    from apache_beam.ml.inference.base import PredictionResult

PLAN, USERS = b"plan", b"users"


class Lists(NamedTuple):
    """What is asked: the model, the files of users, how long their lists are, and how many shards there are."""

    model: str
    users: str
    k: int
    shards: int


def recommend_on(runner: str, asked: Lists, output: str, options: Sequence[str] = ()) -> Written:
    """Write the lists of all users as `output/part-00000-of-00010.parquet`, ...: all of them, or no folder.

    A user is in the shard that the key of their id says, and stands in it by their id, however many workers there are
    and in however many files, or how often, they were named. Shards of a run that was cut stay in
    `output.parts`; whoever asks the same of the same model again does not make them again.

    Args:
        runner, options: as of `pipeline_on`.

    Raises:
        InputError: no such model or users, or longer lists than the model has.
    """
    beam = import_beam(runner)
    from apache_beam.ml.inference.base import KeyedModelHandler, RunInference

    from tfkgrec.beam.handler import SavedModelHandler

    parts = f"{output.rstrip('/')}.parts"
    names = [below(parts, shard_name("part", shard, asked.shards)) for shard in range(asked.shards)]
    model = _digest_of(asked)
    with pipeline_on(runner, options) as pipeline:
        none = pipeline | "every shard" >> beam.Create([(shard, ()) for shard in range(asked.shards)])
        named = (
            pipeline
            | "files of users" >> beam.Create(files_of(asked.users))
            | "a file to a worker" >> beam.Reshuffle()
            | "users by shard" >> beam.FlatMap(partial(_users_by_shard, shards=asked.shards))
        )
        (
            (none, named)
            | "all users" >> beam.Flatten()
            | "shards" >> beam.GroupByKey()
            | "users of a shard" >> beam.MapTuple(_users_of_shard)
            | "not made yet" >> beam.Filter(partial(_is_missing, names=names, model=model))
            | "lists" >> RunInference(KeyedModelHandler(SavedModelHandler(asked.model, asked.k)))
            | "write" >> beam.MapTuple(partial(_write, names=names, model=model))
        )
    told = [read_metadata(name) for name in names]
    publish(parts, output)
    return Written(*(sum(int(one[what]) for one in told) for what in (USERS, ROWS, UNKNOWN)))


def _digest_of(asked: Lists) -> str:
    """Of the model's weights and the lists' length, once they are known to fit."""
    with local_copy(asked.model) as folder:
        model = open_in_process(folder)
        model.check_k(asked.k)
        with model.weights.open("rb") as file:
            return f"{hashlib.file_digest(file, 'blake2b').hexdigest()} {asked.k}"


def _users_by_shard(file: str, shards: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    with local_copy(file) as copy:
        users = read_users(copy)
    by_shard: dict[int, list[str]] = {}
    for shard, user in zip(bucket(text_keys(users), shards).tolist(), users, strict=True):
        by_shard.setdefault(shard, []).append(user)
    yield from ((shard, tuple(own)) for shard, own in by_shard.items())


def _users_of_shard(shard: int, users: Iterable[Sequence[str]]) -> tuple[int, list[str]]:
    return shard, sorted({user for own in users for user in own})


def _plan(users: Sequence[str], model: str) -> str:
    return hashlib.blake2b("\0".join((model, *users)).encode(), digest_size=16).hexdigest()


def _is_missing(shard: tuple[int, list[str]], names: Sequence[str], model: str) -> bool:
    number, users = shard
    return not exists(names[number]) or read_metadata(names[number]).get(PLAN) != _plan(users, model).encode()


def _write(number: int, result: "PredictionResult", names: Sequence[str], model: str) -> None:
    users, table = result.example, result.inference
    told = {**table.schema.metadata, USERS: str(len(users)), PLAN: _plan(users, model)}
    write_table(names[number], table.replace_schema_metadata(told))
