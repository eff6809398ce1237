"""What the parts weigh: the maximum of the penalised likelihood, which SciPy finds another way."""

import numpy as np
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from tfkgrec.protocols.ctr.part_weights import RIDGE, weights_of


def data(pairs: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(pairs, 3)) * [1, 20, 0.1] + [0, 5, -3]
    chance = 1 / (1 + np.exp(-(0.4 + parts[:, 0] - 0.1 * (parts[:, 1] - 5))))
    return parts, (rng.random(pairs) < chance).astype(float)


def test_is_the_maximum_of_the_penalised_likelihood():
    parts, label = data()
    found = weights_of(parts, label)
    x = (parts - parts.mean(0)) / parts.std(0)

    def loss(w: np.ndarray) -> float:
        logit = x @ w[:3] + w[3]
        return np.sum(np.logaddexp(0, logit) - label * logit) + RIDGE / 2 * np.sum(w[:3] ** 2)

    best = minimize(loss, np.zeros(4), tol=1e-12).x
    assert_allclose([*found.weight, found.bias], best, atol=1e-4)
    assert_allclose(found.mean, parts.mean(0))
    assert_allclose(found.deviation, parts.std(0))


def test_a_part_that_is_always_the_same_weighs_nothing_and_separable_pairs_stay_finite():
    parts, label = data()
    same = np.column_stack([parts, np.full(len(parts), 7.0), 1e4 * label])
    found = weights_of(same, label)
    assert found.weight[3] == 0 and found.deviation[3] == 1
    assert np.isfinite([*found.weight, found.bias]).all() and found.weight[4] > 0


def test_units_do_not_matter():
    parts, label = data()
    one, other = (weights_of(parts * scale, label) for scale in (1, [1, 1e3, 1e-3]))
    assert_allclose(one.weight, other.weight, atol=1e-8)


def test_chance_gets_next_to_nothing():
    rng = np.random.default_rng(1)
    parts, label = rng.normal(size=(4000, 5)), (rng.random(4000) < 0.3).astype(float)
    found = weights_of(parts, label)
    assert np.abs(found.weight).max() < 4 / np.sqrt(4000 * 0.3 * 0.7)
    assert_allclose(found.bias, np.log(label.mean() / (1 - label.mean())), atol=0.02)
