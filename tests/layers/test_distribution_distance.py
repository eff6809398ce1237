"""HKRM's distance loss (eqs 8-9) against paper and pencil, and against a loop."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.harness import gradients
from tfkgrec.layers.distribution_distance import distance_loss, shared_divergence

ALL = np.ones(3, bool)


def test_divergence_by_hand():
    # .75 ln(.75 / .25) + .25 ln(.25 / .75) = .5 ln 3 = .5493
    p, q = np.array([[0.75, 0.25]], np.float32), np.array([[0.25, 0.75]], np.float32)
    assert_allclose(shared_divergence(p, q, np.array([[True, True]])), [0.5493], atol=1e-4)


def test_only_shared_fields_count():
    # field 3 is the target's alone: [.25, .25, .5] counts as [.5, .5]; .75 ln 1.5 + .25 ln .5 = .1308
    p, q = np.array([0.75, 0.25, 0], np.float32), np.array([0.25, 0.25, 0.5], np.float32)
    assert float(shared_divergence(p, q, p > 0)) == pytest.approx(0.1308, abs=1e-4)
    assert float(shared_divergence(p, q, np.array([True, False, False]))) == pytest.approx(0, abs=1e-6)
    assert float(shared_divergence(p, q, ~ALL)) == 0


def test_is_zero_for_equals_and_positive_otherwise():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(3), (2, 50)).astype(np.float32)
    assert_allclose(shared_divergence(p, p, ALL[None]), 0, atol=1e-6)
    found = np.asarray(shared_divergence(p, q, ALL[None]))
    assert (found > 0).all()
    assert_allclose(found, np.sum(p * np.log(p / q), axis=1), rtol=1e-3, atol=1e-4)


def test_loss_by_hand():
    divergence = np.array([0.5, 0.3, 1.7, 9.0], np.float32)
    label, weight = np.array([1, 0, 0, 1], np.float32), np.array([1, 1, 1, 0], np.float32)
    # contrastive, margin 1: .5, then 1 - .3 = .7, then 0; the last pair pads. Mean over three pairs.
    assert float(distance_loss(divergence, label, weight, "contrastive")) == pytest.approx(0.4)
    assert float(distance_loss(divergence, label, weight, "contrastive", 2.0)) == pytest.approx((0.5 + 1.7 + 0.3) / 3)
    assert float(distance_loss(divergence, label, weight, "positive_only")) == pytest.approx(0.5 / 3)
    assert float(distance_loss(divergence, label, weight, "none")) == 0


def test_no_pair_is_no_loss():
    nothing = np.zeros(2, np.float32)
    assert float(distance_loss(nothing, nothing, nothing, "contrastive")) == 0


def test_it_pulls_relevant_pairs_together_and_pushes_others_apart():
    p, q = np.array([[0.6, 0.4]], np.float32), np.array([[0.4, 0.6]], np.float32)

    def loss(q, label):
        each = shared_divergence(p, q, np.array([[True, True]]))
        return distance_loss(each, np.array([label], np.float32), np.ones(1, np.float32), "contrastive")

    (pull,), (push,) = (gradients(lambda x, label=label: loss(x, label), q) for label in (1.0, 0.0))
    assert pull[0, 0] < 0 < pull[0, 1]  # a step against the gradient moves q towards p
    assert_allclose(push, -pull, atol=1e-6)


def test_absent_fields_are_finite_forth_and_back():
    p, q = np.array([[1.0, 0.0]], np.float32), np.array([[0.0, 1.0]], np.float32)
    for mask in ([[True, True]], [[False, False]]):
        for gradient in gradients(lambda p, q, mask=mask: shared_divergence(p, q, np.array(mask)), p, q):
            assert np.isfinite(gradient).all()


def test_bad_kind():
    with pytest.raises(ValueError, match="`kind` should be one of .*'contrastive'.* Received: 'kl'"):
        distance_loss(*np.ones((3, 1), np.float32), "kl")
