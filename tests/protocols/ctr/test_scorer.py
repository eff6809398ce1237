"""A model as a scorer."""

import numpy as np
import pytest
from keras import ops

from tfkgrec.models.recommender import Recommender
from tfkgrec.protocols.ctr import scorer as model_scorer
from tfkgrec.protocols.ctr.scorer import ModelScorer

TABLE = np.random.default_rng(0).normal(size=(10, 31)).astype(np.float32)  # logit of user and item
TABLE[:, 0] = np.nan  # padding must not reach anything


class Lookup(Recommender):
    """A model that knows a table by heart."""

    def __init__(self, table: np.ndarray):
        super().__init__()
        self.table, self.num_items = table, table.shape[1]
        self.build()

    def user_state(self, user, history=None, tables=None):
        return {"logits": ops.take(ops.convert_to_tensor(self.table), user, axis=0)}

    def score_items(self, state, item, left_out=None, training=False):
        return ops.take_along_axis(state["logits"], item, axis=1)


@pytest.mark.parametrize(("items_per_row", "at_once"), [(1, 1), (3, 10), (16, 8192)])
def test_pairs_in_any_order_and_grouping(items_per_row, at_once, monkeypatch):
    monkeypatch.setattr(model_scorer, "PAIRS_PER_CALL", at_once)
    rng = np.random.default_rng(1)
    user, item = rng.integers(0, 10, 57).astype(np.int32), rng.integers(1, 31, 57).astype(np.int32)
    found = ModelScorer(Lookup(TABLE), items_per_row=items_per_row).score(user, item)
    assert found == pytest.approx(1 / (1 + np.exp(-TABLE[user, item])), abs=1e-6)


def test_the_same_users_with_other_items():
    scorer, user = ModelScorer(Lookup(TABLE)), np.array([1, 2], np.int32)
    first, second = (scorer.score(user, np.array([item, item], np.int32)) for item in (3, 4))
    assert not np.any(first == second)


@pytest.mark.parametrize("jit_compile", [True, False])
@pytest.mark.parametrize("at_once", [1, 7, 60, 8192])  # single pairs; the last items short; the last users; one call
def test_catalogue(at_once, jit_compile, monkeypatch):
    monkeypatch.setattr(model_scorer, "CATALOGUE_PAIRS_PER_CALL", at_once)
    users = np.array([4, 0, 9])
    assert np.array_equal(ModelScorer(Lookup(TABLE), jit_compile).score_catalogue(users), TABLE[users, 1:])


class Popularity(Recommender):
    """A model whose logits are the items' own, read from a table that many calls share."""

    def __init__(self, items: int):
        super().__init__()
        self.num_items, self.made = items, 0
        self.bias = self.add_weight(shape=(items,), initializer="ones", name="bias")
        self.build()

    def item_tables(self):
        self.made += 1
        return {"logit": 2 * ops.convert_to_tensor(self.bias)}

    def user_state(self, user, history=None, tables=None):
        return {"logit": tables["logit"], "user": user}

    def score_items(self, state, item, left_out=None, training=False):
        return ops.take(state["logit"], item, axis=0) + ops.cast(ops.expand_dims(state["user"], 1), "float32")


def test_what_depends_on_items_alone_is_read_from_the_weights_of_the_day():
    model = Popularity(4)
    scorer, user, item = ModelScorer(model), np.array([0, 5], np.int32), np.array([3, 1], np.int32)
    for bias in ([0, 1, 2, 3], [0, 4, 5, 6]):
        model.bias.assign(bias)
        assert scorer.logits(user, item).tolist() == [2 * bias[3], 2 * bias[1] + 5]
        assert scorer.score_catalogue(user).tolist() == [[2 * b + u for b in bias[1:]] for u in (0, 5)]
    assert model.made == 1  # traced once, for pairs and for catalogues


def test_confident_pairs_do_not_tie():
    scorer = ModelScorer(Lookup(np.array([[0, 20], [0, 25]], np.float32)))
    low, high = scorer.score(np.array([0, 1], np.int32), np.array([1, 1], np.int32))
    assert low < high < 1  # in float32 both are 1
    assert scorer.score_catalogue(np.array([0, 1]))[0] < scorer.score_catalogue(np.array([0, 1]))[1]
