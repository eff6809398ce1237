"""A model as a scorer."""

import numpy as np
import pytest
from keras import ops

from tfkgrec.evaluation.scoring import model_scorer
from tfkgrec.models.recommender import Recommender

TABLE = np.random.default_rng(0).normal(size=(10, 31)).astype(np.float32)  # logit of user and item
TABLE[:, 0] = np.nan  # padding must not reach anything


class Lookup(Recommender):
    """A model that knows a table by heart, and how often and with which shapes it was asked."""

    num_items = 31

    def __init__(self):
        super().__init__()
        self.built = True

    def user_state(self, user, history=None):
        return {"logits": ops.take(ops.convert_to_tensor(TABLE), user, axis=0)}

    def score_items(self, state, item, omit=None, training=False):
        return ops.take_along_axis(state["logits"], item, axis=1)


@pytest.mark.parametrize(("items_per_row", "cells"), [(1, 1), (3, 10), (8, 16_384)])
def test_pairs_in_any_order_and_grouping(items_per_row, cells):
    rng = np.random.default_rng(1)
    user, item = rng.integers(0, 10, 57).astype(np.int32), rng.integers(1, 31, 57).astype(np.int32)
    found = model_scorer(Lookup(), items_per_row=items_per_row, cells=cells).score(user, item)
    assert found == pytest.approx(1 / (1 + np.exp(-TABLE[user, item])), abs=1e-6)


@pytest.mark.parametrize(("items_per_chunk", "cells"), [(7, 14), (30, 16_384), (512, 512)])
def test_catalogue(items_per_chunk, cells):
    users = np.array([4, 0, 9])
    found = model_scorer(Lookup(), items_per_chunk=items_per_chunk, cells=cells).score_catalogue(users)
    assert np.array_equal(found, TABLE[users, 1:])


def test_confident_pairs_do_not_tie(monkeypatch):
    monkeypatch.setattr("tests.evaluation.test_scoring.TABLE", np.full((2, 31), [[20.0], [25.0]], np.float32))
    low, high = model_scorer(Lookup()).score(np.array([0, 1]), np.array([1, 1]))
    assert low < high < 1  # in float32 both are 1
