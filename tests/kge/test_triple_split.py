import numpy as np
import pytest

from tests.kge.small import graph, keys, random_graph
from tfkgrec.kge.triple_split import hold_out


@pytest.mark.parametrize("seed", range(5))
def test_parts_are_disjoint_whole_and_every_id_keeps_a_triple(seed):
    triples = random_graph(entities=40, relations=4, triples=200, seed=seed)
    learned, asked = hold_out(triples, 0.2, np.random.default_rng(seed))
    assert keys(learned) | keys(asked) == keys(triples)
    assert not keys(learned) & keys(asked)
    assert 30 <= len(asked) <= 40
    assert set(np.union1d(triples.head, triples.tail)) == set(np.union1d(learned.head, learned.tail))
    assert set(triples.relation) == set(learned.relation)


def test_a_pair_goes_as_a_whole_so_no_inverse_gives_it_away():
    triples = random_graph(entities=20, relations=2, triples=100)
    both = [(h, r, t) for h, r, t in keys(triples)] + [(t, r + 2, h) for h, r, t in keys(triples)]
    learned, asked = hold_out(graph(both, 21, 5), 0.3, np.random.default_rng(0))
    pairs = [{frozenset((h, t)) for h, _, t in keys(part)} for part in (learned, asked)]
    assert len(asked) > 20
    assert not pairs[0] & pairs[1]


def test_entities_of_one_triple_are_never_held_out():
    star = graph([(1, 1, tail) for tail in range(2, 30)], 30, 2)
    learned, asked = hold_out(star, 0.5, np.random.default_rng(0))
    assert len(asked) == 0 and len(learned) == 28


def test_nothing_asked_nothing_held_out_and_one_seed_one_choice():
    triples = random_graph()
    assert len(hold_out(triples, 0.0, np.random.default_rng(0))[1]) == 0
    first, again, other = (keys(hold_out(triples, 0.2, np.random.default_rng(seed))[1]) for seed in (0, 0, 1))
    assert first == again != other
