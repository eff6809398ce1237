"""Lists beside bare scores: a row of both speeds."""

from pathlib import Path

from tfkgrec.benchmarks import lists


def test_both_are_measured_on_the_same_users(planted_run: Path) -> None:
    (row,), text = lists.main([str(planted_run), "--users", "20", "--k", "5", "--seconds", "0.05"])
    assert (row["model"], row["dataset"], row["items"], row["users"], row["k"]) == ("dink", "synthetic", 150, 20, 5)
    assert row["ratio"] > 0 and abs(row["lists_users_cpu_s"] / row["scores_users_cpu_s"] - row["ratio"]) < 0.1
    assert text.splitlines()[0].split() == list(lists.COLUMNS)
