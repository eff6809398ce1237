import keras
import numpy as np
import pytest

from tests.kge.small import put
from tfkgrec.data.history import History
from tfkgrec.kge.bpr import BprFactorization, PairBatches
from tfkgrec.kge.fitting import fit


def history_of(*items: list[int]) -> History:
    """Training positives of users 1, 2, ..; user 0 is nobody."""
    lengths = [0, *map(len, items)]
    return History(np.array([i for own in items for i in own], np.int32), np.concatenate([[0], np.cumsum(lengths)]))


def rows(arrays: dict) -> list[tuple[int, int, int]]:
    """(user, item, other) of weight 1."""
    real = arrays["weight"] == 1
    return list(zip(*(arrays[name][real].tolist() for name in ("user", "item", "other")), strict=True))


def test_loss_is_the_papers():
    model = BprFactorization(3, 4, 2, l2=0.1)
    put(model, user=[[1, 2], [0, 1]], item=[[1, 0], [0, 1], [2, 2]])
    batch = {"user": [1, 2], "item": [1, 2], "other": [2, 3], "weight": [1, 1]}
    batch = {name: np.array(values, np.float32 if name == "weight" else np.int32) for name, values in batch.items()}
    # x_112 = (1, 2) . ((1, 0) - (0, 1)) = -1;  x_223 = (0, 1) . ((0, 1) - (2, 2)) = -1
    # squared lengths 5 + 1 + 1 and 1 + 1 + 8
    first, second = np.log(1 + np.e) + 0.1 * 7, np.log(1 + np.e) + 0.1 * 10
    assert float(model.compute_loss(batch, None, model(batch))) == pytest.approx((first + second) / 2, abs=1e-6)
    batch["weight"][1] = 0
    assert float(model.compute_loss(batch, None, model(batch))) == pytest.approx(first, abs=1e-6)


def test_one_step_follows_the_gradient():
    model = BprFactorization(2, 3, 1, l2=0.0)
    put(model, user=[[2]], item=[[1], [0.5]])
    model.compile(keras.optimizers.SGD(0.5), jit_compile=True)
    batch = {name: np.array([value], np.int32) for name, value in (("user", 1), ("item", 1), ("other", 2))}
    model.train_on_batch({**batch, "weight": np.ones(1, np.float32)})
    # x = 2 (1 - 0.5) = 1; d loss / d x = -sigmoid(-1) = -0.268941
    push = 0.5 / (1 + np.e)
    user, item = model.vectors()
    np.testing.assert_allclose(user, [[0], [2 + push * 0.5]], atol=1e-6)
    np.testing.assert_allclose(item, [[0], [1 + push * 2], [0.5 - push * 2]], atol=1e-6)


def test_an_epoch_holds_every_positive_once_against_what_the_user_has_not_touched():
    history = history_of([3, 1], [2], [], [4, 5, 6, 7, 8, 9])
    touched = {(u, i) for u in range(5) for i in history.of(u).tolist()}
    batches = PairBatches(history, 12, batch_size=4, seed=0)
    assert len(batches) == 3
    for epoch in range(20):
        found = rows(batches.epoch(epoch))
        assert sorted((u, i) for u, i, _ in found) == sorted(touched)
        assert not {(u, j) for u, _, j in found} & touched
        assert all(1 <= j <= 11 for _, _, j in found)
    sizes = {len(batches[n][0]["user"]) for n in range(3)}
    assert sizes == {3}


def test_who_has_touched_nearly_all_gets_the_rest_and_who_has_touched_all_nothing():
    history = history_of([1, 2, 3, 4], [1, 2, 3, 4, 5])
    found = rows(PairBatches(history, 6, batch_size=64, seed=0).epoch(0))
    assert sorted(found) == [(1, item, 5) for item in (1, 2, 3, 4)]


def test_epochs_and_seeds_differ_and_an_epoch_is_repeatable():
    history = history_of(*[[1, 2, 3], [4, 5, 6]] * 10)
    one, same, other = (PairBatches(history, 200, 16, seed) for seed in (0, 0, 1))
    assert rows(one.epoch(2)) == rows(same.epoch(2)) != rows(one.epoch(3))
    assert rows(one.epoch(2)) != rows(other.epoch(2))


def test_it_learns_who_likes_what():
    """Two tastes of ten items; a user has touched six of ten and likes the other four better than the foreign ten."""
    rng = np.random.default_rng(0)
    tastes = np.arange(80) % 2
    touched = [(1 + 10 * taste + rng.choice(10, 6, replace=False)).tolist() for taste in tastes]
    history = history_of(*touched)
    model = BprFactorization(81, 21, 8, l2=1e-3, seed=1)
    lines: list[str] = []
    batches = PairBatches(history, 21, 128, 1)
    speed, losses = fit(model, batches, 40, 0.02, True, len(history.items), "pairs", lines.append)
    assert len(losses) == 40 and losses[-1] < losses[0]
    assert speed > 0 and "pairs/s" in lines[-1]
    user, item = model.vectors()
    scores = user[1:] @ item.T
    better = [
        scores[u, 1 + 10 * t + np.setdiff1d(np.arange(10), np.array(own) - 1 - 10 * t)].mean()
        > scores[u, 1 + 10 * (1 - t) : 11 + 10 * (1 - t)].mean()
        for u, (t, own) in enumerate(zip(tastes, touched, strict=True))
    ]
    assert np.mean(better) > 0.95
    assert not user[0].any() and not item[0].any()
