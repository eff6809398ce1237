"""`data.cold_items`: some items are nowhere in training; what is said of them is judged among them alone."""

from dataclasses import replace

import numpy as np
import pytest

from tests.data import small
from tests.evaluation import small as small_splits
from tfkgrec.data.history import History
from tfkgrec.data.records import Interactions, KnowledgeGraph
from tfkgrec.errors import InputError
from tfkgrec.protocols.ctr.attribute_scores import attribute_knn, attribute_popularity, fact_matrix
from tfkgrec.protocols.ctr.batches import TrainingBatches
from tfkgrec.protocols.ctr.cold import ColdItems
from tfkgrec.protocols.ctr.evaluate_cold import cold_figures, evaluate_cold
from tfkgrec.protocols.ctr.split import split_ctr

DATASET = small.dataset(users=150, items=80)


def _ints(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


@pytest.mark.parametrize("version", [1, 2])
def test_no_cold_item_is_anywhere_in_training(version):
    dataset = replace(DATASET, split_version=version)
    splits = split_ctr(dataset, 0, cold_items=0.2)
    cold = set(splits.cold.items.tolist())
    assert 8 <= len(cold) <= 24 and (version == 2 or len(cold) == 16)  # a fifth of 80
    for part in ("train", "validation", "test"):
        assert not cold & set(getattr(splits, part).item.tolist())
    assert not cold & set(splits.train_history.items.tolist())
    for pool in ("catalogue", "train_positives"):
        drawn = TrainingBatches(splits, 64, 4, 10, "fresh", seed=0, negative_pool=pool)
        assert not cold & set(np.concatenate([drawn.pairs(epoch).item for epoch in range(20)]).tolist())
    naive = TrainingBatches(replace(splits, cold=None), 64, 4, 10, "fresh", seed=0)
    assert cold & set(naive.pairs(0).item.tolist())  # the check would see them


def test_cold_pairs_are_all_positives_and_as_many_that_nobody_rated():
    splits = split_ctr(DATASET, 0, cold_items=0.2)
    rows, cold = DATASET.interactions, splits.cold
    kept = splits.train_history.lengths[rows.user] > 0
    wanted = kept & (rows.label > 0) & np.isin(rows.item, cold.items)
    liked, drawn = cold.pairs.positives, cold.pairs.take(cold.pairs.label == 0)
    assert sorted(zip(liked.user, liked.item, strict=True)) == sorted(
        zip(rows.user[wanted], rows.item[wanted], strict=True)
    )
    rated = set(zip(rows.user.tolist(), rows.item.tolist(), strict=True))
    pairs = list(zip(drawn.user.tolist(), drawn.item.tolist(), strict=True))
    assert not rated & set(pairs) and len(set(pairs)) == len(pairs)
    assert set(drawn.item.tolist()) <= set(cold.items.tolist())
    assert np.all(np.bincount(drawn.user, minlength=151) <= np.bincount(liked.user, minlength=151))
    assert len(drawn) > 0.9 * len(liked)
    warm = rows.positives.take(~cold.has(rows.positives.item))  # of the others nothing is lost but dropped users'
    left = np.sum(splits.train_history.lengths[warm.user] > 0)
    assert sum(len(getattr(splits, part).positives) for part in ("train", "validation", "test")) == left


def test_which_items_are_cold_depends_on_their_names_alone():
    shuffled = np.random.default_rng(5).permutation(len(DATASET.interactions))
    again = replace(DATASET, interactions=DATASET.interactions.take(shuffled))
    items = split_ctr(DATASET, 0, cold_items=0.2).cold.items
    assert np.array_equal(split_ctr(again, 0, cold_items=0.2).cold.items, items)
    assert set(split_ctr(DATASET, 0, cold_items=0.1).cold.items) < set(items)
    assert not np.array_equal(split_ctr(DATASET, 1, cold_items=0.2).cold.items, items)


def test_nothing_to_judge_by_is_one_line():
    with pytest.raises(InputError, match="data.cold_items: expected some positives among cold items and some among"):
        split_ctr(DATASET, 0, cold_items=1.0)


def test_figures_by_hand():
    # Cold items 3, 5, 8. User 1 likes 5 (not 3), user 2 likes 3 and 8 (not 5), user 3 only dislikes 8.
    pairs = Interactions(_ints(1, 1, 2, 2, 2, 3), _ints(5, 3, 3, 8, 5, 8), np.array([1, 0, 1, 1, 0, 0], np.float32))
    cold = ColdItems(_ints(3, 5, 8), pairs)
    table = np.full((4, 9), 9.0)  # warm items would come first, if they were candidates
    table[1, [2, 4, 7]] = 1, 3, 2
    table[2, [2, 4, 7]] = 2, 2, 5
    table[3, [2, 4, 7]] = 0, 0, 4
    # Positives 3, 2, 5 against negatives 1, 2, 4: 2 + 1 + 3 pairs won of nine, and half of the tie of 2 and 2.
    found = cold_figures(lambda user: table[user], cold, batch_users=2)
    assert found == {"auc": pytest.approx((2 + 1.5 + 3) / 9), "recall@20": 1.0}


def test_recall_counts_cold_candidates_only():
    items = np.arange(1, 41, dtype=np.int32)
    pairs = Interactions(_ints(1, 1, 1), _ints(20, 21, 40), np.array([1, 1, 0], np.float32))
    found = cold_figures(lambda user: np.arange(60, 0, -1.0)[None, :], ColdItems(items, pairs))
    assert found["recall@20"] == 0.5  # item 20 is the last one in


GRAPH = KnowledgeGraph(_ints(1, 2, 3, 1, 2, 5), _ints(0, 0, 0, 1, 1, 1), _ints(6, 6, 7, 8, 9, 3), 10, 2)
"""Items 1..4: 1 and 2 share (0, 6), 3 has (0, 7) and is at the other end of (5, 1); 4 has nothing."""


def test_facts_are_told_apart_by_relation_end_and_direction():
    facts = fact_matrix(GRAPH, 5).toarray()
    assert facts.shape == (5, 5) and facts.sum(1).tolist() == [0, 2, 2, 2, 0]
    assert facts[1] @ facts[2] == 1 and facts[1] @ facts[3] == facts[2] @ facts[3] == 0


def test_popularity_of_attributes_by_hand():
    # (0, 6): items 1 (4 positives) and 2 (none, and so not counted): 4. Item 1 also has (1, 8): 4. Item 2's (1, 9) has
    # nobody who is known: only (0, 6) speaks for it.
    score = attribute_popularity(fact_matrix(GRAPH, 5), np.array([0, 4, 0, 6, 0]))(np.array([1, 2]))
    assert score.tolist() == [[4, 4, 6, 0]] * 2


def test_attribute_knn_equals_a_loop():
    facts = fact_matrix(GRAPH, 5)
    dense, items = facts.toarray(), 4
    weight = np.log(items / dense.sum(0))
    vectors = dense * weight
    history = History(_ints(1, 2, 3), np.array([0, 0, 1, 3]))

    def cosine(i: int, j: int) -> float:
        length = np.linalg.norm(vectors[i]) * np.linalg.norm(vectors[j])
        return float(vectors[i] @ vectors[j] / length) if length else 0.0

    expected = [[np.mean([cosine(i, j) for j in liked]) for i in range(1, 5)] for liked in ([1], [2, 3])]
    np.testing.assert_allclose(attribute_knn(facts, history)(np.array([1, 2])), expected, atol=1e-6)


def test_the_part_stands_beside_what_facts_alone_say():
    splits = split_ctr(DATASET, 0, cold_items=0.2)
    found = evaluate_cold(lambda user: np.zeros((len(user), 80)), splits, DATASET.graph)
    assert found["auc"] == 0.5 and found["items"] == len(splits.cold.items)
    assert found["attribute_knn"].keys() == found["attribute_popularity"].keys() == {"auc", "recall@20"}
    with pytest.raises(InputError, match="expected positives of cold items to judge by, found none"):
        evaluate_cold(lambda user: np.zeros((len(user), 20)), small_splits.splits(), DATASET.graph)
