"""Protocol S: what comes next, by hand, among 100 negatives and among all; floors; ties."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.data.small import dataset
from tfkgrec.errors import InputError
from tfkgrec.protocols.sequential.baselines import factors, item_knn, popularity
from tfkgrec.protocols.sequential.evaluate import evaluate_next, evaluate_scorer
from tfkgrec.protocols.sequential.split import SequenceSplits, Targets, split_sequences

ITEMS = 9


def splits(test_items=(4,), negatives=(5, 6, 7)) -> SequenceSplits:
    """User 1: trained on 1 2, validated on 3, tested on 4 (and more); user 2: 2 1, then 3, then 5."""
    first = [1, 2, 3, *test_items]
    items = np.array([*first, 2, 1, 3, 5], np.int32)
    end = len(first)
    return SequenceSplits(
        items=items,
        offsets=np.array([0, 0, end, end + 4]),
        train_end=np.array([0, 2, end + 2]),
        validation_end=np.array([0, 3, end + 3]),
        validation=Targets(np.array([1, 2]), np.array([3, 3]), np.array([0, 1, 2]), np.array([[5, 6], [7, 8]])),
        test=Targets(
            np.array([1, 2]),
            np.array([*test_items, 5]),
            np.array([0, len(test_items), len(test_items) + 1]),
            np.array([list(negatives), [4, 6, 0]]),
        ),
        num_item_rows=ITEMS + 1,
        next="item",
    )


def fixed(*rows):
    """Scores of items 1..9 for users 1, 2."""
    table = np.array(rows, float)
    return lambda user, part: table[user - 1]


DOWN = np.arange(ITEMS, 0, -1.0)  # item 1 is best


def test_by_hand():
    # User 1: 4 against 5 6 7 -> first. User 2: 5 against 4 6 -> second.
    found = evaluate_next(fixed(DOWN, DOWN), splits(), "test")
    assert found["sampled"] == pytest.approx(
        {"map": 0.75, "mrr": 0.75, "hit@10": 1, "ndcg@10": (1 + 1 / np.log2(3)) / 2, "users": 2}
    )
    # Full: user 1 has taken 1 2 3, so 4 is first. User 2 has taken 2 1 3; 4 stands before 5.
    # Both lists are recommended whole: items 4 to 9 of nine, of which training has none.
    full = dict(found["full"])
    assert (full.pop("recall@20"), full.pop("coverage@10"), full.pop("popularity@10")) == (1, 6 / 9, 0)
    assert full == pytest.approx(found["sampled"])
    # Validation knows the training items only: 3 is first for both, among all but 1 and 2.
    assert evaluate_next(fixed(DOWN, DOWN), splits(), "validation")["full"]["map"] == 1


def test_what_is_averaged_is_kept_user_by_user():
    kept: dict[str, np.ndarray] = {}
    found = evaluate_scorer(fixed(DOWN, DOWN), splits(), scores=kept)["test"]
    assert kept["user"].tolist() == [1, 2] and kept["sampled.map"].tolist() == kept["full.map"].tolist() == [1, 0.5]
    for name in ("full.mrr", "full.recall@20", "sampled.ndcg@10"):
        candidates, metric = name.split(".")
        assert found[candidates][metric] == kept[name].mean()


def test_a_session_is_one_list():
    # 4 and 8 against 5 6 7: places 1 and 5: AP = (1/1 + 2/5) / 2 = .7, first hit 1. User 2 as before: 1/2.
    found = evaluate_next(fixed(DOWN, DOWN), splits(test_items=(4, 8)), "test", candidates=["sampled"])
    assert found.keys() == {"sampled"}
    assert found["sampled"]["map"] == pytest.approx((0.7 + 0.5) / 2)
    assert found["sampled"]["mrr"] == pytest.approx((1 + 0.5) / 2)


def test_equal_scores_earn_what_chance_earns():
    # Lists of 4 and 3: expected 1 / rank is (1 + 1/2 + 1/3 + 1/4) / 4 and (1 + 1/2 + 1/3) / 3.
    found = evaluate_next(fixed(np.ones(ITEMS), np.ones(ITEMS)), splits(), "test")["sampled"]
    assert found["mrr"] == pytest.approx((25 / 48 + 11 / 18) / 2)


@pytest.mark.parametrize("next", ["item", "session"])
@pytest.mark.parametrize("batch_users", [1, 7, 256])
def test_batches_do_not_matter_and_equal_a_loop(next, batch_users):
    data = dataset(users=40, items=150)
    pairs = dataclasses.replace(data.interactions, timestamp=data.interactions.timestamp * 3_600)
    cut = split_sequences(dataclasses.replace(data, interactions=pairs), 0, next)
    table = np.random.default_rng(0).normal(size=(len(cut.offsets), cut.num_item_rows - 1))
    found = evaluate_next(lambda user, part: table[user], cut, "test", batch_users)
    known = cut.known("test")
    for name in ("sampled", "full"):
        precisions = []
        for k, user in enumerate(cut.test.user):
            positives = set(cut.test.item[cut.test.offsets[k] : cut.test.offsets[k + 1]].tolist())
            own = set(known.of(user).tolist())
            others = (
                set(cut.test.negatives[k].tolist()) if name == "sampled" else set(range(1, cut.num_item_rows)) - own
            )
            ranked = sorted(positives | others, key=lambda item, user=user: -table[user, item - 1])
            places = [n for n, item in enumerate(ranked, 1) if item in positives]
            precisions.append(np.mean([n / place for n, place in enumerate(places, 1)]))
        assert found[name]["map"] == pytest.approx(np.mean(precisions), abs=1e-6)
        assert found[name]["users"] == len(cut.test.user)


def test_floors_count_training_items_only():
    given = splits()
    user = np.array([1, 2])
    assert_allclose(popularity(given)(user, "test"), np.tile([2, 2, 0, 0, 0, 0, 0, 0, 0], (2, 1)))
    # Items 1 and 2 were taken by the same two users: cosine 1; nothing is near to 3, known or not.
    for part in ("validation", "test"):
        assert_allclose(item_knn(given)(user, part), np.tile([1, 1, 0, 0, 0, 0, 0, 0, 0], (2, 1)), atol=1e-6)
    users, items = np.array([[0, 0], [1, 2], [0, 1]]), np.arange(20).reshape(10, 2)
    assert_allclose(factors(users, items)(user, "test")[0], items[1:] @ [1, 2])


def test_a_scorer_is_judged_on_both_parts():
    found = evaluate_scorer(popularity(splits()), splits())
    assert found.keys() == {"validation", "test"}
    assert found["test"].keys() == {"sampled", "full"}


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(InputError, match="ranking: scores should be finite. Received 9 NaN or infinite"):
        evaluate_next(fixed(DOWN, np.full(ITEMS, np.nan)), splits(), "test")
    with pytest.raises(ValueError, match=r"should return \[users, num_items\] = \(2, 9\). Received: \(2, 3\)"):
        evaluate_next(lambda user, part: np.zeros((2, 3)), splits(), "test")
