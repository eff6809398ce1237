"""Whatever becomes of the baselines, the model's figures are there."""

import numpy as np
import pytest

from tests.data import small
from tfkgrec.config import Config, DataConfig, EvaluationConfig
from tfkgrec.models.mf.settings import MfSettings
from tfkgrec.runs.cache import RunCache
from tfkgrec.runs.run import Prepared, evaluate_run

OWN = {"validation": {"auc": 0.7}, "test": {"auc": 0.6}}
THEIRS = {"validation": {"auc": 0.5}, "test": {"auc": 0.4}}


class Failing:
    """A protocol with too little memory for item-kNN."""

    splits = small.splits()

    def __init__(self, log):
        self.log = log

    def evaluate(self, model):
        return OWN

    def baselines(self, names):
        self.log += names
        if "item_knn" in names:
            np.empty((1 << 50,))
        return dict.fromkeys(names, THEIRS)


@pytest.mark.parametrize("kept", [True, False])
def test_a_baseline_that_fails_is_a_line_and_comes_after_the_model(tmp_path, capsys, kept):
    log = []
    evaluation = EvaluationConfig(floors=("item_knn", "popularity"))
    config = Config(MfSettings(), DataConfig("synthetic", protocol="top_n"), evaluation=evaluation)
    prepared = Prepared(small.dataset(), Failing(log))
    cache = RunCache(tmp_path if kept else None)
    metrics = evaluate_run(config, prepared, None, {}, cache, lambda own: log.append(sorted(own)))
    assert "test" in log[0] and "floors" not in log[0] and log[1:] == ["item_knn", "popularity"]
    assert metrics["test"] == {"auc": 0.6} and metrics["floors"] == {
        "popularity": {"auc": 0.4, "validation": {"auc": 0.5}}
    }
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("baseline item_knn left out: ") and "MemoryError: Unable to allocate" in line
