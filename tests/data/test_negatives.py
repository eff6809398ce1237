"""Negatives: uniform, without replacement, never forbidden, for thin and crowded users alike."""

import numpy as np
import pytest
from scipy.stats import chisquare

from tfkgrec.data.draws import Draws, KeyDraws, RowDraws
from tfkgrec.data.keyed import mix
from tfkgrec.data.negatives import draw_untouched


def by_rows(users: int, num_items: int, seed: int) -> Draws:
    return RowDraws(np.random.default_rng(seed), users, num_items + 1)


def by_keys(users: int, num_items: int, seed: int) -> Draws:
    return KeyDraws(mix(np.arange(users), "user"), mix(np.arange(num_items + 1), "item"), (seed,))


@pytest.fixture(params=[by_rows, by_keys])
def draws_for(request):
    """(users, num_items, seed) -> draws of either version."""
    return request.param


def keys(pairs: list[tuple[int, int]], num_items: int) -> np.ndarray:
    return np.array(sorted(u * (num_items + 1) + i for u, i in pairs), np.int64)


@pytest.mark.parametrize("seed", range(5))
def test_counts_range_distinct_and_allowed(draws_for, seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 12, 30)
    counts[0] = 0
    forbidden = [(u, int(i)) for u in range(1, 30) for i in rng.choice(np.arange(1, 26), rng.integers(0, 10), False)]
    user, item = draws_for(30, 25, seed).negatives(counts, keys(forbidden, 25))
    assert user.dtype == item.dtype == np.int32
    assert np.bincount(user, minlength=30).tolist() == counts.tolist()
    assert (np.diff(user) >= 0).all()
    assert item.min() >= 1
    assert item.max() <= 25
    drawn = set(zip(user.tolist(), item.tolist(), strict=True))
    assert len(drawn) == len(user)
    assert not drawn & set(forbidden)


@pytest.mark.parametrize("count", [3, 9], ids=["by rejection", "crowded, from the complement"])
def test_every_allowed_item_is_equally_likely(draws_for, count):
    # 4,000 users alike: 20 items, 4 of them forbidden; each of the other 16 is drawn by count / 16 of the users.
    users, forbidden = 4_000, [1, 7, 8, 20]
    taken = keys([(u, i) for u in range(users) for i in forbidden], 20)
    user, item = draws_for(users, 20, 0).negatives(np.full(users, count), taken)
    times = np.bincount(item, minlength=21)
    allowed = np.setdiff1d(np.arange(1, 21), forbidden)
    assert times[0] == times[forbidden].sum() == 0
    assert chisquare(times[allowed]).pvalue > 1e-3


def test_pairs_of_items_are_equally_likely(draws_for):
    # Two of four items without replacement: six pairs, each for a sixth of the users; redrawing must not favour any.
    user, item = draws_for(6_000, 4, 1).negatives(np.full(6_000, 2), np.array([], np.int64))
    both = np.sort(item.reshape(-1, 2), axis=1)
    _, times = np.unique(both[:, 0] * 10 + both[:, 1], return_counts=True)
    assert len(times) == 6
    assert chisquare(times).pvalue > 1e-3


def test_whoever_has_too_few_left_gets_all_of_them(draws_for):
    # five items, three taken, four wanted: the two that are left; another user has none left at all
    taken = keys([(1, 1), (1, 3), (1, 5), *((2, i) for i in range(1, 6))], 5)
    user, item = draws_for(3, 5, 0).negatives(np.array([0, 4, 3]), taken)
    assert user.tolist() == [1, 1]
    assert sorted(item.tolist()) == [2, 4]


def test_nothing_wanted(draws_for):
    user, item = draws_for(3, 5, 0).negatives(np.zeros(3, int), np.array([], np.int64))
    assert len(user) == len(item) == 0


def test_one_seed_one_draw(draws_for):
    first, again, other = (
        draws_for(50, 30, seed).negatives(np.full(50, 3), np.array([], np.int64))[1] for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("crowd", [0, 12], ids=["by rejection", "crowded, from the complement"])
def test_popular_items_come_in_proportion(draws_for, crowd):
    # 6,000 users draw one item each; items 1..20 have counts 0 (counts as 1), 1, 2, .. 19.
    popularity = np.array([99, *range(20)])
    taken = keys([(u, i) for u in range(6_000) for i in range(9, 9 + crowd)], 20)
    _, item = draws_for(6_000, 20, 0).negatives(np.ones(6_000, int), taken, popularity)
    weight = np.maximum(popularity[1:], 1).astype(float)
    weight[8 : 8 + crowd] = 0
    times = np.bincount(item, minlength=21)[1:]
    assert times[weight == 0].sum() == 0
    assert chisquare(times[weight > 0], (6_000 * weight / weight.sum())[weight > 0]).pvalue > 1e-3


def test_by_keys_a_user_is_drawn_for_alone():
    """Whoever else is asked, under whatever number; a new item changes one draw in ten, not all of them."""
    rng = np.random.default_rng(0)
    counts, forbidden = rng.integers(0, 60, 40), [(u, int(i)) for u in range(40) for i in rng.choice(99, 30, False) + 1]
    user_keys, item_keys = mix(np.arange(40), "user"), mix(np.arange(102), "item")
    user, item = KeyDraws(user_keys, item_keys[:101], (0,)).negatives(counts, keys(forbidden, 100))
    for one in (3, 17):
        own = keys([(0, i) for u, i in forbidden if u == one], 100)
        alone = KeyDraws(user_keys[[one]], item_keys[:101], (0,)).negatives(counts[[one]], own)[1]
        assert alone.tolist() == item[user == one].tolist()
    more = KeyDraws(user_keys, item_keys, (0,)).negatives(counts, keys(forbidden, 101))
    before, after = (set(zip(*(column.tolist() for column in drawn), strict=True)) for drawn in ((user, item), more))
    assert len(before - after) < 0.1 * len(before)


def test_by_keys_the_weights_count_where_lots_do_not_suffice():
    """Two of three items left, after items that outweigh them by far: P(first of weight 4 among 4, 1, 1) = 2/3."""
    popularity = np.array([0, 10**6, 4, 1, 1])
    taken = keys([(u, 1) for u in range(3_000)], 4)
    _, item = by_keys(3_000, 4, 0).negatives(np.ones(3_000, int), taken, popularity)
    assert chisquare(np.bincount(item, minlength=5)[2:], [2_000, 500, 500]).pvalue > 1e-3


def test_one_untouched_item_for_every_place():
    user = np.tile(np.arange(3, dtype=np.int32), (500, 1))
    taken = keys([(0, 1), (0, 2), (2, 1), (2, 2), (2, 3), (2, 4)], 4)
    item = draw_untouched(user, taken, 4, np.random.default_rng(0))
    assert item.shape == user.shape
    assert item.dtype == np.int32
    assert set(item[:, 0].tolist()) == {3, 4}
    assert set(item[:, 1].tolist()) == {1, 2, 3, 4}
    assert not item[:, 2].any()  # has touched everything
