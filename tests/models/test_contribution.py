"""Facts left out one by one, against a model whose tables are without them; Shapley values, against all orders."""

from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.cases.small_models import small_model
from tfkgrec.models import in_turn as module
from tfkgrec.models.contribution import TOP_ITEMS, contributions, shapley

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
        hop, place = divmod(k, getattr(model, "triples_per_item", 1))
        return {
            "dink": ("neighbour_entity", (item, k)),
            "kgcn": ("neighbour_entity", (item, k)),
            "ekpnet": ("ripples", (item, hop, 2, place)),
            "ksr": ("slots", (item, k)),
        }[name]
    slots = [slot for slot in np.asarray(model.item_slot)[item] if slot]
    return "value_slot", int(
        np.concatenate([np.flatnonzero(np.asarray(model.value_slot) == slot) for slot in slots])[k]
    )


def check_facts(name, model, user, item, owner, contribution):
    """Against tables in which `owner` has each of its facts no more."""

    def logit():
        return np.asarray(model.score_items(model.user_state(user), item[:, None]))[0, 0]

    whole, checked = logit(), 0
    for k in np.flatnonzero(contribution):
        table, place = entry(name, model, owner, k)
        before = np.asarray(getattr(model, table)).copy()
        if name == "hkrm" and np.sum(before == before[place]) == 1:
            continue  # a field without any value is no longer a field: tables cannot say that
        changed = before.copy()
        changed[place] = 0
        model.set_table(table, changed)
        without = logit()
        model.set_table(table, before)
        assert_allclose(contribution[k], whole - without, atol=SAME)
        checked += 1
    return checked


@pytest.mark.parametrize("name", ["dink", "kgcn", "ekpnet", "hkrm"])
def test_a_fact_is_worth_what_the_logit_loses_without_it(name):
    small = small_model(name)
    model, (user, item) = small.model, pair(small)
    assert check_facts(name, model, user, item, item[0], np.asarray(model.facts(user, item).contribution)[0])


@pytest.mark.parametrize("name", ["dink", "ekpnet", "hkrm", "ksr"])
def test_so_is_a_fact_of_the_items_that_speak_most_for_the_answer(name):
    small = small_model(name)
    model, user, item, checked = small.model, small.users[2:3], np.array([9], np.int32), 0
    found = contributions(model, user, item)
    likely = (
        model.probability(found.contribution[:, :1] * 0 + np.asarray(small.logits(user, item[:, None])))[0, 0] >= 0.5
    )
    speaks = np.asarray(found.contribution)[0] * (1 if likely else -1)
    best = np.asarray(found.history_item)[0][np.argsort(-speaks, kind="stable")[:TOP_ITEMS]]
    assert np.array_equal(np.asarray(found.top_item)[0], np.where(np.sort(speaks)[::-1][:TOP_ITEMS] > 0, best, 0))
    for owner, contribution in zip(found.top_item[0], np.asarray(found.top_fact_contribution)[0], strict=True):
        checked += check_facts(name, model, user, item, owner, contribution)
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
    for field in ("contribution", "history_contribution", "top_fact_contribution"):
        if getattr(expected, field) is None:
            continue
        assert_allclose(getattr(found, field), getattr(expected, field), atol=SAME)


def test_what_an_item_shares_with_the_candidate_is_worth_what_the_counts_lose():
    """Counts: a table in which the item has nothing in a field."""
    small = small_model("counts")
    model, checked = small.model, 0
    user = small.users[2:5]
    for item in (small.items[:3, 2], small.items[:3, 4]):
        found = contributions(model, user, item)
        history = np.asarray(found.history_item)
        whole = np.asarray(model.logits_keeping(user, item, history, np.ones((3, 1, history.shape[1]), bool)))
        for row, n, field in np.argwhere(np.asarray(found.top_fact_contribution)):
            before = np.asarray(model.item_value).copy()
            changed = before.copy()
            changed[found.top_item[row, n], field] = 0
            model.set_table("item_value", changed)
            without = np.asarray(model.logits_keeping(user, item, history, np.ones((3, 1, history.shape[1]), bool)))
            model.set_table("item_value", before)
            owed = found.top_fact_contribution[row, n, field]
            assert_allclose(owed, (whole - without)[row, 0], atol=SAME)
            checked += 1
    assert checked


def test_a_fusion_owes_a_fact_what_its_members_do():
    small = small_model("fusion")
    model, user, item = small.model, small.users[2:5], small.items[2:5, 2]
    found, share = contributions(model, user, item), np.asarray(model.part_sum.share())
    of_hkrm = model.members["hkrm"].history_facts(user, item, found.top_item)
    place = list(model.member_names).index("hkrm")
    wide = of_hkrm.contribution.shape[2]
    assert np.any(of_hkrm.contribution)
    first = share[sum(model.widths[:place])] * np.asarray(of_hkrm.contribution)
    assert_allclose(np.asarray(found.top_fact_contribution)[:, :, :wide], first, atol=SAME)
