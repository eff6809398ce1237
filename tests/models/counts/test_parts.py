"""What is counted, against loops over users, items and triples."""

import dataclasses
import functools
from collections import defaultdict

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.data import small
from tfkgrec import registry
from tfkgrec.data.history import History
from tfkgrec.models.build import build_model
from tfkgrec.models.counts.features import factors_of, facts_of
from tfkgrec.models.counts.model import OF_ITEM, Counts
from tfkgrec.models.counts.settings import CountsSettings
from tfkgrec.protocols.ctr.settings import CtrSplit
from tfkgrec.protocols.ctr.split import cut

SETTINGS = CountsSettings(factors=4, max_fields=2, max_values=50)


@functools.cache
def world() -> tuple[object, History, Counts]:
    dataset = small.dataset(users=40)
    history = cut(dataset, CtrSplit(), 0).train_history
    return dataset, history, build_model(SETTINGS, dataset, history, 0)


def parts_of(user: np.ndarray, item: np.ndarray) -> np.ndarray:
    model = world()[2]
    return np.asarray(model.parts(model.user_state(user), item))


def by_loops(user: int, item: int) -> list[float]:
    dataset, history, model = world()
    holders: dict[int, set[int]] = defaultdict(set)  # item -> users
    for u in range(history.num_users):
        for i in history.of(u):
            holders[int(i)].add(u)
    facts: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))  # relation -> item -> values
    for head, relation, tail in zip(dataset.graph.head, dataset.graph.relation, dataset.graph.tail, strict=True):
        if head <= dataset.num_items:
            facts[int(relation)][int(head)].add(int(tail))
    taken = [int(i) for i in history.of(user) if i != item]
    n = len(holders[item])
    popular, shared = [], []
    for relation in np.asarray(model.field_relation):
        has = facts[int(relation)]
        of_value = {v: [i for i in has if v in has[i]] for v in has[item]}
        linked = {v: among for v, among in of_value.items() if len(among) > 1}
        popular.append(np.log1p(sum(sum(len(holders[i]) for i in among) / len(among) for among in linked.values())))
        shared.append(np.log1p(sum(sum(i in among for i in taken) / len(among) for among in linked.values())))
    given, asked = np.asarray(model.given), np.asarray(model.asked)
    similar = sum(given[j] @ asked[item] for j in taken) / np.sqrt(1 + len(taken))
    return [np.log1p(n), n == 0, n == 1, *popular, similar, *shared]


def test_equals_loops():
    _, history, _ = world()
    users = np.array([0, *np.flatnonzero(history.lengths > 2)[:4]], np.int32)
    items = np.unique([*history.of(users[1])[:2], *history.of(users[2])[:2], 1, 2, 3]).astype(np.int32)
    found = parts_of(users, np.tile(items, (len(users), 1)))
    hits = 0
    for g, user in enumerate(users):
        for m, item in enumerate(items):
            hits += item in history.of(user)
            assert_allclose(found[g, m], by_loops(int(user), int(item)), atol=1e-5, err_msg=f"{user} {item}")
    assert hits > 2  # candidates that stand in the history are among them


def test_fields_are_those_that_most_items_have():
    dataset, _, model = world()
    graph = dataset.graph
    covered = {
        r: len(set(graph.head[(graph.relation == r) & (graph.head <= dataset.num_items)]))
        for r in range(graph.num_relations)
    }
    best = sorted(covered.values(), reverse=True)[: SETTINGS.max_fields]
    assert [covered[int(r)] for r in np.asarray(model.field_relation)] == best


def test_a_value_that_one_item_alone_has_links_it_to_nothing():
    dataset, graph = world()[0], world()[0].graph
    lonely, (first, *_) = graph.num_entities, np.asarray(world()[2].field_relation)
    added = {"head": 1, "relation": first, "tail": lonely}
    more = {name: np.append(getattr(graph, name), value).astype(np.int32) for name, value in added.items()}
    graph = dataclasses.replace(graph, num_entities=lonely + 1, **more)
    facts = facts_of(dataclasses.replace(dataset, graph=graph), 2, 50, np.random.default_rng(0))
    shared = facts.value_weight > 0
    assert facts.value_entity[~shared].tolist() == [0, lonely]  # row 0 is no value
    holders = np.bincount(facts.fact_value)[shared]
    assert_allclose(facts.value_weight[shared], 1 / holders)


def test_factors_reproduce_a_matrix_of_their_rank():
    """Two kinds of users, two kinds of items: rank two."""
    taste = [[1, 2, 3], [1, 2, 3], [4, 5], [4, 5], [4, 5]]
    user = np.repeat(np.arange(1, 6), [len(items) for items in taste])
    history = History.by_user(user, np.concatenate(taste).astype(np.int32), 6)
    factors = factors_of(history, 7, 3, np.random.default_rng(0))
    m = history.counts(7)
    for u, items in enumerate(taste, 1):
        for i in range(1, 7):
            wanted = (i in items) / np.sqrt((len(items) + 1) * (m[i] + 1))
            found = factors.given[items].sum(0) @ factors.asked[i] / np.sqrt(len(items) + 1)
            assert_allclose(found, wanted, atol=1e-5, err_msg=f"{u} {i}")
    assert not factors.given[0].any() and not factors.asked[0].any()


def test_an_explanation_adds_up():
    _, history, model = world()
    rng = np.random.default_rng(0)
    p = model.part_sum.num_parts
    model.part_sum.set_weights_of(rng.normal(size=p), 1 + rng.random(p), rng.normal(size=p), 0.3)
    user = np.flatnonzero(history.lengths > 2)[:6].astype(np.int32)
    item = np.array([history.of(user[0])[0], 1, 2, 3, 4, 0], np.int32)
    why = model.explain(user, item)
    parts = [why.constant, why.popularity, why.similar, *np.asarray(why.shared).T, *np.asarray(why.value_popularity).T]
    logit = np.asarray(model.score_items(model.user_state(user), item[:, None]))[:, 0]
    assert_allclose(np.sum(parts, axis=0), logit, atol=1e-5)
    assert_allclose(why.logit, logit, atol=1e-5)
    for row, (u, i) in enumerate(zip(user, item, strict=True)):
        named = set(np.asarray(why.similar_item)[row].tolist()) - {0}
        assert named <= set(history.of(u).tolist()) - {i}
        for j, relation in enumerate(np.asarray(why.shared_relation)[row]):
            entity, times = np.asarray(why.shared_entity)[row, j], np.asarray(why.shared_times)[row, j]
            graph = world()[0].graph
            have = graph.head[(graph.relation == relation) & (graph.tail == entity)]
            assert times == sum(t in have for t in history.of(u) if t != i)
            assert (entity > 0) == (times > 0) and (not times or i in have)


def test_activity_is_no_part():
    """A user who has taken more of everything gets no other order for it: item parts are the same for all."""
    users = np.arange(5, dtype=np.int32)
    found = parts_of(users, np.tile(np.arange(1, 9, dtype=np.int32), (5, 1)))
    of_item = OF_ITEM + len(np.asarray(world()[2].field_relation))
    assert np.ptp(found[:, :, :of_item], axis=0).max() == 0


@pytest.mark.parametrize("field", ["factors", "max_fields", "max_values"])
def test_settings_change_the_tables(field):
    dataset, history, model = world()
    other = CountsSettings(**{"factors": 4, "max_fields": 2, "max_values": 50, field: 1})
    changed = build_model(other, dataset, history, 0)
    assert [w.shape for w in changed.weights] != [w.shape for w in model.weights]
    assert registry.model("counts").stages == 0
