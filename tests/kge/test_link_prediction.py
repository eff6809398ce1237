"""Ranks against PyKEEN's, against a loop over all triples, and at their edges."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.kge.small import METHOD_NAMES, graph, keys, random_graph
from tests.kge.test_methods import reference_model
from tfkgrec.evaluation.ranks import Ranks
from tfkgrec.kge.link_prediction import frequency_score, link_metrics, model_score, rank_triples
from tfkgrec.kge.methods import method_class
from tfkgrec.kge.triple_split import hold_out

REFERENCE = json.loads((Path(__file__).parent / "pykeen_reference.json").read_text())


@pytest.mark.parametrize("cells", [1 << 20, 1], ids=["at once", "query by query"])
@pytest.mark.parametrize("name", METHOD_NAMES)
def test_ranks_and_metrics_are_pykeens(name, cells):
    """PyKEEN 1.11.1 by make_pykeen_reference.py: filtered ranks of tails and heads, with two entities that tie."""
    model, expected = reference_model(name), REFERENCE["methods"][name]
    learned, asked = (
        graph((np.array(REFERENCE[part]) + 1).tolist(), model.num_entities, model.num_relations)
        for part in ("learned", "asked")
    )
    score = model_score(model)

    def rounded(*question):
        """Where the last bit of a sum depends on a row's place, as on some processors, equal entities tie no more."""
        return np.round(score(*question), 5)

    found = rank_triples(rounded, asked, learned, cells)
    for kind in ("optimistic", "pessimistic", "realistic"):
        wanted = expected["ranks"][kind]
        assert getattr(found, kind).tolist() == wanted["tail"] + wanted["head"], kind
    assert np.any(found.optimistic < found.pessimistic)
    assert link_metrics(found) == pytest.approx(expected["metrics"], abs=1e-7)


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_ranks_are_those_of_a_loop(name):
    """The reference: score every candidate triple one by one, skip the true ones."""
    triples = random_graph(entities=12, relations=2, triples=60)
    learned, asked = hold_out(triples, 0.2, np.random.default_rng(0))
    model = method_class(name)(13, 3, 4, seed=2)
    found = rank_triples(model_score(model), asked, learned)
    true, expected = keys(triples), []
    for side in ("tail", "head"):
        for h, r, t in zip(asked.head.tolist(), asked.relation.tolist(), asked.tail.tolist(), strict=True):
            others = [(h, r, e) if side == "tail" else (e, r, t) for e in range(1, 13)]
            others = [triple for triple in others if triple not in true]
            own, *rest = (_score(model, triple) for triple in [(h, r, t), *others])
            expected.append(1 + sum(score > own for score in rest))
    assert len(asked) > 5
    assert found.optimistic.tolist() == found.pessimistic.tolist() == expected


def _score(model, triple: tuple[int, int, int]) -> float:
    h, r, t = (np.array([[i]]) for i in triple)
    return float(np.asarray(model.score(h, r[0], t))[0, 0])


def test_equal_scores_earn_the_middle_and_not_the_first_place():
    asked = graph([(1, 1, 2)], 12, 2)  # 11 entities

    def constant(relation, known, side):
        return np.zeros((len(known), 12), np.float32)

    ranks = rank_triples(constant, asked, graph([], 12, 2))
    assert ranks.optimistic.tolist() == [1, 1] and ranks.pessimistic.tolist() == [11, 11]
    assert link_metrics(ranks) == {"mrr": 1 / 6, "hits_at_1": 0, "hits_at_3": 0, "hits_at_10": 1}
    # With ten of the eleven tails known and one of the heads, one candidate tail and ten candidate heads are left.
    known = graph([(1, 1, tail) for tail in range(3, 12)] + [(1, 1, 1), (5, 1, 2)], 12, 2)
    ranks = rank_triples(constant, asked, known)
    assert ranks.pessimistic.tolist() == [1, 10]


def test_metrics_are_the_textbooks():
    ranks = Ranks(np.arange(4), np.array([1, 2, 5, 20]), np.array([1, 4, 5, 20]), 4)  # realistic 1, 3, 5, 20
    assert link_metrics(ranks) == pytest.approx(
        {"mrr": (1 + 1 / 3 + 1 / 5 + 1 / 20) / 4, "hits_at_1": 1 / 4, "hits_at_3": 2 / 4, "hits_at_10": 3 / 4}
    )


def test_frequency_counts_how_often_an_entity_is_the_answer():
    score = frequency_score(graph([(1, 1, 3), (2, 1, 3), (2, 1, 4), (2, 2, 4)], 5, 3))
    assert score(1, np.array([1, 4]), "tail").tolist() == [[0, 0, 0, 2, 1]] * 2
    assert score(1, np.array([1]), "head").tolist() == [[0, 1, 2, 0, 0]]
