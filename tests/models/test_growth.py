"""Models that take in items by their facts: what they said stays, new items are what their facts are."""

import numpy as np
import pytest

from tests.cases.small_models import SmallModel, small_model
from tfkgrec import registry
from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.errors import InputError
from tfkgrec.models.growth import NewItems
from tfkgrec.models.recommender import Recommender

GROWING = [name for name, spec in registry.models().items() if spec.grow]
COUNT = 3


def new_items(small: SmallModel) -> tuple[NewItems, list[int]]:
    """Three items with the facts of three others each, told of in a graph that has room for them."""
    graph, before = small.dataset.graph, small.dataset.num_items
    several = np.bincount(graph.head[graph.head <= before], minlength=before + 1) > 1
    like = np.flatnonzero(several)[[0, 3, 5]].tolist()
    head, tail = (np.where(part > before, part + COUNT, part) for part in (graph.head, graph.tail))
    parts = [(head, graph.relation, tail)]
    for place, one in enumerate(like):
        own = graph.head == one
        parts.append((np.full(own.sum(), before + 1 + place), graph.relation[own], tail[own]))
    columns = [np.concatenate(part) for part in zip(*parts, strict=True)]
    larger = KnowledgeGraph(*columns, graph.num_entities + COUNT, graph.num_relations)
    return NewItems(before, COUNT, larger, np.random.default_rng(0)), like


def grown(small: SmallModel) -> tuple[Recommender, NewItems, list[int]]:
    new, like = new_items(small)
    return registry.load(small.spec.grow)(small.model, new), new, like


@pytest.mark.parametrize("name", GROWING)
def test_what_it_said_of_others_stays_as_it_was(name: str) -> None:
    small = small_model(name)
    larger, new, _ = grown(small)
    assert larger.num_items == small.model.num_items + COUNT == new.after + 1
    everybody = np.arange(len(small.protocol.splits.train_history.lengths), dtype=np.int32)
    items = np.tile(np.arange(small.model.num_items, dtype=np.int32), (len(everybody), 1))
    before, after = (np.asarray(m.score_items(m.user_state(everybody), items)) for m in (small.model, larger))
    np.testing.assert_allclose(before, after, atol=1e-6)  # sums in another order
    everything = np.tile(np.arange(larger.num_items, dtype=np.int32), (len(everybody), 1))
    fresh = np.asarray(larger.score_items(larger.user_state(everybody), everything))[:, new.before + 1 :]
    assert np.isfinite(fresh).all() and fresh.std(axis=0).min() > 0
    again = grown(small)[0]
    for one, other in zip(larger.weights, again.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@pytest.mark.parametrize("name", GROWING)
def test_it_reads_the_facts_of_a_new_item_as_those_of_another(name: str) -> None:
    small = small_model(name)
    larger, new, like = grown(small)
    user = np.full(COUNT, small.users[-1], np.int32)
    mine = larger.facts(user, np.arange(new.before + 1, new.after + 1, dtype=np.int32))
    if mine is None:
        assert name == "lightgcn"  # whose candidates' facts are edges
        return
    theirs = larger.facts(user, np.array(like, np.int32))
    for row in range(COUNT):
        found, all_of_it = (
            set(zip(np.asarray(one.relation)[row].tolist(), np.asarray(one.entity)[row].tolist(), strict=True))
            for one in (mine, theirs)
        )
        graph, own = new.graph, new.graph.head == like[row]
        told = set(zip(graph.relation[own].tolist(), graph.tail[own].tolist(), strict=True)) | {(0, 0)}
        assert found <= told and len(found) == len(all_of_it)


@pytest.mark.parametrize("name", [name for name in GROWING if name != "kgcn"])  # whose facts every user weighs
def test_as_a_candidate_it_has_the_vector_and_the_bias_that_its_facts_are_worth(name: str) -> None:
    small = small_model(name)
    larger, new, _ = grown(small)
    wanted = new.with_kin(np.asarray(small.model.item_factors()))[new.before + 1 :]
    found = np.asarray(larger.item_factors())[new.before + 1 :]
    part = slice(-1, None) if name == "hkrm" else slice(None)  # whose attributes are weighed by the vector itself
    np.testing.assert_allclose(found[:, part], wanted[:, part], atol=1e-5)


def test_a_candidate_whose_facts_are_not_read_is_refused() -> None:
    small = small_model("dink", "paper")
    with pytest.raises(InputError, match="expected a model that reads a candidate's facts"):
        grown(small)
