"""DINK's interest attention (eq 6) against paper and pencil, and against a loop."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import check_layer, gradients, set_weights, softmax
from tfkgrec.layers.interest_attention import InterestAttention

G, M, T, W, D = 3, 2, 5, 6, 4  # W: width of E(v_t), D: of the candidate


def inputs(g: int = G, m: int = M) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "history": rng.normal(size=(g, T, W)).astype(np.float32),
        "candidate": rng.normal(size=(g, m, D)).astype(np.float32),
        "mask": rng.random((g, m, T)) < 0.6,
    }


def built(given: dict[str, np.ndarray]) -> InterestAttention:
    layer = InterestAttention()
    layer(**given)
    return layer


def test_as_a_keras_layer(tmp_path):
    check_layer(InterestAttention, {}, inputs(), (G, M, T), [(W, D)], tmp_path)


def test_by_hand():
    layer = InterestAttention()
    layer.build((1, 3, 2), (1, 2, 2))
    # W swaps the two numbers and doubles the second: [x, y] W = [2 y, x]
    set_weights(layer, kernel=[[0, 1], [2, 0]])
    history = np.array([[[1, 0], [0, 0.5], [9, 9]]], np.float32)
    candidate = np.array([[[0, 1], [3, 0]]], np.float32)
    mask = np.array([[[True, True, False], [False, True, False]]])
    # keys: [1, 0] W = [0, 1]; [0, .5] W = [1, 0]
    # candidate [0, 1]: scores 1 and 0, softmax = [.7311, .2689]; candidate [3, 0] sees the second step only: 1
    assert_allclose(layer(history, candidate, mask), [[[0.7311, 0.2689, 0], [0, 1, 0]]], atol=1e-4)


def test_equals_the_reference():
    given = inputs()
    given["mask"][1, 0] = False
    layer = built(given)
    kernel, found = layer.kernel.numpy(), layer(**given)
    for g, m in np.ndindex(G, M):
        expected, seen = np.zeros(T), np.flatnonzero(given["mask"][g, m])
        scores = [given["history"][g, t] @ kernel @ given["candidate"][g, m] for t in seen]
        expected[seen] = softmax(scores) if len(seen) else 0
        assert_allclose(found[g, m], expected, atol=1e-6)


def test_weights_sum_to_one_over_what_is_seen():
    given = inputs()
    found = np.asarray(built(given)(**given))
    assert_array_equal(found[~given["mask"]], 0)
    assert_allclose(found.sum(axis=-1), given["mask"].any(axis=-1), atol=1e-6)


def test_steps_may_come_in_any_order():
    given, order = inputs(), np.random.default_rng(1).permutation(T)
    layer = built(given)
    mixed = layer(given["history"][:, order], given["candidate"], given["mask"][:, :, order])
    assert_allclose(mixed, np.asarray(layer(**given))[:, :, order], atol=1e-6)


def test_nothing_to_see_is_finite_forth_and_back():
    given = inputs()
    layer = built(given)
    nothing = np.zeros_like(given["mask"])
    assert_array_equal(layer(given["history"], given["candidate"], nothing), 0)
    for gradient in gradients(lambda h, c: layer(h, c, nothing), given["history"], given["candidate"]):
        assert_array_equal(gradient, 0)


def test_batch_of_one():
    given = inputs(1, 1)
    assert built(given)(**given).shape == (1, 1, T)
