"""Facts left out one by one, against a model whose tables are without them; Shapley values, against all orders."""

from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.cases.small_models import small_model
from tfkgrec.models import contribution as module
from tfkgrec.models.contribution import contributions, shapley

SAME = 2e-5


def pair(small):
    """A user with a history, and an item with facts that is not in it."""
    model, user = small.model, small.users[2:3]
    history = set() if model.read_history(user) is None else set(np.asarray(model.read_history(user))[0])
    facts = [np.asarray(model.facts(user, item).contribution) for item in candidates(history, model.num_items)]
    most = int(np.argmax([np.count_nonzero(one) for one in facts]))
    return user, candidates(history, model.num_items)[most]


def candidates(history, rows):
    return [np.array([item], np.int32) for item in range(1, rows) if item not in history][:12]


def entry(name, model, item, k):
    """Where the tables have fact k of the item."""
    if name != "hkrm":
        return {
            "dink": ("neighbour_entity", (item, k)),
            "kgcn": ("neighbour_entity", (item, k)),
            "ekpnet": ("ripples", (item, 0, 2, k)),
        }[name]
    slots = [slot for slot in np.asarray(model.item_slot)[item] if slot]
    return "value_slot", int(
        np.concatenate([np.flatnonzero(np.asarray(model.value_slot) == slot) for slot in slots])[k]
    )


@pytest.mark.parametrize("name", ["dink", "kgcn", "ekpnet", "hkrm"])
def test_a_fact_is_worth_what_the_logit_loses_without_it(name):
    small = small_model(name)
    model, (user, item) = small.model, pair(small)
    facts, checked = model.facts(user, item), 0

    def logit():
        return np.asarray(model.score_items(model.user_state(user), item[:, None]))[0, 0]

    whole = logit()
    for k in np.flatnonzero(facts.contribution[0]):
        table, place = entry(name, model, item[0], k)
        before = np.asarray(getattr(model, table)).copy()
        if name == "hkrm" and np.sum(before == before[place]) == 1:
            continue  # a field without any value is no longer a field: tables cannot say that
        changed = before.copy()
        changed[place] = 0
        model.set_table(table, changed)
        without = logit()
        model.set_table(table, before)
        assert_allclose(facts.contribution[0, k], whole - without, atol=SAME)
        checked += 1
    assert checked


def test_an_attribute_in_memory_is_worth_what_the_others_leave():
    """m without slot a: the others' weights, which then sum to one (5, 6)."""
    small = small_model("ksr")
    model, user, item = small.model, small.users[2:3], small.items[2, 2:3]
    state = model.user_state(user)
    weight, values = np.asarray(model.memory.read_once(state.hidden, state.memory)[1])[0], np.asarray(state.memory)[0]
    found = contributions(model, user, item)
    for slot in range(len(weight)):
        others = np.arange(len(weight)) != slot
        read = weight[others] @ values[others] / weight[others].sum()
        query = model._query(state.hidden, read[None].astype(np.float32))
        without = np.asarray(model.score_items(state._replace(query=query), item[:, None]))[0, 0]
        logit = np.asarray(model.score_items(state, item[:, None]))[0, 0]
        assert_allclose(found.fact_contribution[0, slot], logit - without, atol=SAME)


def test_shapley_values_are_the_mean_over_all_orders():
    small = small_model("dink")
    model, (user, item) = small.model, pair(small)
    history = np.asarray(model.read_history(user))
    slots, wanted, orders = np.flatnonzero(history[0]), np.zeros(history.shape[1]), 0
    for order in permutations(slots):
        orders += 1
        kept = np.zeros((1, len(order) + 1, history.shape[1]), bool)
        for n, slot in enumerate(order, 1):
            kept[0, n:, slot] = True
        wanted[list(order)] += np.diff(np.asarray(model.logits_keeping(user, item, history, kept))[0])
    found = shapley(model, user, item, samples=400, seed=1)
    assert np.all(
        np.abs(found.contribution[0] - wanted / orders) <= 4.5 * np.asarray(found.contribution_error[0]) + SAME
    )
    assert_allclose(np.sum(found.contribution), found.history_contribution[0], atol=1e-4)
    again, other = (shapley(model, user, item, samples=4, seed=seed).contribution for seed in (1, 2))
    assert np.array_equal(again, shapley(model, user, item, samples=4, seed=1).contribution)
    assert not np.array_equal(again, other)


@pytest.mark.parametrize("name", ["dink", "hkrm", "ekpnet", "ksr", "rkan", "counts"])
def test_a_few_at_a_time_is_all_at_once(name, monkeypatch):
    small = small_model(name)
    model, user, item = small.model, small.users[1:4], small.items[1:4, 2]
    calls = []

    def in_turn(call, times):
        calls.append(int(times))
        return np.stack([call(number) for number in range(int(times))])

    monkeypatch.setattr(module, "SLOTS_AT_ONCE", 2 * np.asarray(model.read_history(user)).size)  # two slots a call
    found, expected = contributions(model, user, item, in_turn=in_turn), contributions(model, user, item)
    assert calls[0] >= 2
    for field in ("contribution", "history_contribution"):
        assert_allclose(getattr(found, field), getattr(expected, field), atol=SAME)
