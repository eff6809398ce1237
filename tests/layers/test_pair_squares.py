"""The squares of a batch, by hand."""

import numpy as np
import pytest

from tfkgrec.layers.pair_squares import pair_squares

ITEM = np.array([[1, 2], [3, 0]], np.int32)  # three pairs
EACH = np.array([[[1.0, 2], [0, 1]], [[3, 0], [9, 9]]], np.float32)  # squares 5, 1, 9, and of no pair
SHARED = np.array([[[2.0, 0]], [[0, 1]]], np.float32)  # 4 for two pairs, 1 for one


def test_by_hand():
    assert float(pair_squares(ITEM, [EACH])) == pytest.approx((5 + 1 + 9) / 3)
    assert float(pair_squares(ITEM, [EACH, SHARED])) == pytest.approx((15 + 4 + 4 + 1) / 3)
    assert float(pair_squares(ITEM, [SHARED], 6.0)) == pytest.approx((9 + 6) / 3)


def test_no_pair_is_zero():
    assert float(pair_squares(np.zeros_like(ITEM), [EACH])) == 0
