"""A row and the one above it: over the seeds of both, over the users of runs that kept their scores."""

import numpy as np
import pytest

from tfkgrec.benchmarks.comparison import Comparison, Measured, compare, with_comparisons
from tfkgrec.benchmarks.results import ResultRow, Results
from tfkgrec.benchmarks.tables import headline, in_order, tables
from tfkgrec.training.run_directory import RunDirectory, write_test_scores


def _row(variant: str, values: tuple[float, ...], seeds: tuple[int, ...] = (1, 2, 3), model: str = "dink") -> ResultRow:
    mean = {"test.auc": float(np.mean(values))}
    by_seed = {"test.auc": values}
    return ResultRow(model, "lastfm", variant, "c", seeds, (None,) * len(seeds), {}, mean, {"test.auc": 0.0}, by_seed)


@pytest.fixture
def run_of(tmp_path):
    return lambda row, seed: RunDirectory(tmp_path / row.variant / str(seed))


def _keep_scores(run: RunDirectory, seed: int, skill: float) -> None:
    rng = np.random.default_rng(seed)
    user, label = rng.integers(1, 300, 3000), rng.integers(0, 2, 3000).astype(np.float32)
    noise = np.random.default_rng([seed, round(100 * skill)]).normal(size=3000)
    item = np.arange(3000)
    write_test_scores(run, {"user": user, "item": item, "label": label, "score": skill * label + noise})
    run.metrics.touch()


def test_only_seeds_of_both_count():
    above, below = Measured(("a",), (1, 2, 3), (0.5, 0.6, 0.7)), Measured(("b",), (2, 3, 4), (0.7, 0.8, 0.1))
    found = compare(below, above)
    assert (found.difference, found.seeds) == (pytest.approx(0.1), 2)
    assert compare(Measured(("b",), (9,), (0.7,)), above) is None and compare(None, above) is None


@pytest.mark.parametrize(
    ("p_seeds", "p_users", "real", "end"),
    [
        (0.01, 0.0001, True, "+.0050 (p .010 seeds, <.001 users) real"),
        (0.2, 0.01, False, "+.0050 (p .200 seeds, .010 users) not shown"),
        (0.01, None, True, "+.0050 (p .010 seeds) real"),
        (None, None, None, "+.0050"),
    ],
)
def test_real_is_what_no_test_denies(p_seeds, p_users, real, end):
    found = Comparison(0.005, 3, p_seeds, p_users)
    assert (found.real, found.text()) == (real, end)


def test_users_are_resampled_within_every_seed(run_of):
    rows = [_row("tuned-fixed", (0.80, 0.81, 0.82)), _row("tuned-fresh", (0.86, 0.87, 0.89))]
    for row, skill in zip(rows, (0.7, 1.2), strict=True):
        for seed in (1, 2):  # the third kept none
            _keep_scores(run_of(row, seed), seed, skill)
    first, second = with_comparisons(in_order(rows), headline, run_of)
    assert first.compared == {}
    found = second.compared
    assert found["with"] == ["dink", "lastfm", "tuned-fixed"] and found["figure"] == "test.auc"
    assert found["difference"] == pytest.approx(0.19 / 3, abs=1e-5) and found["seeds"] == 3
    assert found["p_users"] == pytest.approx(2 / 1001, abs=1e-5) and 0 < found["interval"][0] < found["interval"][1]
    assert found["real"] is True
    assert Results.from_json(Results("here", (first, second)).to_json()).rows == (first, second)
    (table,) = tables([first, second])
    assert table.columns[-1] == "to the row above"
    assert table.lines[0].cells[-1] == "-" and table.lines[1].cells[-1].endswith("seeds, .002 users) real")


def test_what_was_found_stays_when_the_runs_are_gone_and_only_then(run_of, tmp_path):
    rows = [_row("tuned-fixed", (0.80, 0.81, 0.82)), _row("tuned-fresh", (0.86, 0.87, 0.89))]
    for row, skill in zip(rows, (0.7, 1.2), strict=True):
        _keep_scores(run_of(row, 1), 1, skill)
    before = with_comparisons(in_order(rows), headline, run_of)
    nowhere = lambda row, seed: RunDirectory(tmp_path / "nowhere")  # noqa: E731
    assert with_comparisons(in_order(before), headline, nowhere) == before
    assert with_comparisons(in_order(rows), headline, nowhere) == rows  # rows measured elsewhere stay as they are
    other = [_row("paper-fresh", (0.80, 0.81, 0.82)), before[1]]  # another row above it
    assert with_comparisons(in_order(other), headline, nowhere)[1].compared["p_users"] is None


def test_scores_of_other_pairs_are_not_compared(run_of):
    rows = [_row("tuned-fixed", (0.80,), (1,)), _row("tuned-fresh", (0.86,), (1,))]
    _keep_scores(run_of(rows[0], 1), 1, 0.7)
    _keep_scores(run_of(rows[1], 1), 2, 1.2)  # another split
    found = with_comparisons(in_order(rows), headline, run_of)[1].compared
    assert (found["p_users"], found["p_seeds"], found["real"]) == (None, None, None)


def test_figures_of_users_are_compared_where_lists_are_ranked(run_of):
    rows = []
    for variant, values in (("paper", (0.4, 0.41)), ("tuned", (0.45, 0.47))):
        figures = {"test.sampled.map": values}
        row = ResultRow("ksr", "ml-1m", variant, "c", (1, 2), (None, None), {}, {"test.sampled.map": 0.4}, {}, figures)
        for seed in (1, 2):
            rng = np.random.default_rng(seed)
            score = rng.random(400) + (0.3 if variant == "tuned" else 0) * rng.random(400)
            write_test_scores(run_of(row, seed), {"user": np.arange(400), "sampled.map": score})
            run_of(row, seed).metrics.touch()
        rows.append(row)
    found = with_comparisons(in_order(rows), headline, run_of)[1].compared
    assert found["p_users"] < 0.01 and found["interval"][0] > 0.1
