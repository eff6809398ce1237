"""A ranking metric from another package is measured and shown beside ours, with nothing changed here."""

import numpy as np
import pytest

from tests.protocols.sequential.test_evaluate import DOWN, fixed
from tests.protocols.sequential.test_evaluate import splits as sequence_splits
from tests.protocols.top_n.test_evaluate import SCORES, SPLITS
from tfkgrec.errors import InputError
from tfkgrec.evaluation.metric import Metric
from tfkgrec.evaluation.ranking_metrics import list_metrics
from tfkgrec.evaluation.ranks import rank_positives
from tfkgrec.evaluation.report import assemble_metrics, report
from tfkgrec.protocols.sequential.evaluate import evaluate_next
from tfkgrec.protocols.top_n.evaluate import evaluate_parts

MEAN_RANK = """
import numpy as np
from tfkgrec.evaluation.metric import Metric

def mean_rank(ranks):
    return np.bincount(ranks.row, ranks.realistic) / np.bincount(ranks.row)

METRIC = Metric("mean_rank", "mean rank", "lower", 1, compute=mean_rank)
TAKEN = Metric("mrr", "MRR", compute=mean_rank)
SHORT = Metric("short", "short", compute=lambda ranks: np.zeros(ranks.num_rows - 1))
NAN = Metric("nan", "nan", compute=lambda ranks: np.full(ranks.num_rows, np.nan))
BARE = Metric("bare", "bare")
"""


@pytest.fixture
def register(install_outside):
    """Register an attribute of the module above."""
    return lambda attribute: install_outside("tfkgrec.metrics", "rank", attribute, MEAN_RANK)


def test_protocol_that_asks_what_comes_next_measures_it(register):
    register("METRIC")
    # User 1: 4 is the first of 4 5 6 7. User 2: 5 is the second of 4 5 6.
    found = evaluate_next(fixed(DOWN, DOWN), sequence_splits(), "test")
    assert found["sampled"]["mean_rank"] == pytest.approx(1.5)
    assert list(found["sampled"]) == ["map", "mrr", "hit@10", "ndcg@10", "mean_rank", "users"]


def test_top_n_measures_it_and_the_report_shows_it(register):
    register("METRIC")
    results = evaluate_parts(lambda user, part: SCORES[user], SPLITS)
    assert results["test"]["full"]["mean_rank"] >= 1 and "mean_rank_se" in results["test"]["full"]
    metrics = assemble_metrics("rkan", "ml-1m", "R", 0, results, {}, {}, {})
    head, _, row = report(metrics).split("\n\n")[2].splitlines()
    assert head.endswith("mean rank (lower is better)")
    assert row.endswith(f" {results['test']['full']['mean_rank']:.1f}")


@pytest.mark.parametrize(
    ("attribute", "line"),
    [
        ("TAKEN", "metric mrr: expected a name that is not taken"),
        ("SHORT", r"metric short: expected a finite number for each of 2 lists, found shape \(1,\)"),
        ("NAN", r"metric nan: expected a finite number for each of 2 lists, found shape \(2,\), 0 finite"),
        ("BARE", "entry point rank of tfkgrec.metrics: expected a Metric with `compute`, found Metric"),
        ("GONE", "expected outside_rank:GONE to be importable, found AttributeError"),
    ],
)
def test_a_metric_that_is_none_is_told(register, attribute, line):
    register(attribute)
    ranks = rank_positives(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([0, 1]), np.array([0, 0]))
    with pytest.raises(InputError, match=line):
        list_metrics(ranks, (1,))


def test_a_figure_as_text():
    assert Metric("x", "X", digits=2).text({"x": 1 / 3}) == "0.33"
    assert Metric("x", "X").text({"y": 1.0}) == "-"
