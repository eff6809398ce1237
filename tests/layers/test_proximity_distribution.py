"""HKRM's proximity distributions (eqs 4-5) against paper and pencil, and against a loop."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import check_layer, gradients, set_weights, softmax
from tfkgrec.layers.proximity_distribution import ProximityDistribution

G, M, T, A, D = 3, 2, 5, 4, 6


def inputs(g: int = G, m: int = M, a: int = A) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    alpha = rng.random((g, m, T)) * (rng.random((g, m, T)) < 0.8)
    return {
        "field_vectors": rng.normal(size=(g, T, a, D)).astype(np.float32),
        "query": rng.normal(size=(g, m, D)).astype(np.float32),
        "alpha": (alpha / alpha.sum(axis=-1, keepdims=True)).astype(np.float32),
        "field_mask": rng.random((g, T, a)) < 0.6,
    }


def built(given: dict[str, np.ndarray]) -> ProximityDistribution:
    layer = ProximityDistribution()
    layer(**given)
    set_weights(layer, relation=np.random.default_rng(1).normal(size=layer.relation.shape))
    return layer


def test_as_a_keras_layer(tmp_path):
    check_layer(ProximityDistribution, {}, inputs(), (G, M, A), [(A, D)], tmp_path)


def test_by_hand():
    layer = ProximityDistribution()
    layer.build((1, 2, 2, 2), (1, 1, 2))
    set_weights(layer, relation=[[1, 0], [0, 2]])
    ln3 = np.log(3)
    # q = [1, 1]. Item 1: o_1 = [ln 3, 9], o_2 = [9, 0]: o . (r * q) = ln 3 and 0, softmax [.75, .25].
    # Item 2 has field 2 only: [0, 1]. alpha = [.4, .6]: .4 [.75, .25] + .6 [0, 1] = [.3, .7].
    fields = np.array([[[[ln3, 9], [9, 0]], [[5, 5], [5, 5]]]], np.float32)
    query, alpha = np.array([[[1, 1]]], np.float32), np.array([[[0.4, 0.6]]], np.float32)
    mask = np.array([[[True, True], [False, True]]])
    assert_allclose(layer(fields, query, alpha, mask), [[[0.3, 0.7]]], atol=1e-6)
    # without field 2, item 2 has no say: item 1's [1, 0] remains, although its alpha is .4
    assert_allclose(layer(fields, query, alpha, mask & [True, False]), [[[1, 0]]], atol=1e-6)


def test_items_by_hand():
    layer = ProximityDistribution()
    layer.build((1, 2, 2, 2), (1, 1, 2))
    set_weights(layer, relation=[[1, 0], [0, 2]])
    # item 1 has both fields in slots 1 and 2, item 2 field 2 in slot 3, item 0 nothing
    item_slot = np.array([[0, 0], [1, 2], [0, 3]], np.int32)
    slots = np.array([[9, 9], [np.log(3), 9], [9, 0], [7, 7]], np.float32)
    owners = np.array([[0, 0], [1, 1], [1, 1], [3, 3]], np.float32)
    found = layer.of_items(slots, np.array([0, 0, 1, 1], np.int32), owners, item_slot)
    assert_allclose(found, [[0, 0], [0.75, 0.25], [0, 1]], atol=1e-6)


def test_equals_the_reference():
    given = inputs()
    given["field_mask"][1, 2] = False  # a history item without fields
    layer = built(given)
    relation, found = layer.relation.numpy(), layer(**given)
    for g, m in np.ndindex(G, M):
        expected, say = np.zeros(A), 0.0
        for t in range(T):
            own = np.flatnonzero(given["field_mask"][g, t])
            if len(own):
                scores = [given["field_vectors"][g, t, j] @ (relation[j] * given["query"][g, m]) for j in own]
                expected[own] += given["alpha"][g, m, t] * softmax(scores)
                say += given["alpha"][g, m, t]
        assert_allclose(found[g, m], expected / say, atol=1e-5)


def test_a_user_of_one_item_has_that_items_distribution():
    """Both equations are the same softmax: eq 4 over one history item equals eq 5 of that item."""
    given = inputs(1, 1)
    given["alpha"][:] = np.eye(T)[0]
    given["field_mask"][:, 0] = [True, True, False, True]
    layer = built(given)
    slots = np.concatenate([np.zeros((1, D)), given["field_vectors"][0, 0, [0, 1, 3]]]).astype(np.float32)
    owners = np.tile(given["query"][0], (4, 1))
    item_slot = np.array([[0, 0, 0, 0], [1, 2, 0, 3]], np.int32)
    items = layer.of_items(slots, np.array([0, 0, 1, 3], np.int32), owners, item_slot)
    assert_allclose(layer(**given)[0, 0], items[1], atol=1e-6)


def test_sums_to_one_over_the_fields_that_are_there():
    given = inputs()
    found = np.asarray(built(given)(**given))
    there = np.einsum("gmt,gta->gma", given["alpha"], given["field_mask"]) > 0
    assert_allclose(found.sum(axis=-1), 1, atol=1e-6)
    assert_array_equal(found > 0, there)


def test_no_field_and_no_history_are_zeros_and_finite_forth_and_back():
    given = inputs()
    layer = built(given)
    for change in ({"field_mask": given["field_mask"] & False}, {"alpha": given["alpha"] * 0}):
        found = layer(**{**given, **change})
        assert_array_equal(found, 0)
        arrays = {k: v for k, v in {**given, **change}.items() if k != "field_mask"}
        mask = {**given, **change}["field_mask"]
        for gradient in gradients(lambda f, q, a, mask=mask: layer(f, q, a, mask), *arrays.values()):
            assert np.isfinite(gradient).all()


def test_history_items_may_come_in_any_order():
    given, order = inputs(), np.random.default_rng(1).permutation(T)
    layer = built(given)
    mixed = layer(
        given["field_vectors"][:, order], given["query"], given["alpha"][..., order], given["field_mask"][:, order]
    )
    assert_allclose(mixed, layer(**given), atol=1e-6)


def test_one_field_and_a_batch_of_one():
    given = inputs(1, 1, 1)
    given["field_mask"][:] = True
    assert_allclose(built(given)(**given), [[[1]]], atol=1e-6)
