"""What explanations link to, of a model that follows paths, by a loop."""

import numpy as np
from numpy.testing import assert_allclose

from tests.cases.small_models import small_model
from tfkgrec.evaluation.path_quality import standing
from tfkgrec.runs.links import Standings, measure_links


def test_the_paths_of_a_list_by_a_loop():
    small = small_model("rkan")
    model, dataset, user = small.model, small.dataset, int(small.users[3])
    twice = np.array([user, user])  # a mean and an error need two
    found = measure_links(model, dataset, twice, np.random.default_rng(0))["weights"]
    free = np.setdiff1d(np.arange(1, model.num_items, dtype=np.int32), dataset.seen_items.of(user))
    state = model.user_state(np.array([user], np.int32))
    score = np.asarray(model.score_items(state, free[None]))[0]
    items, ends, kinds = [], [], []
    best = free[np.argsort(-score, kind="stable")[:10]]
    for item in best:
        why = model.explain(np.array([user], np.int32), np.array([item], np.int32))
        first, weight = np.asarray(why.first_item)[0], np.asarray(why.path_weight)[0]
        if first.any():
            place = max(np.flatnonzero(first), key=lambda slot: weight[slot])
            items.append(int(first[place]))
            ends.append(int(why.middle_entity[0, place]))
            kinds.append(int(why.last_relation[0, place]))
    named = [end for end in ends if end]
    assert_allclose(found["explained"]["mean"], len(items) / len(best))
    assert_allclose(found["item_diversity"]["mean"], len(set(items)) / len(items))
    assert_allclose(found["entity_diversity"]["mean"], len(set(named)) / len(named))
    assert_allclose(found["kind_diversity"]["mean"], len(set(kinds)) / len(kinds))


def test_popularity_is_among_entities_of_the_same_relation():
    dataset = small_model("rkan").dataset
    graph, standings = dataset.graph, Standings(dataset)
    relation = int(graph.relation[0])
    entity, count = np.unique(graph.tail[graph.relation == relation], return_counts=True)
    assert_allclose(standings.popularity(np.full(len(entity), relation), entity), standing(count))
    assert np.isnan(standings.popularity(np.array([relation]), np.array([10**6])))[0]
