"""Samplers, masks and keyed order, over worlds that hypothesis thinks of: what holds whatever the data."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tfkgrec.data.history import History, sample_histories
from tfkgrec.data.keyed import mix, text_keys, uniform
from tfkgrec.data.negatives import draw_negatives
from tfkgrec.data.neighbours import sample_neighbours
from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.layers.masked import leave_out, masked_softmax

SOME = settings(max_examples=40, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
ITEMS, USERS = 9, 4
PAIRS = st.sets(st.tuples(st.integers(1, USERS), st.integers(1, ITEMS)), max_size=30).map(sorted)


def of(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    user, item = np.array(pairs, np.int32).reshape(-1, 2).T
    return user, item


@SOME
@given(pairs=PAIRS, wanted=st.lists(st.integers(0, 12), min_size=USERS, max_size=USERS), seed=SEEDS)
def test_negatives_are_new_distinct_and_as_many_as_there_are(pairs, wanted, seed):
    user, item = of(pairs)
    counts = np.array([0, *wanted])
    found = draw_negatives(counts, np.sort(pair_keys(user, item, ITEMS + 1)), ITEMS, np.random.default_rng(seed))
    drawn = list(zip(*(column.tolist() for column in found), strict=True))
    assert len(set(drawn)) == len(drawn) and not set(drawn) & set(pairs)
    left = ITEMS - np.bincount(user, minlength=USERS + 1)
    assert np.bincount(found[0], minlength=USERS + 1).tolist() == np.minimum(counts, left).tolist()


@SOME
@given(pairs=PAIRS, length=st.integers(1, 6), seed=SEEDS)
def test_sampled_histories_are_subsets_in_their_order(pairs, length, seed):
    user, item = of(pairs)
    history = History.by_user(user, item, USERS + 1)
    asked = np.arange(USERS + 1)
    for own, row in zip(asked, sample_histories(history, asked, length, np.random.default_rng(seed)), strict=True):
        there = row[row > 0].tolist()
        assert len(there) == min(length, history.lengths[own]) and not row[len(there) :].any()
        places = [history.of(own).tolist().index(one) for one in there]
        assert places == sorted(set(places))


@SOME
@given(
    triples=st.lists(st.tuples(st.integers(1, 12), st.integers(1, 3), st.integers(1, 12)), min_size=1, unique=True),
    k=st.integers(1, 5),
    seed=SEEDS,
)
def test_neighbours_are_triples_of_the_item(triples, k, seed):
    head, relation, tail = np.array(triples, np.int32).T
    near = sample_neighbours(KnowledgeGraph(head, relation, tail, 13, 4), ITEMS, k, np.random.default_rng(seed))
    for item in range(ITEMS + 1):
        held = near.entity[item] > 0
        found = {
            (item, int(r), int(near.entity_ids[e]))
            for r, e in zip(near.relation[item], near.entity[item], strict=True)
            if e
        }
        own = {triple for triple in triples if triple[0] == item}
        assert found <= own and held.sum() == len(found) == min(k, len(own))


@SOME
@given(
    history=st.lists(st.integers(0, 5), min_size=3, max_size=3),
    item=st.integers(1, 5),
    slot=st.integers(0, 2),
    training=st.booleans(),
)
def test_the_target_is_never_seen_and_a_pair_loses_one_item_at_most_beside_it(history, item, slot, training):
    left_out = np.array([[slot]], np.int32) if training else None
    seen = np.asarray(leave_out(np.array([history], np.int32), np.array([[item]], np.int32), left_out))[0, 0]
    assert not any(one in (0, item) for one, kept in zip(history, seen, strict=True) if kept)
    expected = [
        one not in (0, item) and not (training and item not in history and n == slot) for n, one in enumerate(history)
    ]
    assert seen.tolist() == expected


@SOME
@given(rows=st.lists(st.tuples(st.floats(-1e4, 1e4, width=32), st.booleans()), min_size=1, max_size=6))
def test_a_masked_softmax_is_the_softmax_of_what_is_there(rows):
    scores, mask = (np.array(column) for column in zip(*rows, strict=True))
    found = np.asarray(masked_softmax(scores.astype(np.float32)[None], mask[None]))[0]
    assert np.isfinite(found).all() and not found[~mask].any()
    there = np.exp(scores[mask] - scores[mask].max(initial=-np.inf)) if mask.any() else np.zeros(0)
    assert_allclose(found[mask], there / max(there.sum(), 1e-30), atol=1e-5)


@SOME
@given(texts=st.lists(st.text(max_size=5), min_size=2, unique=True), seed=SEEDS, data=st.data())
def test_a_keyed_order_is_the_things_own(texts, seed, data):
    """Whatever order they come in, and whoever else is there."""
    shuffled = data.draw(st.permutations(texts))
    keys, others = (
        dict(zip(some, mix(text_keys(some), seed, "x").tolist(), strict=True)) for some in (texts, shuffled[1:])
    )
    assert all(keys[text] == key for text, key in others.items()) and len(set(keys.values())) == len(texts)
    draws = uniform(mix(text_keys(texts), seed))
    assert np.all((draws >= 0) & (draws < 1))
