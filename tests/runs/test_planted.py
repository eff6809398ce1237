"""The pointing game, on answers that are right and on such as are wrong."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tfkgrec.data.assemble import assemble
from tfkgrec.datasets.synthetic.world import draw_world
from tfkgrec.models.recommender import Facts
from tfkgrec.runs.planted import Planted, pointing

RAW, TRUTH = draw_world(60, 50, 10, seed=4)
DATASET = assemble(RAW, 4)
PLANTED = Planted(TRUTH, DATASET)
USER, ITEM = (ids.astype(np.int32) for ids in (DATASET.interactions.user, DATASET.interactions.item))


class Sage:
    """It knows why, and says so, or, with `sign` -1, the contrary."""

    def __init__(self, sign):
        self.sign = sign

    def item_tables(self):
        return None

    def read_history(self, user):
        return DATASET.seen_items.newest(12)[user]

    def user_state(self, user, tables=None):
        return user

    def score_items(self, state, item):
        return np.zeros(item.shape, np.float32)

    def probability(self, logit):
        return logit

    def explain(self, user, item, tables=None):
        return None

    def own_weights(self, explanation, history):
        return None

    def own_fact_weights(self, explanation):
        return None

    def split(self, user, item, history, tables=None):
        return np.nan_to_num(self.sign * PLANTED.of_items(item, np.asarray(history))).astype(np.float32)

    def history_facts(self, user, item, top, tables=None, in_turn=None):
        return None

    def facts(self, user, item, tables=None):
        graph, width = DATASET.graph, 8
        relation, entity = np.zeros((2, len(item), width), np.int32)
        for row, head in enumerate(item):
            own = np.flatnonzero(graph.head == head)[:width]
            relation[row, : len(own)], entity[row, : len(own)] = graph.relation[own], graph.tail[own]
        adds = np.nan_to_num(self.sign * PLANTED.of_facts(user, item, relation, entity))
        return Facts(relation, entity, adds.astype(np.float32))


def test_the_facts_of_a_film_add_up_to_what_taste_makes_of_it():
    facts = Sage(1).facts(USER, ITEM)
    told = np.any(facts.entity > 0, axis=1)
    rows = {raw: row for row, raw in enumerate(TRUTH.users)}
    columns = {raw: column for column, raw in enumerate(TRUTH.items)}
    user = [rows[raw] for raw in DATASET.users.decode(USER)]
    film = [columns[raw] for raw in DATASET.items.decode(ITEM)]
    liked = np.sum(TRUTH.taste[user] * TRUTH.films[film], axis=1)
    assert_allclose(facts.contribution.sum(axis=1)[told], liked[told], atol=1e-4)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_truth_always_points_at_a_cause_and_its_contrary_never(sign):
    found = pointing(Sage(sign), PLANTED, USER, ITEM)
    for what in ("facts", "items"):
        assert found[what]["contributions"]["mean"] == (1.0 if sign == 1 else 0.0)
        assert 0.2 < found[what]["chance"]["mean"] < 0.8
