"""Every model of the registry, in the paper's form, with everything, and without what its ablations take away."""

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from tests.cases.model_case import ModelCase, left_out_and_erased, seen_and_erased, seen_of_later_items
from tests.cases.small_models import EVERYTHING, SmallModel, small_model, variants
from tfkgrec import registry
from tfkgrec.errors import InputError
from tfkgrec.layers.masked import leave_out
from tfkgrec.models.build import build_model
from tfkgrec.models.contribution import contributions
from tfkgrec.models.recommender import outputs
from tfkgrec.models.sequential import SequentialRecommender

MODELS = list(registry.models())
ALL = [(name, variant) for name in MODELS for variant in variants(name)]


class TestModels(ModelCase):
    @pytest.fixture(params=ALL, ids=[f"{name}, {variant}" for name, variant in ALL])
    def small(self, request: pytest.FixtureRequest) -> SmallModel:
        return small_model(*request.param)


def with_dropout() -> list[str]:
    return [name for name in MODELS if hasattr(registry.model(name).settings, "dropout")]


@pytest.mark.parametrize("name", with_dropout())
def test_dropout_only_in_training(name):
    plain, dropping = small_model(name), small_model(name, dropout=0.5)
    given, _ = plain.batch()
    assert_allclose(dropping.model(given), plain.model(given), atol=1e-6)
    once, again = (np.asarray(dropping.model(given, training=True)) for _ in range(2))
    assert np.abs(once - again).max() > 1e-3


@pytest.mark.parametrize("name", MODELS)
def test_one_seed_one_model(name):
    small = small_model(name)

    def built(seed: int) -> list[np.ndarray]:
        keras.utils.set_random_seed(seed)
        history = small.protocol.splits.train_history
        return build_model(small.settings, small.dataset, history, seed).get_weights()

    first, again, other = built(0), built(0), built(1)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(a.shape == b.shape and np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_a_graph_whose_items_are_only_tails_is_read_or_the_setting_that_turns_it_is_named(name):
    """No model trains on no graph in silence: it gets the same of it whichever way it points, or says how it would."""
    small = small_model(name)
    dataset, graph = small.dataset, small.dataset.graph
    facts = (graph.head <= dataset.num_items) & (graph.tail > dataset.num_items)
    item, relation, value = graph.head[facts], graph.relation[facts], graph.tail[facts]

    def tables(head: np.ndarray, tail: np.ndarray) -> list[np.ndarray]:
        graph = dataclasses.replace(dataset.graph, head=head, relation=relation, tail=tail)
        history = small.protocol.splits.train_history
        model = build_model(small.settings, dataclasses.replace(dataset, graph=graph), history, seed=0)
        return [weight.numpy() for weight in model.non_trainable_weights if weight.dtype == "int32"]

    forth = tables(item, value)
    try:
        back = tables(value, item)
    except InputError as error:
        assert "expected triples whose head is an item, found none; data.inverse_relations adds those" in str(error)
    else:
        assert all(np.array_equal(a, b) for a, b in zip(forth, back, strict=True))


# ---------------------------------------------------------------------------------------------------------------------
# the case notices


def no_mask(history: Any, item: Any, left_out: Any = None) -> Any:
    """Everybody sees everything."""
    return ops.broadcast_to(ops.expand_dims(ops.not_equal(history, 0), 1), (*item.shape, history.shape[1]))


def no_length_care(history: Any, item: Any, left_out: Any = None) -> Any:
    """Leaves the target out, but takes nothing from the others."""
    return leave_out(history, item, None)


MODULES = {name: importlib.import_module(f"tfkgrec.models.{name}.model") for name in MODELS}
MASKING = [name for name in MODELS if hasattr(MODULES[name], "leave_out")]


@pytest.mark.parametrize("name", MASKING)
def test_a_mask_that_leaks_is_noticed(name, monkeypatch):
    small, module = small_model(name), MODULES[name]

    def moved(mask: Callable[..., Any], compared: Callable[[SmallModel], tuple[np.ndarray, np.ndarray]]) -> float:
        monkeypatch.setattr(module, "leave_out", mask)
        found, _ = compared(small)
        monkeypatch.undo()
        return float(np.abs(found - compared(small)[1]).max())

    assert moved(no_mask, seen_and_erased) > 1e-3
    assert moved(no_mask, left_out_and_erased) > 1e-3
    assert moved(no_length_care, left_out_and_erased) > 1e-3


SEQUENTIAL = [name for name in MODELS if isinstance(small_model(name).model, SequentialRecommender)]


@pytest.mark.parametrize("name", SEQUENTIAL)
def test_a_model_that_looks_ahead_is_noticed(name, monkeypatch):
    model = small_model(name, EVERYTHING).model
    queries = model.queries
    monkeypatch.setattr(model, "queries", lambda h: queries(np.pad(h[:, 1:], [[0, 0], [0, 1]])))
    assert seen_of_later_items(model) > 1e-3


@pytest.mark.parametrize("name", MODELS)
def test_a_spec_says_whether_a_model_needs_facts(name):
    small = small_model(name)
    bare, history = small.dataset.without_triples(), small.protocol.splits.train_history
    if registry.model(name).needs_facts:
        with pytest.raises(InputError, match="expected triples .*found none"):
            build_model(small.settings, bare, history, seed=0)
    elif name not in ("fusion", "ksr"):  # the members of one, and some settings of the other, do
        assert build_model(small.settings, bare, history, seed=0).built


@pytest.mark.parametrize("name", MODELS)
def test_a_contribution_is_what_the_logit_loses(name):
    """Asked again, item by item, of somebody who has the history without it."""
    small = small_model(name)
    model, user, item = small.model, small.users[2:4], small.items[2:4, 2]
    history, found = model.read_history(user), outputs(contributions(model, user, item))
    if history is None:
        assert "contribution" not in found
        return
    history, logit = np.asarray(history), small.logits(user, item[:, None])[:, 0]
    assert_allclose(model.logits_keeping(user, item, history, (history > -1)[:, None])[:, 0], logit, atol=1e-5)
    for row, slot in [*np.argwhere(history > 0)[::4], (1, None)]:  # None: without all of them
        kept = (np.arange(history.shape[1]) != slot) & (slot is not None)
        state = model.state_keeping(user[row : row + 1], history[row : row + 1], kept[None])
        lost = logit[row] - np.asarray(model.score_items(state, item[row : row + 1, None]))[0, 0]
        told = found["history_contribution"][row] if slot is None else found["contribution"][row, slot]
        assert_allclose(told, lost, atol=2e-5)
    assert_array_equal(found["contribution"][history == 0], 0)
    assert np.abs(found["contribution"]).max() > 1e-3
    with_it, without = (model.probability(logit - lost) for lost in (0, found["contribution"][:, 0]))
    assert_allclose(found["contribution_probability"][:, 0], with_it - without, atol=1e-6)
