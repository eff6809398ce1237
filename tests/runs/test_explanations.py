"""How far explanations hold: of a model whose logit is a sum, by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.cases.small_models import small_model
from tfkgrec.errors import InputError
from tfkgrec.runs.explanations import measure


def test_figures_of_a_sum_are_means_of_sums():
    model = small_model("lightgcn").model
    user, item = np.repeat(np.arange(1, 9, dtype=np.int32), 3), np.tile(np.array([3, 5, 8], np.int32), 8)
    history = np.asarray(model.read_history(user))
    real = (history > 0) & (history != item[:, None])
    parts = [
        np.sort(row[there])[::-1]
        for row, there in zip(np.asarray(model.split(user, item, history)), real, strict=True)
        if there.sum() >= 2
    ]
    found = measure(model, user, item, 1000, np.random.default_rng(0))
    by = found["orders"]["contributions"]
    assert found["pairs"] == len(parts)
    for k in (1, 3, 5):
        falls = np.array([row[:k].sum() for row in parts])
        assert_allclose(by[f"deletion_{k}"]["mean"], falls.mean(), atol=1e-4)
        assert_allclose(by[f"deletion_{k}"]["error"], falls.std(ddof=1) / len(falls) ** 0.5, atol=1e-4)
    lowest = found["orders"]["lowest"]["deletion_1"]["mean"]
    assert_allclose(lowest, np.mean([row[-1] for row in parts]), atol=1e-4)
    assert by["correlation"]["mean"] == pytest.approx(1) and by["top_is_top"]["mean"] == 1


def test_a_model_without_histories_is_told_from_a_fault():
    with pytest.raises(InputError, match="expected a model that reads histories"):
        measure(small_model("mf").model, np.ones(1, np.int32), np.ones(1, np.int32), 10, np.random.default_rng(0))
