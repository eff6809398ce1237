"""Full-catalogue ranking against a reference loop over users."""

import numpy as np
import pytest

from tests.evaluation import small
from tfkgrec.errors import InputError
from tfkgrec.protocols.ctr.ranking import evaluate_ranking
from tfkgrec.protocols.ctr.split import Splits


def table(splits: Splits, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((len(splits.train_history.lengths), splits.num_item_rows - 1))


def test_equals_a_loop_over_users():
    splits = small.splits()
    scores = table(splits)
    hit, recall, mrr = [], [], []
    for user in np.unique(splits.test.positives.user):
        seen = set(splits.train_history.of(user).tolist())
        wanted = set(splits.test.positives.item[splits.test.positives.user == user].tolist())
        ranked = sorted((i for i in range(1, 21) if i not in seen), key=lambda i: -scores[user, i - 1])  # noqa: B023
        hit.append(bool(wanted & set(ranked[:5])))
        recall.append(len(wanted & set(ranked[:5])) / len(wanted))
        mrr.append(1 / (1 + min(ranked.index(i) for i in wanted)))
    found = evaluate_ranking(lambda user: scores[user], splits)
    assert (found["hit@5"], found["recall@5"], found["mrr"]) == pytest.approx(
        (np.mean(hit), np.mean(recall), np.mean(mrr))
    )
    assert found["users"] == len(hit) == 12


@pytest.mark.parametrize("batch_users", [1, 5, 12, 1000])
def test_any_batch_size_gives_the_same(batch_users):
    splits = small.splits()
    scores = np.round(table(splits), 1)  # with ties

    def score_catalogue(user: np.ndarray) -> np.ndarray:
        assert len(user) <= batch_users
        return scores[user]

    assert evaluate_ranking(score_catalogue, splits, batch_users=batch_users) == evaluate_ranking(
        lambda user: scores[user], splits, batch_users=7
    )


def test_training_positives_are_no_candidates():
    splits = small.splits()
    scores = np.zeros((13, 20))
    owner = np.repeat(np.arange(13), splits.train_history.lengths)
    scores[owner, splits.train_history.items - 1] = 9.0  # would push every test positive down
    scores[splits.test.positives.user, splits.test.positives.item - 1] = 1.0
    found = evaluate_ranking(lambda user: scores[user], splits)
    assert (found["mrr"], found["map"], found["hit@1"]) == (1.0, 1.0, 1.0)
    assert scores.max() == 9.0  # the caller's table is left alone


def test_a_constant_integer_scorer_is_at_chance():
    splits = small.splits()
    candidates = 20 - splits.train_history.lengths[np.unique(splits.test.positives.user)]
    found = evaluate_ranking(lambda user: np.zeros((len(user), 20), np.int64), splits, cutoffs=[1])
    wanted = np.bincount(splits.test.positives.user)[1:]
    assert found["precision@1"] == pytest.approx(np.mean(wanted / candidates))


def test_bad_scores():
    splits = small.splits()
    with pytest.raises(ValueError, match=r"\(12, 20\). Received: \(12, 21\)"):
        evaluate_ranking(lambda user: np.zeros((len(user), 21)), splits)
    with pytest.raises(InputError, match="240 NaN or infinite"):
        evaluate_ranking(lambda user: np.full((len(user), 20), np.nan), splits)


def test_a_part_without_positives():
    splits = small.splits()
    splits.test.label[:] = 0
    with pytest.raises(InputError, match="test: expected at least one positive to rank"):
        evaluate_ranking(lambda user: np.zeros((len(user), 20)), splits)
