"""What is left of a benchmark, and how long it will take."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tfkgrec.benchmarks.plan import PlannedRun, duration, seconds_left, told
from tfkgrec.benchmarks.progress_bar import RunsBar
from tfkgrec.benchmarks.variants import Variant
from tfkgrec.training.run_directory import RunDirectory

TUNED = Variant("tuned", "tuned")


def _run(seed: int, seconds: float | None, done: bool = False) -> PlannedRun:
    return PlannedRun("dink", "lastfm", TUNED, seed, RunDirectory(Path("nowhere")), done, seconds)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (3600, "1 h 00 min"), (11_100, "3 h 05 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_runs_side_by_side_take_no_less_than_the_longest():
    runs = [_run(1, 600), _run(2, 60), _run(3, None)]  # the third counts as 330
    assert seconds_left(runs) == 990
    assert seconds_left(runs, workers=2) == 600
    assert seconds_left([_run(1, None)]) is None


def test_what_is_left_is_told():
    runs = [_run(1, 600, done=True), _run(2, 60), _run(3, None)]
    beside = "(1 of which nothing is known taken for like the others)"
    assert told(runs, 1) == f"1 of 3 runs are done, 2 left, about 2 min with 1 worker {beside}"
    assert told(runs, 1, each=True).splitlines()[1:] == [
        "  dink-lastfm-tuned-seed-2, 60 s",
        "  dink-lastfm-tuned-seed-3",
    ]
    assert told(runs[:1], 1) == "1 of 1 runs are done, 0 left"
    assert "nobody knows" in told([_run(1, None)], 1)


def test_the_bar_learns_from_what_is_done(monkeypatch):
    clock = iter([0.0, 180.0, 180.0, 260.0])
    monkeypatch.setattr("tfkgrec.benchmarks.progress_bar.time", SimpleNamespace(monotonic=lambda: next(clock)))
    bar = RunsBar([_run(1, 60), _run(2, 60), _run(3, 60)])
    bar.begin("dink-lastfm-tuned-seed-1")
    bar.end("dink-lastfm-tuned-seed-1", "180 s")  # three times what was planned
    assert bar.text().endswith("1/3 done, 2 left, about 6 min")
    unplanned = RunsBar([_run(1, None), _run(2, None), _run(3, None)])
    unplanned.begin("dink-lastfm-tuned-seed-1")
    unplanned.end("dink-lastfm-tuned-seed-1", "80 s")
    assert unplanned.text().endswith("1/3 done, 2 left, about 3 min")


def test_the_bar_says_what_is_done_and_what_is_on(capsys, monkeypatch):
    clock = iter([0.0, 61.0])
    monkeypatch.setattr("tfkgrec.benchmarks.progress_bar.time", SimpleNamespace(monotonic=lambda: next(clock)))
    bar = RunsBar([_run(1, 60), _run(2, 60)])
    bar.begin("dink-lastfm-tuned-seed-1")
    bar.end("dink-lastfm-tuned-seed-1", "61 s")
    assert capsys.readouterr().out.splitlines() == [
        "[....................] 0/2 done, 2 left, about 2 min; begins: dink-lastfm-tuned-seed-1",
        "[==========..........] 1/2 done, 1 left, about 61 s; dink-lastfm-tuned-seed-1: 61 s",
    ]
