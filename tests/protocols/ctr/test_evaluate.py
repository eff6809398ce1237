"""Click-through metrics of a scorer on one part of the split: which pairs, and what popularity is there."""

import numpy as np
import pytest

from tests.evaluation import small
from tfkgrec.errors import InputError
from tfkgrec.evaluation import ctr
from tfkgrec.evaluation.scorers import Scorer
from tfkgrec.protocols.ctr.evaluate import evaluate_ctr, evaluate_scorer


def test_popularity_itself_is_at_chance_within_equal_popularity():
    splits = small.splits(users=60)
    count = splits.popularity.astype(float)
    assert evaluate_ctr(lambda user, item: count[item], splits, probability=False)["auc_equal_popularity"] == 0.5


def test_equal_popularity_means_training_positives():
    splits = small.splits(users=60)
    scores = np.random.default_rng(0).random((61, 21))
    count = {i: sum(splits.train_history.items == i) for i in range(1, 21)}
    expected = ctr.auc_within(
        splits.test.label, scores[splits.test.user, splits.test.item], [count[i] for i in splits.test.item.tolist()]
    )
    found = evaluate_ctr(lambda user, item: scores[user, item], splits)["auc_equal_popularity"]
    assert found == pytest.approx(expected)


def test_evaluate_ctr_names_the_part_that_lacks_a_class():
    splits = small.splits()
    splits.test.label[:] = 1
    with pytest.raises(InputError, match="test: expected positives and negatives, found 36 and 0"):
        evaluate_ctr(lambda user, item: np.zeros(len(user)), splits)


def test_evaluate_ctr_scores_the_part_asked_for():
    splits = small.splits()
    key = splits.validation.user * 100 + splits.validation.item
    truth = dict(zip(key.tolist(), splits.validation.label.tolist(), strict=True))
    result = evaluate_ctr(
        lambda user, item: np.array([truth[k] for k in (user * 100 + item).tolist()]), splits, "validation"
    )
    assert result == pytest.approx(
        {"auc": 1.0, "acc": 1.0, "auc_equal_popularity": 1.0, "log_loss": 0.0, "ece": 0.0}, abs=1e-6
    )


def test_what_test_was_judged_by_is_kept_and_near_certainty_does_not_tie():
    splits = small.splits(users=60)
    logit = np.random.default_rng(0).normal(20, 4, (61, 21))  # probabilities that are all 1 in 32 bits
    kept: dict[str, np.ndarray] = {}
    scorer = Scorer(lambda user, item: 1 / (1 + np.exp(-logit[user, item])), lambda user: logit[user, 1:], True)
    found = evaluate_scorer(scorer, splits, scores=kept)["test"]
    assert kept["user"] is splits.test.user and kept["item"] is splits.test.item
    assert ctr.auc(kept["label"], kept["score"].astype(np.float32)) == pytest.approx(found["auc"], abs=1e-4)
    np.testing.assert_allclose(kept["score"], logit[splits.test.user, splits.test.item], atol=0.1)
