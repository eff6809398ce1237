"""EKPNet's propagation (eqs 6-12): the candidate changes from hop to hop."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import check_layer, gradients, set_weights, softmax
from tfkgrec.layers.knowledge_propagation import KnowledgePropagation

G, M, P, N, D = 3, 2, 3, 5, 4


def inputs(g: int = G, m: int = M, hops: int = P) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "keys": rng.normal(size=(g, hops, N, D)).astype(np.float32),
        "values": rng.normal(size=(g, hops, N, D)).astype(np.float32),
        "candidate": rng.normal(size=(g, m, D)).astype(np.float32),
        "mask": rng.random((g, m, hops, N)) < 0.6,
    }


@pytest.mark.parametrize("update_last", [True, False])
def test_as_a_keras_layer(tmp_path, update_last):
    shapes = ((G, M, P, D), (G, M, D), (G, M, P, N))
    check_layer(KnowledgePropagation, {"update_last": update_last}, inputs(), shapes, [(D,), (D, D)], tmp_path)


def test_by_hand():
    layer = KnowledgePropagation()
    layer.build((1, 2, 1, 2), (1, 2, 1, 2), (1, 1, 2))
    set_weights(layer, kernel=[[2, 0], [0, 1]], bias=[0, 1])
    keys = np.ones((1, 2, 1, 2), np.float32)
    values = np.array([[[[1, 1]], [[3, 0]]]], np.float32)
    rho, last, phi = layer(keys, values, np.array([[[1, 0]]], np.float32), np.ones((1, 1, 2, 1), bool))
    # one triple a hop: all the weight. v^1 = ([1, 0] + [1, 1]) W + b = [4, 2]; v^2 = ([4, 2] + [3, 0]) W + b = [14, 3]
    assert_array_equal(phi, np.ones((1, 1, 2, 1)))
    assert_allclose(rho, [[[[1, 1], [3, 0]]]])
    assert_allclose(last, [[[14, 3]]])


@pytest.mark.parametrize("update_last", [True, False])
def test_equals_the_reference(update_last):
    given = inputs()
    layer = KnowledgePropagation(update_last)
    rho, last, phi = (np.asarray(x) for x in layer(**given))
    kernel, bias = layer.kernel.numpy(), layer.bias.numpy() + 0.0
    for g, m in np.ndindex(G, M):
        candidate = given["candidate"][g, m]
        for p in range(P):
            seen = np.flatnonzero(given["mask"][g, m, p])
            weights = np.zeros(N)
            weights[seen] = softmax(given["keys"][g, p, seen] @ candidate) if len(seen) else 0
            assert_allclose(phi[g, m, p], weights, atol=1e-5)
            assert_allclose(rho[g, m, p], weights @ given["values"][g, p], atol=1e-5)
            if p < P - 1 or update_last:
                candidate = (candidate + weights @ given["values"][g, p]) @ kernel + bias
        assert_allclose(last[g, m], candidate, atol=1e-4)


def test_an_empty_hop_is_zero_and_the_next_goes_on():
    given = inputs()
    given["mask"][:, :, 1] = False
    rho, _, phi = KnowledgePropagation()(**given)
    assert_array_equal(np.asarray(rho)[:, :, 1], 0)
    assert_array_equal(np.asarray(phi)[:, :, 1], 0)
    assert np.abs(np.asarray(rho)[:, :, 2]).max() > 0.1


def test_nothing_to_see_is_finite_forth_and_back():
    given = inputs()
    layer, nothing = KnowledgePropagation(), np.zeros_like(given["mask"])
    vectors = (given["keys"], given["values"], given["candidate"])
    assert all(np.isfinite(x).all() for x in layer(*vectors, nothing))
    assert all(np.isfinite(x).all() for x in gradients(lambda k, v, c: layer(k, v, c, nothing), *vectors))


def test_one_hop_without_an_update_has_no_weights():
    given = inputs(hops=1)
    layer = KnowledgePropagation(update_last=False)
    _, last, _ = layer(**given)
    assert layer.weights == []
    assert_array_equal(last, given["candidate"])


def test_batch_of_one():
    rho, last, phi = KnowledgePropagation()(**inputs(1, 1))
    assert (rho.shape, last.shape, phi.shape) == ((1, 1, P, D), (1, 1, D), (1, 1, P, N))
