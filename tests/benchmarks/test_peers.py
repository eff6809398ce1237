"""RecBole beside ours: the files that it gets, what is made of its answers, and what is said where it is not there."""

from pathlib import Path

import pandas as pd
import pytest

from tfkgrec.benchmarks import peers
from tfkgrec.benchmarks.peers import Peers, write_atomic_files
from tfkgrec.benchmarks.random_world import random_dataset
from tfkgrec.benchmarks.speed import SpeedJob
from tfkgrec.errors import InputError


def test_atomic_files_hold_the_positives_the_triples_and_a_vector_for_each(tmp_path):
    dataset, _ = random_dataset(20, 30)
    write_atomic_files(tmp_path, dataset)

    def read(suffix: str) -> pd.DataFrame:
        return pd.read_csv(tmp_path / "shared" / f"shared.{suffix}", sep="\t")

    pairs = read("inter")
    assert pairs.columns.tolist() == ["user_id:token", "item_id:token", "timestamp:float"]
    assert pairs["item_id:token"].tolist() == dataset.interactions.item.tolist()
    assert read("kg")["tail_id:token"].tolist() == dataset.graph.tail.tolist()
    assert read("link")["entity_id:token"].tolist() == list(range(1, 31))
    for suffix, count in (("ent_feature", dataset.graph.num_entities), ("rel_feature", dataset.graph.num_relations)):
        vectors = read(suffix).iloc[:, 1]
        assert len(vectors) == count - 1 and {len(text.split()) for text in vectors} == {64}


def test_ratios_are_medians_of_pairs():
    def found(speed: float, ranked: float | None, memory: float) -> dict[str, float | None]:
        return {"train_examples_per_second": speed, "rank_users_per_second": ranked, "peak_memory_mb": memory}

    pairs = [
        (found(100, 8, 50), found(10, 2, 100)),
        (found(90, 8, 60), found(5, 1, 100)),
        (found(40, 8, 70), found(2, 8, 100)),
    ]
    row = peers._row("ksr", "KSR", "ml-1m", pairs)
    assert (row.times_faster, row.times_faster_ranking, row.share_of_memory, row.peer_examples_per_s) == (18, 4, 0.6, 5)
    pairs = [(ours, {**theirs, "rank_users_per_second": None}) for ours, theirs in pairs]
    assert peers._row("dink", "DIN", "ml-1m", pairs).times_faster_ranking is None
    assert peers.as_text([row]).splitlines()[-1].split()[:4] == ["ksr", "KSR", "ml-1m", "18.0"]


@pytest.mark.parametrize(
    ("python", "found"),
    [("nowhere/python", "expected a Python, found"), ("/bin/false", "RecBole's DIN to run, found nothing")],
)
def test_a_python_that_will_not_do_is_one_line(python, found, tmp_path):
    config = SpeedJob("dink", "synthetic", 1.0).settings()
    with pytest.raises(InputError, match=found):
        Peers(Path(python), tmp_path, config).measure("DIN", 1.0)
