"""Every look at a test split stands in the books of its run."""

import numpy as np

from tests.evaluation import small
from tfkgrec.runs import test_reads as books
from tfkgrec.runs.test_reads import COLUMNS, count_reads, note_test_read
from tfkgrec.training.run_directory import RunDirectory, write_test_scores


def test_every_look_is_a_row_and_looks_of_all_runs_are_counted(tmp_path):
    one, other = RunDirectory(tmp_path / "one"), RunDirectory(tmp_path / "other")
    assert books.test_reads(one) == []
    note_test_read(one, "lastfm", small.splits(), 1)
    note_test_read(one, "lastfm", small.splits(), 1)
    note_test_read(other, "lastfm", small.splits(), 1)
    note_test_read(other, "lastfm", small.splits(users=20), 2)
    assert [tuple(row) for row in books.test_reads(one)] == [COLUMNS] * 2
    counted = count_reads([one, other])
    assert sorted(counted.values()) == [1, 3]
    assert {seed for _, _, seed in counted} == {"1", "2"} and len({split for _, split, _ in counted}) == 2
    assert books.told(counted) == ["lastfm: seed 1 3 times, seed 2 1 times"]
    note_test_read(other, "lastfm", small.splits(items=30), 1)
    note_test_read(other, "book-crossing", small.splits(), 0)
    assert books.told(count_reads(books.runs_below(tmp_path))) == [
        "book-crossing: seed 0 1 times",
        "lastfm: seed 1 4 times (of 2 splits), seed 2 1 times",
    ]


def test_scores_are_kept_in_32_bits(tmp_path):
    run = RunDirectory(tmp_path / "run")
    write_test_scores(run, {})
    assert not run.test_scores.exists()
    write_test_scores(run, {"user": np.arange(3, dtype=np.int32), "full.mrr": np.ones(3)})
    kept = np.load(run.test_scores)
    assert {name: kept[name].dtype for name in kept.files} == {"user": np.int32, "full.mrr": np.float32}
