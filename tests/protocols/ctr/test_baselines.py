"""Baselines against reference loops, and their place in an evaluation."""

import numpy as np
import pytest

from tests.evaluation import small
from tfkgrec.errors import InputError
from tfkgrec.evaluation import ctr
from tfkgrec.evaluation.scorers import Scorer
from tfkgrec.protocols.ctr.baselines import evaluate_baselines, item_knn, popularity
from tfkgrec.protocols.ctr.evaluate import evaluate_scorer

SPLITS = small.splits()
HISTORY = {u: set(SPLITS.train_history.of(u).tolist()) for u in range(13)}


def cosine(i: int, j: int) -> float:
    of_i, of_j = ({u for u, items in HISTORY.items() if k in items} for k in (i, j))
    return len(of_i & of_j) / np.sqrt(len(of_i) * len(of_j)) if of_i and of_j else 0.0


def test_popularity_counts_training_positives():
    pairs = SPLITS.test
    expected = [sum(item in items for items in HISTORY.values()) for item in pairs.item.tolist()]
    assert popularity(SPLITS).score(pairs.user, pairs.item).tolist() == expected


@pytest.mark.parametrize("batch_users", [1, 5, 256])
@pytest.mark.parametrize("part", ["train", "test"])
def test_item_knn_equals_the_loop(part, batch_users):
    pairs = getattr(SPLITS, part)  # in train the item itself is in the history, and left out
    expected = [
        sum(cosine(i, j) for j in HISTORY[u] if j != i)
        for u, i in zip(pairs.user.tolist(), pairs.item.tolist(), strict=True)
    ]
    shuffle = np.random.default_rng(0).permutation(len(pairs))
    found = item_knn(SPLITS, batch_users).score(pairs.user[shuffle], pairs.item[shuffle])
    assert found == pytest.approx(np.array(expected)[shuffle], abs=1e-6)


@pytest.mark.parametrize("make", [popularity, item_knn])
def test_catalogue_and_pairs_agree(make):
    floor, users = make(SPLITS), np.array([7, 2], np.int32)
    catalogue = floor.score_catalogue(users)
    assert catalogue.shape == (2, 20)
    for g, user in enumerate(users):
        items = np.arange(1, 21, dtype=np.int32)
        assert np.array_equal(floor.score(np.full(20, user), items), catalogue[g])


def test_a_user_without_history_scores_zero():
    assert not item_knn(SPLITS).score_catalogue(np.array([0])).any()


def test_floors_go_through_the_same_evaluation_as_models():
    extra = {"mf": Scorer(lambda u, i: np.full(len(u), 0.4), lambda u: np.full((len(u), 20), 0.4), probability=True)}
    found = evaluate_baselines(SPLITS, ["popularity", "mf"], extra, top_k=True, batch_users=5)
    assert list(found) == ["popularity", "mf"]
    assert found["mf"] == evaluate_scorer(extra["mf"], SPLITS, top_k=True)
    assert found["mf"]["test"]["auc"] == 0.5
    assert "log_loss" in found["mf"]["test"] and "log_loss" not in found["popularity"]["test"]
    assert found["popularity"]["test"]["full"]["users"] == 12
    assert "full" not in found["popularity"]["validation"]


def test_a_floors_threshold_comes_from_validation():
    validation, test, count = SPLITS.validation, SPLITS.test, SPLITS.popularity
    threshold = ctr.best_threshold(validation.label, count[validation.item])
    expected = np.mean((count[test.item] >= threshold) == (test.label > 0))
    assert evaluate_baselines(SPLITS, ["popularity"])["popularity"]["test"]["acc"] == expected


def test_an_unknown_floor():
    with pytest.raises(InputError, match="expected some of popularity, item_knn, found 'mf'"):
        evaluate_baselines(SPLITS, ["mf"])
