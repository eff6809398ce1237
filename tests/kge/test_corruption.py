import numpy as np
import pytest
from scipy.stats import chisquare

from tests.kge.small import graph, keys, random_graph
from tfkgrec.kge.corruption import Corruption


def corrupted(triples, drawn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Head, relation and tail [n, N] after the replacement."""
    other, at_head, _ = drawn
    head, tail = (np.broadcast_to(side[:, None], other.shape) for side in (triples.head, triples.tail))
    relation = np.broadcast_to(triples.relation[:, None], other.shape)
    return np.where(at_head, other, head), relation, np.where(at_head, tail, other)


@pytest.mark.parametrize("how", ["uniform", "bernoulli"])
@pytest.mark.parametrize("seed", range(3))
def test_no_corruption_is_a_triple_of_the_graph(how, seed):
    """A third of all possible triples are true, so unfiltered draws would hit one at every third try."""
    triples = random_graph(entities=10, relations=2, triples=70, seed=seed)
    drawn = Corruption(triples, how).draw(triples.head, triples.relation, triples.tail, 20, np.random.default_rng(seed))
    other, at_head, ok = drawn
    assert other.shape == at_head.shape == ok.shape == (70, 20)
    assert ok.all() and other.min() >= 1 and other.max() <= 10
    false = set(zip(*(part.ravel().tolist() for part in corrupted(triples, drawn)), strict=True))
    assert not false & keys(triples)


def test_each_false_triple_is_equally_likely():
    # (1, 1, t) is true for t = 1, 2 of 6: a replaced tail is 3, 4, 5 or 6; a replaced head is 2 .. 6.
    triples = graph([(1, 1, 1), (1, 1, 2)], 7, 2)
    other, at_head, ok = Corruption(triples).draw(
        *(np.repeat(ids[:1], 20_000) for ids in (triples.head, triples.relation, triples.tail)),
        negatives=1,
        rng=np.random.default_rng(0),
    )
    assert ok.all()
    tails, heads = np.bincount(other[~at_head], minlength=7), np.bincount(other[at_head], minlength=7)
    assert tails[:3].sum() == heads[:2].sum() == 0
    assert chisquare(tails[3:]).pvalue > 1e-3 and chisquare(heads[2:]).pvalue > 1e-3
    assert abs(at_head.mean() - 0.5) < 0.02


def test_bernoulli_replaces_the_side_with_more_partners():
    # Relation 1: head 1 with tails 2 .. 5: 4 tails a head, 1 head a tail: the head goes with 4 / 5.
    triples = graph([(1, 1, tail) for tail in range(2, 6)], 40, 3)
    corruption = Corruption(triples, "bernoulli")
    np.testing.assert_allclose(corruption.head_probability, [0.5, 0.8, 0.5])
    _, at_head, _ = corruption.draw(triples.head, triples.relation, triples.tail, 2_000, np.random.default_rng(0))
    assert abs(at_head.mean() - 0.8) < 0.02


def test_a_full_side_leaves_the_other_and_two_full_sides_nothing():
    # Head 1 has every entity as its tail; of the others only (2, 1, 1) is true.
    triples = graph([(1, 1, 1), (1, 1, 2), (1, 1, 3), (2, 1, 1)], 4, 2)
    drawn = Corruption(triples).draw(triples.head, triples.relation, triples.tail, 30, np.random.default_rng(0))
    other, at_head, ok = drawn
    assert ok.all()
    assert at_head[:3].all()
    assert set(other[0]) == {3} and set(other[1]) == {2, 3}
    full = graph([(h, 1, t) for h in (1, 2) for t in (1, 2)], 3, 2)
    _, _, ok = Corruption(full).draw(full.head, full.relation, full.tail, 3, np.random.default_rng(0))
    assert not ok.any()


def test_one_seed_one_draw():
    triples = random_graph()
    draws = [
        Corruption(triples).draw(triples.head, triples.relation, triples.tail, 2, np.random.default_rng(seed))
        for seed in (0, 0, 1)
    ]
    assert all(np.array_equal(a, b) for a, b in zip(draws[0], draws[1], strict=True))
    assert not np.array_equal(draws[0][0], draws[2][0])
