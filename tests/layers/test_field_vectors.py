"""HKRM's field vectors (eq 3) against paper and pencil, and against a loop."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.harness import gradients
from tfkgrec.layers.field_vectors import field_vectors

VALUES = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
SLOT = np.array([1, 1, 3], np.int32)


def test_by_hand():
    # slot 1 has [1, 2] and [3, 4], slot 2 nothing, slot 3 has [5, 6]
    assert_allclose(field_vectors(VALUES, SLOT, 4), [[0, 0], [2, 3], [0, 0], [5, 6]])
    assert_allclose(field_vectors(VALUES, SLOT, 4, "sum"), [[0, 0], [4, 6], [0, 0], [5, 6]])


@pytest.mark.parametrize("combine", ["mean", "sum"])
def test_equals_the_reference(combine):
    rng = np.random.default_rng(0)
    values, slot = rng.normal(size=(30, 4)).astype(np.float32), np.sort(rng.integers(1, 9, 30)).astype(np.int32)
    found = field_vectors(values, slot, 9, combine)
    for s in range(9):
        own = values[slot == s]
        expected = np.zeros(4) if not len(own) else own.mean(axis=0) if combine == "mean" else own.sum(axis=0)
        assert_allclose(found[s], expected, atol=1e-6)


def test_gradient_is_each_values_share():
    (found,) = gradients(lambda v: field_vectors(v, SLOT, 4), VALUES)
    assert_allclose(found, [[0.5, 0.5], [0.5, 0.5], [1, 1]])


def test_bad_combine():
    with pytest.raises(ValueError, match="`combine` should be one of .*'mean', 'sum'.* Received: 'max'"):
        field_vectors(VALUES, SLOT, 4, "max")
