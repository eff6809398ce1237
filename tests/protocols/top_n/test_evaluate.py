"""Protocol R's figures and floors, against plain counting."""

import numpy as np
import pytest

from tests.data import small
from tfkgrec.errors import InputError
from tfkgrec.protocols.top_n.baselines import BASELINES, factors, item_knn, popularity
from tfkgrec.protocols.top_n.evaluate import evaluate_parts, evaluate_top_n
from tfkgrec.protocols.top_n.split import TimeSplits, split_by_time

DATASET = small.dataset(users=60, items=40)
SPLITS = split_by_time(DATASET, 0, cold_users=0.3)
USERS = np.arange(len(SPLITS.offsets) - 1)
RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(len(USERS), SPLITS.num_item_rows - 1)).astype(np.float32)


def held(splits: TimeSplits, part: str) -> dict[int, list[int]]:
    pairs = getattr(splits, part)
    return {int(u): pairs.item[pairs.user == u].tolist() for u in np.unique(pairs.user)}


def known(splits: TimeSplits, part: str) -> list[list[int]]:
    history = splits.known(part)
    return [history.of(user).tolist() for user in range(history.num_users)]


def by_sorting(part: str) -> dict[int, list[bool]]:
    """User -> whether the n-th best candidate is a held-out one."""
    seen = known(SPLITS, part)
    hits = {}
    for user, wanted in held(SPLITS, part).items():
        order = [i for i in (np.argsort(-SCORES[user]) + 1).tolist() if i not in seen[user]]
        hits[user] = [i in wanted for i in order]
    return hits


@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("batch_users", [7, 256])
def test_figures_equal_sorting_and_counting(part, batch_users):
    found = evaluate_top_n(lambda user, _: SCORES[user], SPLITS, part, batch_users)
    hits = by_sorting(part)
    groups = {"full": list(hits)}
    if part == "test":
        groups["full_cold"] = [u for u in hits if len(held(SPLITS, "test")[u]) < 5]
        groups["full_thinned"] = [u for u in hits if SPLITS.thinned[u]]
    assert found.keys() == groups.keys()
    for name, users in groups.items():
        assert found[name]["users"] == len(users) > 1
        for k in (1, 5, 10):
            each = np.array([np.mean(hits[u][:k]) for u in users])
            assert found[name][f"precision@{k}"] == pytest.approx(each.mean())
            assert found[name][f"precision@{k}_se"] == pytest.approx(each.std(ddof=1) / np.sqrt(len(users)))
        assert found[name]["mrr"] == pytest.approx(np.mean([1 / (1 + hits[u].index(True)) for u in users]))


def test_a_constant_scorer_earns_what_chance_earns():
    found = evaluate_top_n(lambda user, _: np.zeros_like(SCORES[user]), SPLITS)["full"]
    seen = known(SPLITS, "test")
    chance = [len(items) / (40 - len(seen[u])) for u, items in held(SPLITS, "test").items()]
    for k in (1, 5, 10):
        assert found[f"precision@{k}"] == pytest.approx(np.mean(chance))


def test_popularity_counts_what_the_part_may_know():
    for part in ("validation", "test"):
        count = np.bincount(np.concatenate(known(SPLITS, part)).astype(int), minlength=41)[1:]
        assert np.array_equal(popularity(SPLITS)(USERS[:3], part)[1], count)


@pytest.mark.parametrize("newest", [None, 2])
def test_item_knn_equals_the_loop(newest):
    for part in ("validation", "test"):
        seen = known(SPLITS, part)
        rated = np.zeros((len(USERS), 41))
        for user, items in enumerate(seen):
            rated[user, items] = 1
        size = np.sqrt(np.maximum((rated**2).sum(axis=0), 1))
        cosine = rated.T @ rated / size[:, None] / size
        np.fill_diagonal(cosine, 0)
        found = item_knn(SPLITS, newest)(USERS, part)
        for user, items in enumerate(seen):
            read = items if newest is None else items[-newest:]
            np.testing.assert_allclose(found[user], cosine[read].sum(axis=0)[1:], atol=1e-5)


def test_factors_are_asked_for_by_part():
    vectors = {part: (RNG.normal(size=(len(USERS), 2)), RNG.normal(size=(41, 2))) for part in ("validation", "test")}
    score = factors(vectors.__getitem__)
    np.testing.assert_allclose(score(USERS[:2], "test")[1, 4], vectors["test"][0][1] @ vectors["test"][1][5])


def test_every_floor_is_judged_on_both_parts():
    for floor in BASELINES.values():
        found = evaluate_parts(floor(SPLITS), SPLITS)
        assert found.keys() == {"validation", "test"}
        assert all(np.isfinite(list(figures["full"].values())).all() for figures in found.values())


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(InputError, match="finite"):
        evaluate_top_n(lambda user, _: np.full((len(user), 40), np.nan), SPLITS)
    with pytest.raises(ValueError, match="num_items"):
        evaluate_top_n(lambda user, _: np.zeros((len(user), 3)), SPLITS)
