"""Each method's score, worked out on paper; PyKEEN's scores and gradients' sanity for all of them."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.harness import gradients
from tests.kge.small import METHOD_NAMES, put
from tfkgrec.kge.dist_mult import RELATION_L2, DistMult
from tfkgrec.kge.knowledge_model import HEAD, TAIL
from tfkgrec.kge.methods import method_class
from tfkgrec.kge.trans_d import TransD
from tfkgrec.kge.trans_e import TransE
from tfkgrec.kge.trans_h import TransH
from tfkgrec.kge.trans_r import TransR

REFERENCE = json.loads((Path(__file__).parent / "pykeen_reference.json").read_text())
HEAD_1_RELATION_1_TAIL_2 = (np.array([[1]]), np.array([1]), np.array([[2]]))


def score_of(model, **tables) -> float:
    """The score of (entity 1, relation 1, entity 2)."""
    put(model, **tables)
    return float(np.asarray(model.score(*HEAD_1_RELATION_1_TAIL_2))[0, 0])


def test_trans_e_is_the_distance_left_after_the_step():
    # h + r - t = (1, 0) + (2, 1) - (0, 5) = (3, -4), of length 5
    assert score_of(TransE(3, 2, 2), entity=[[1, 0], [0, 5]], relation=[[2, 1]]) == pytest.approx(-5)


def test_trans_h_compares_within_the_hyperplane():
    # w = (0, 1): h' = (1, 0), t' = (4, 0), whatever their second coordinates; d = (1, 1).
    # h' + d - t' = (-2, 1); squared length 5
    found = score_of(TransH(3, 2, 2), entity=[[1, 7], [4, -3]], relation=[[1, 1]], normal=[[0, 1]])
    assert found == pytest.approx(-5)


def test_trans_h_fines_steps_out_of_the_hyperplane():
    model = TransH(3, 3, 2)
    # Relation 1 lies in its plane; relation 2 along its normal: slope 1. Row 0 is no relation but counts in the mean.
    put(model, relation=[[1, 0], [0, 2]], normal=[[0, 1], [0, 1]])
    assert float(model.penalty()) == pytest.approx(0.25 * (1 - 1e-6) / 3)


def test_trans_r_maps_into_the_relations_space():
    # M = [[0, 0.5], [0.5, 0]]: h' = (1, 0) M = (0, 0.5); t' = (0, 1) M = (0.5, 0); r = (1, 0)
    # h' + r - t' = (0.5, 0.5), squared length 0.5
    tables = {"entity": [[1, 0], [0, 1]], "relation": [[1, 0]], "matrix": [[[0, 0.5], [0.5, 0]]]}
    assert score_of(TransR(3, 2, 2), **tables) == pytest.approx(-0.5)
    # M = [[3, 4], [0, 0.5]]: h' = (3, 4), too long: (0.6, 0.8); t' = (0, 0.5); h' + r - t' = (1.6, 0.3)
    tables["matrix"] = [[[3, 4], [0, 0.5]]]
    assert score_of(TransR(3, 2, 2), **tables) == pytest.approx(-(1.6**2 + 0.3**2))


def test_trans_r_starts_as_the_identity():
    model = TransR(4, 3, 3)
    matrices = np.asarray(model.matrix.embeddings).reshape(-1, 3, 3)
    assert matrices[1:].tolist() == [np.eye(3).tolist()] * 2


def test_trans_d_shifts_along_the_relations_projection():
    # h = (0.5, 0), h_p = (1, 0): h_p . h = 0.5; r_p = (0, 1): h' = (0.5, 0.5)
    # t = (0, 0.5), t_p = (0, -1): t_p . t = -0.5: t' = (0, 0);  r = (0.1, 0.1): (0.6, 0.6), squared length 0.72
    tables = {"entity": [[0.5, 0], [0, 0.5]], "entity_projection": [[1, 0], [0, -1]]}
    tables |= {"relation": [[0.1, 0.1]], "relation_projection": [[0, 1]]}
    assert score_of(TransD(3, 2, 2), **tables) == pytest.approx(-0.72)


def test_dist_mult_sums_the_weighted_products():
    # 1 * 2 * 3 + 2 * (-1) * 5 = -4
    model = DistMult(3, 2, 2)
    assert score_of(model, entity=[[1, 2], [3, 5]], relation=[[2, -1]]) == pytest.approx(-4)
    assert float(model.penalty()) == pytest.approx(RELATION_L2 * 5)


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_scores_are_pykeens(name):
    """pykeen_reference.json: PyKEEN 1.11.1, written by make_pykeen_reference.py."""
    head, relation, tail = (np.array(REFERENCE["asked"]) + 1).T
    found = np.asarray(reference_model(name).score(head[:, None], relation, tail[:, None]))[:, 0]
    np.testing.assert_allclose(found, REFERENCE["methods"][name]["scores"], rtol=1e-5, atol=1e-6)


def reference_model(name: str):
    """The model with the tables of the reference."""
    tables = REFERENCE["tables"]
    model = method_class(name)(len(tables["entity"]) + 1, len(tables["relation"]) + 1, len(tables["entity"][0]))
    put(model, **{table: rows for table, rows in tables.items() if hasattr(model, table)})
    return model


@pytest.fixture(params=METHOD_NAMES)
def model(request):
    return method_class(request.param)(8, 4, 5, seed=3)


def test_score_of_a_block_is_that_of_its_triples(model):
    rng = np.random.default_rng(0)
    head, tail, relation = rng.integers(1, 8, (3, 4)), rng.integers(1, 8, (3, 4)), rng.integers(1, 4, 3)
    block = np.asarray(model.score(head, relation, tail))
    alone = [
        [float(np.asarray(model.score(head[g, s][None, None], relation[g][None], tail[g, s][None, None]))[0, 0])
         for s in range(4)] for g in range(3)
    ]  # fmt: skip
    np.testing.assert_allclose(block, alone, atol=1e-6)


def test_asked_for_the_head_it_gives_the_same_score(model):
    head, tail, relation = np.array([[1, 2]]), np.array([[3, 3]]), np.array([2])
    backwards = model.compare(model.query(model.project(tail, relation), relation, HEAD), model.project(head, relation))
    np.testing.assert_allclose(backwards, model.score(head, relation, tail), atol=1e-6)


@pytest.mark.parametrize("asked", [TAIL, HEAD])
def test_all_candidates_at_once_are_ordered_as_one_by_one(model, asked):
    relation, entities = np.array([1]), np.arange(1, 8)
    query = model.query(model.project(np.array([[1, 4]]), relation), relation, asked)  # [1, 2, k]
    candidates = model.project(entities[None], relation)  # [1, 7, k]
    one_by_one = np.asarray(model.compare(query[0][:, None], candidates))  # [2, 7]
    at_once = np.asarray(model.compare_all(query[0], candidates[0]))
    assert np.argsort(at_once, axis=1).tolist() == np.argsort(one_by_one, axis=1).tolist()


def test_gradient_of_a_perfect_triple_is_finite(model):
    put(model, entity=np.zeros((7, 5)).tolist())
    relation = np.array([0])
    assert np.isfinite(gradients(lambda x: model.compare(x, x), np.zeros((1, 1, 5), np.float32))[0]).all()
    assert np.isfinite(np.asarray(model.score(np.array([[1]]), relation, np.array([[1]])))).all()


def test_vectors_begin_at_the_length_they_are_kept_at(model):
    entity, relation = model.vectors()
    assert entity.shape == (8, 5) and relation.shape == (4, 5) and entity.dtype == relation.dtype == np.float32
    assert not entity[0].any() and not relation[0].any()
    np.testing.assert_allclose(np.linalg.norm(entity[1:], axis=1), 1, atol=1e-5)
    if not isinstance(model, DistMult):
        assert np.linalg.norm(relation, axis=1).max() <= 1 + 1e-5


def test_initial_vectors_follow_the_seed_only(model):
    keras.utils.set_random_seed(1)
    same, other = type(model)(8, 4, 5, seed=3), type(model)(8, 4, 5, seed=4)
    for mine, its, another in zip(model.weights, same.weights, other.weights, strict=True):
        assert np.array_equal(mine, its)
        assert another.path.startswith("matrix") or not np.array_equal(mine, another)


def test_config_there_and_back_and_keras_file(model, tmp_path):
    assert type(model).from_config(model.get_config()).get_config() == model.get_config()
    model.save(tmp_path / "model.keras")
    restored = keras.models.load_model(tmp_path / "model.keras")
    for mine, its in zip(model.weights, restored.weights, strict=True):
        assert np.array_equal(mine, its)
