"""The rows of one's own files in another order: the same ids, splits, candidates and batches, under every protocol."""

import csv
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from tfkgrec import registry
from tfkgrec.config import Config, DataConfig
from tfkgrec.data.records import Dataset
from tfkgrec.datasets.own_files.settings import ColumnsConfig, FilesSettings
from tfkgrec.errors import InputError
from tfkgrec.protocols.ctr.batches import TrainingBatches
from tfkgrec.protocols.sequential.batches import SequenceBatches
from tfkgrec.protocols.top_n.batches import TimeBatches
from tfkgrec.runs.fingerprint import digest_arrays, digest_rows, digest_texts
from tfkgrec.runs.run import prepare
from tfkgrec.training.contract import Splits

Table = list[tuple[object, ...]]

USERS = ["1", "01", "1.0", "a", "A", "é", "e\u0301", 'a "b"', "a, b", "NA", "\U0001f3ac"]
ITEMS = ["1", "2", "10", "b", "b|c", "b;c", "b\tc", "b\nc", "b  c", "war", "null", "-", "ITEM", "été", "0x1"]


@st.composite
def worlds(draw: Callable) -> tuple[Table, Table]:
    """(user, item, rating, time, weight), with repeats and moments that are shared, and triples, many of them twice."""
    users = draw(st.lists(st.sampled_from(USERS), min_size=4, max_size=8, unique=True))
    items = draw(st.lists(st.sampled_from(ITEMS), min_size=10, unique=True))
    pair = st.tuples(
        st.sampled_from(users), st.sampled_from(items), st.integers(1, 5), st.integers(0, 9), st.integers(1, 2)
    )
    ratings = [(user, item, rating, 10**9 + 50_000 * moment, weight) for user, item, rating, moment, weight in
               draw(st.lists(pair, min_size=30, max_size=60))]  # fmt: skip
    entities = [*items, "noir", "war"]
    triple = st.tuples(st.sampled_from(entities), st.sampled_from(["genre", "by"]), st.sampled_from(entities))
    return ratings, [(items[0], "genre", "noir"), *draw(st.lists(triple, max_size=12))]


def write(folder: Path, ratings: Table, triples: Table) -> None:
    headed = {
        "r.csv": [("user", "item", "rating", "time", "weight"), *ratings],
        "t.csv": [("head", "relation", "tail"), *triples],
    }
    for name, rows in headed.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)


def first_epoch(splits: Splits, protocol: str) -> object:
    """Of everything that batches may draw."""
    if protocol == "ctr":
        batches = TrainingBatches(splits, 16, 4, 2, "fresh", 3, 0.3, "train_positives")
    elif protocol == "top_n":
        batches = TimeBatches(splits, 16, 4, 2, "fresh", 3, 0.3)
    else:
        batches = SequenceBatches(splits, 4, 3, "bpr", 2, 3, True, "any_future")
    return batches.stacked(0)


def made(folder: Path, protocol: str, timed: bool, positive_at: int | None, repeats: str | None) -> list[str] | str:
    """Digests of all there is before training, or the fault that was found."""
    weight = "weight" if protocol == "ctr" else None  # the others take none
    columns = ColumnsConfig(rating="rating", timestamp="time" if timed else None, weight=weight)
    source = FilesSettings(
        folder / "r.csv", columns=columns, positive_at=positive_at, repeats=repeats, triples=folder / "t.csv"
    )
    data = DataConfig("files", protocol, inverse_relations=True, k_core=1, source=source)
    spec = registry.protocol(protocol)
    model = registry.model("ksr" if protocol == "sequential" else "mf").settings()
    try:
        prepared = prepare(Config(model, data, training=spec.training(seed=3)))
    except InputError as error:
        return str(error).partition(", such as")[0]
    arrays = keras.tree.flatten(first_epoch(prepared.splits, protocol))
    return [
        *digests(prepared.dataset),
        digest_arrays(prepared.splits),
        *(digest_rows(np.arange(a.size), a.ravel()) for a in arrays),
    ]


def digests(dataset: Dataset) -> list[str]:
    ids = [getattr(dataset, kind).raw for kind in ("users", "items", "entities", "relations")]
    names = [dataset.entity_names, dataset.relation_names]
    return [digest_arrays(dataset.interactions, dataset.graph), *(digest_texts(texts) for texts in (*ids, *names))]


@pytest.mark.parametrize("protocol", registry.protocols())
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to make a failure smaller would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    world=worlds(),
    seed=st.integers(0, 2**32 - 1),
    timed=st.booleans(),
    positive_at=st.sampled_from([None, 3]),
    repeats=st.sampled_from([None, "first", "max", "all"]),
)
def test_shuffling_the_rows_of_the_files_changes_nothing(
    tmp_path, protocol, world, seed, timed, positive_at, repeats
) -> None:
    if repeats == "all" and protocol != "ctr":
        repeats = None
    settled = protocol, timed or protocol != "ctr", positive_at, repeats
    write(tmp_path, *world)
    before = made(tmp_path, *settled)
    rng = np.random.default_rng(seed)
    write(tmp_path, *([rows[place] for place in rng.permutation(len(rows))] for rows in world))
    assert made(tmp_path, *settled) == before
    event("refused" if isinstance(before, str) else "split")
