"""Ranking metrics against the textbook loop, literals, and averages over every way to break the ties."""

from itertools import permutations

import numpy as np
import pytest

from tfkgrec.evaluation.ranking_metrics import ranking_metrics
from tfkgrec.evaluation.ranks import rank_positives


def textbook(relevant: list[bool], k: int) -> dict[str, float]:
    """The metrics of one list without ties, as books write them; `relevant` is best first."""
    n, hits = sum(relevant), sum(relevant[:k])
    places = [r for r, yes in enumerate(relevant, 1) if yes]
    precision, recall = hits / k, hits / n
    ideal = sum(1 / np.log2(1 + r) for r in range(1, min(n, k) + 1))
    return {
        f"precision@{k}": precision,
        f"recall@{k}": recall,
        f"f1@{k}": 2 * precision * recall / (precision + recall) if hits else 0.0,
        f"ndcg@{k}": sum(1 / np.log2(1 + r) for r in places if r <= k) / ideal,
        f"hit@{k}": float(hits > 0),
        "mrr": 1 / places[0],
        "map": sum(sum(relevant[:r]) / r for r in places) / n,
    }


def measured(scores: np.ndarray, relevant: np.ndarray, cutoffs) -> dict[str, np.ndarray]:
    return ranking_metrics(rank_positives(scores, *np.nonzero(relevant)), cutoffs)


def test_without_ties_equals_the_textbook():
    rng = np.random.default_rng(0)
    scores, relevant = rng.permuted(np.tile(np.arange(25.0), (40, 1)), axis=1), rng.random((40, 25)) < 0.2
    relevant[:, 0] |= ~relevant.any(axis=1)
    for k in (1, 2, 5, 10):
        found = measured(scores, relevant, [k])
        for g in range(40):
            expected = textbook(relevant[g][np.argsort(-scores[g])].tolist(), k)
            assert {name: values[g] for name, values in found.items()} == pytest.approx(expected, abs=1e-12)


def test_literals():
    # hits on places 1 and 3 of five, cut at 2
    found = measured(np.array([[5.0, 4, 3, 2, 1]]), np.array([[1, 0, 1, 0, 0]]) > 0, [2])
    assert {name: values[0] for name, values in found.items()} == pytest.approx(
        {
            "precision@2": 1 / 2,
            "recall@2": 1 / 2,
            "f1@2": 1 / 2,
            "ndcg@2": 0.6131472,  # 1 / (1 + 1/log2(3)) = 1 / 1.6309298
            "hit@2": 1.0,
            "mrr": 1.0,
            "map": 5 / 6,  # (1/1 + 2/3) / 2
        },
        abs=1e-7,
    )


@pytest.mark.parametrize(
    ("scores", "relevant"),
    [
        ([1, 1, 1, 1, 1, 1], [1, 0, 0, 1, 0, 0]),  # a constant scorer
        ([3, 2, 2, 2, 1, 1], [0, 1, 1, 0, 1, 0]),  # two tie groups with positives
        ([2, 2, 2, 1, 1, 1], [0, 0, 0, 0, 1, 1]),  # the better group has none
        ([2, 2, 1, 1, 1, 0], [1, 1, 1, 1, 1, 0]),  # groups full of positives
        ([4, 3, 3, 2, 2, 2], [1, 0, 1, 0, 1, 0]),
    ],
)
@pytest.mark.parametrize("k", [1, 2, 3, 4, 6])
def test_ties_are_the_average_over_every_way_to_break_them(scores, relevant, k):
    found = measured(np.array([scores], float), np.array([relevant]) > 0, [k])
    lists = [sorted(range(6), key=lambda i: (-scores[i], order[i])) for order in permutations(range(6))]  # noqa: B023
    every = [textbook([relevant[i] == 1 for i in places], k) for places in lists]
    expected = {name: np.mean([one[name] for one in every]) for name in every[0]}
    assert {name: values[0] for name, values in found.items()} == pytest.approx(expected, abs=1e-12)


def test_a_constant_scorer_is_at_chance():
    relevant = np.zeros((3, 200), bool)
    relevant[[0, 1, 2], [0, 100, 199]] = True  # wherever the positive stands
    found = measured(np.zeros((3, 200)), relevant, [1, 10, 100])
    for k in (1, 10, 100):
        assert found[f"hit@{k}"] == pytest.approx([k / 200] * 3)
        assert found[f"precision@{k}"] == pytest.approx([1 / 200] * 3)
    assert found["mrr"] == pytest.approx([sum(1 / r for r in range(1, 201)) / 200] * 3)


def test_a_cutoff_beyond_the_list():
    found = measured(np.array([[2.0, 1.0]]), np.array([[True, False]]), [100])
    assert (found["hit@100"][0], found["recall@100"][0], found["ndcg@100"][0]) == (1.0, 1.0, 1.0)
    assert found["precision@100"][0] == 0.01


def test_a_list_without_a_positive_is_an_error():
    with pytest.raises(ValueError, match="Received 1 of 2 lists without one"):
        measured(np.zeros((2, 3)), np.array([[1, 0, 0], [0, 0, 0]]) > 0, [1])
