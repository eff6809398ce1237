"""The line that says that a baseline is ahead of the model, and why."""

import pytest

from tests.evaluation.test_report import metrics
from tfkgrec.evaluation.ahead import ahead
from tfkgrec.evaluation.report import report

DATA = {"users": 10, "items": 20, "positives": 300, "triples": 90}


def run(own: float, timing: dict | None = None, protocol: str = "ctr", **data: int) -> dict:
    timing = {"epochs": 20, "best_epoch": 12} if timing is None else timing
    return {**metrics(auc=own), "timing": timing, "protocol": protocol, "data": {**DATA, **data}}


def test_nothing_is_said_of_a_model_that_is_ahead_or_level():
    assert ahead(run(0.75)) == ahead(run(0.74)) == []


def test_who_is_ahead_the_best_first():
    behind = run(0.7)
    behind["floors"]["mf"] = {"auc": 0.8}
    (line,) = ahead(behind)
    assert line.startswith("mf and popularity are ahead of this model: AUC 0.8000, 0.7400, as against 0.7000. Likely")
    assert report(behind).endswith(line)


@pytest.mark.parametrize(
    ("timing", "data", "reason"),
    [
        ({"epochs": 20, "best_epoch": 20}, {}, "validation still rose: try more training.epochs"),
        ({"epochs": 0, "best_epoch": 0}, {}, "do not suit the data"),  # no epoch trains it
        ({"epochs": 9, "best_epoch": 1}, {}, "the first epoch was the best: try a lower training.learning_rate"),
        (None, {"positives": 30}, "3.0 positives each, few to learn a taste from: try model lightgcn"),
        (None, {"triples": 10}, "0.5 triples an item, and tells little: try more facts"),
        (None, {}, "do not suit the data: try tfkgrec tune"),
    ],
)
def test_the_likely_reason(timing, data, reason):
    assert reason in ahead(run(0.7, timing, **data))[0]


def test_other_data_than_a_runs_own_know_no_reason():
    (line,) = ahead(run(0.7, {}))
    assert line == "popularity is ahead of this model: AUC 0.7400, as against 0.7000"


def test_protocols_that_rank_are_compared_by_their_first_figure():
    ranked = run(0.7, protocol="top_n")
    ranked["test"] = {"full": {"precision@1": 0.2, "mrr": 0.5}}
    ranked["floors"] = {"bpr": {"full": {"precision@1": 0.3, "mrr": 0.4}}}
    assert ahead(ranked)[0].startswith("bpr is ahead of this model: Precision@1 0.3000, as against 0.2000.")
