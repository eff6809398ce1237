"""EKPNet's asymmetric attention (eqs 6-11) against paper and pencil, and against the literal d x d matrices."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import check_layer, gradients, softmax
from tfkgrec.layers.asymmetric_attention import AsymmetricAttention, semantic_transform

G, M, N, D = 3, 2, 5, 4


def inputs(g: int = G, m: int = M) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "keys": rng.normal(size=(g, N, D)).astype(np.float32),
        "values": rng.normal(size=(g, N, D)).astype(np.float32),
        "candidate": rng.normal(size=(g, m, D)).astype(np.float32),
        "mask": rng.random((g, m, N)) < 0.6,
    }


def test_as_a_keras_layer(tmp_path):
    check_layer(AsymmetricAttention, {}, inputs(), ((G, M, D), (G, M, N)), [], tmp_path)


def test_semantic_transform_by_hand():
    # gamma_r . v = 1*3 + 2*1 = 5; times gamma_e = [2, -1]
    found = semantic_transform(np.array([3.0, 1.0]), np.array([2.0, -1.0]), np.array([1.0, 2.0]))
    assert_allclose(found, [10, -5])


def test_semantic_transform_is_the_literal_matrix():
    """(8): an outer product, d x d, times the vector."""
    rng = np.random.default_rng(0)
    vector, own, relation = rng.normal(size=(3, G, N, D)).astype(np.float32)
    found = np.asarray(semantic_transform(vector, own, relation))
    for g, n in np.ndindex(G, N):
        assert_allclose(found[g, n], np.outer(own[g, n], relation[g, n]) @ vector[g, n], atol=1e-6)


def test_two_triples_by_hand():
    # psi(v_h) + v_r of two triples, psi(v_t) of both; the candidate sees [1, 1]
    keys, values = np.array([[[1, 0], [0, 2]]], np.float32), np.array([[[4, 0], [0, 8]]], np.float32)
    candidate, mask = np.array([[[1, 1], [1, 1]]], np.float32), np.array([[[True, True], [True, False]]])
    rho, phi = AsymmetricAttention()(keys, values, candidate, mask)
    # scores 1 and 2: softmax = [.2689, .7311]; rho = [4 * .2689, 8 * .7311]; without the second triple [1, 0]: [4, 0]
    assert_allclose(phi, [[[0.2689, 0.7311], [1, 0]]], atol=1e-4)
    assert_allclose(rho, [[[1.0758, 5.8485], [4, 0]]], atol=1e-4)


def test_equals_the_reference():
    """Eqs 6-11 for one pair at a time, with the matrices written out."""
    rng = np.random.default_rng(1)
    head, relation, tail, own_h, own_r, own_t = rng.normal(size=(6, G, N, D)).astype(np.float32)
    candidate, mask = inputs()["candidate"], inputs()["mask"]
    keys = np.asarray(semantic_transform(head, own_h, own_r)) + relation
    values = np.asarray(semantic_transform(tail, own_t, own_r))
    rho, phi = AsymmetricAttention()(keys, values, candidate, mask)
    for g, m in np.ndindex(G, M):
        seen = np.flatnonzero(mask[g, m])
        scores = [(np.outer(own_h[g, i], own_r[g, i]) @ head[g, i] + relation[g, i]) @ candidate[g, m] for i in seen]
        moved = [np.outer(own_t[g, i], own_r[g, i]) @ tail[g, i] for i in seen]
        expected = softmax(scores) if len(seen) else np.zeros(0)
        assert_allclose(np.asarray(phi)[g, m, seen], expected, atol=1e-5)
        assert_allclose(rho[g, m], sum((a * v for a, v in zip(expected, moved, strict=True)), np.zeros(D)), atol=1e-5)


def test_triples_may_come_in_any_order():
    given, order = inputs(), np.random.default_rng(1).permutation(N)
    layer = AsymmetricAttention()
    rho, phi = (np.asarray(x) for x in layer(**given))
    mixed = {"keys": given["keys"][:, order], "values": given["values"][:, order], "mask": given["mask"][..., order]}
    again = layer(**{**given, **mixed})
    assert_allclose(again[0], rho, atol=1e-6)
    assert_allclose(again[1], phi[..., order], atol=1e-6)


def test_no_triple_is_zero_forth_and_back():
    given = inputs()
    nothing = np.zeros_like(given["mask"])
    layer = AsymmetricAttention()
    for output in layer(**{**given, "mask": nothing}):
        assert_array_equal(output, 0)
    vectors = (given["keys"], given["values"], given["candidate"])
    for gradient in gradients(lambda k, v, c: layer(k, v, c, nothing), *vectors):
        assert_array_equal(gradient, 0)


def test_batch_of_one():
    rho, phi = AsymmetricAttention()(**inputs(1, 1))
    assert (rho.shape, phi.shape) == ((1, 1, D), (1, 1, N))
