"""KSR's memory over a sequence: write before read, two ways of computing that agree, click by click as well."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import check_layer, gradients, sigmoid, softmax
from tfkgrec.layers.knowledge_memory import KnowledgeMemory, mean_cosine

B, T, H, A, L = 3, 5, 4, 3, 2


def inputs(b: int = B) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    given = {"hidden": (b, T, H), "entity": (b, T, L), "written": (b, T, A)}
    arrays = {name: rng.normal(size=shape).astype(np.float32) for name, shape in given.items()}
    return {**arrays, "written": (arrays["written"] > -0.3).astype(np.float32)}


def built(given: dict[str, np.ndarray], **settings) -> KnowledgeMemory:
    layer, rng = KnowledgeMemory(A, L, **settings), np.random.default_rng(3)
    layer(**given)
    for weight in layer.weights:
        weight.assign(0.5 * rng.normal(size=weight.shape))
    return layer


def test_as_a_keras_layer(tmp_path):
    weights = sorted([(H, L), (L,), (L, L), (L,), (A, L)])
    settings = {"num_slots": A, "dim": L, "gamma": 2.0, "query_layers": 1, "learn": True}
    check_layer(KnowledgeMemory, settings, inputs(), (B, T, L), weights, tmp_path)


@pytest.mark.parametrize("settings", [{}, {"learn": True}, {"gate_bias": True}, {"query_layers": 0}])
def test_equals_the_reference(settings):
    given = inputs()
    layer = built(given, gamma=3.0, **settings)
    keys, bias = layer.cell.keys.numpy(), layer.cell.gate_bias
    offset = np.zeros(A) if bias is None else bias.numpy()
    found = layer(**given)
    for b in range(B):
        values = np.zeros((A, L))
        for t in range(T):
            for a in range(A):
                update = given["entity"][b, t] + keys[a]
                z = sigmoid(values[a] @ update + offset[a]) * given["written"][b, t, a]
                values[a] = (1 - z) * values[a] + z * update
            query = given["hidden"][b, t]
            for n, dense in enumerate(layer.query_mlp):
                query = query @ dense.kernel.numpy() + dense.bias.numpy()
                query = np.tanh(query) if n + 1 < len(layer.query_mlp) else query
            assert_allclose(found[b, t], softmax(3 * keys @ query) @ values, atol=1e-5)  # (5, 6)


@pytest.mark.parametrize("learn", [False, True])
def test_click_by_click_is_the_same(learn):
    given = inputs()
    layer, values = built(given, learn=learn), np.zeros((B, A, L), np.float32)
    for t in range(T):
        values = layer.write(values, given["entity"][:, t], given["written"][:, t])
        read, weights = layer.read_once(given["hidden"][:, t], values)
        assert_allclose(read, layer(**given)[:, t], atol=1e-5)
        assert_allclose(weights, layer.attention(given["hidden"])[:, t], atol=1e-6)
    assert_allclose(values, layer.written(given["entity"], given["written"]), atol=1e-6)


def test_the_read_of_a_step_does_not_know_the_next_write():
    given = inputs()
    layer, changed = built(given), {name: values.copy() for name, values in given.items()}
    changed["entity"][:, 3:] = 9
    assert_array_equal(layer(**given)[:, :3], layer(**changed)[:, :3])
    assert np.abs(layer(**given)[:, 3:] - layer(**changed)[:, 3:]).max() > 0.1


def test_gradients_flow_through_the_writes_only_where_something_learns():
    given = inputs()
    for learn in (False, True):
        layer = built(given, learn=learn)
        grad = gradients(lambda e, layer=layer: layer(given["hidden"], e, given["written"]), given["entity"])[0]
        assert (np.abs(grad).max() > 0) == learn
        assert ("keys" in {w.name for w in layer.trainable_weights}) == learn


def test_shared_values_are_one_parameter_that_nothing_writes():
    given = inputs()
    layer = built(given, shared_values=True)
    other = {**given, "entity": given["entity"] + 1}
    assert_array_equal(layer(**given), layer(**other))
    weights = keras.ops.convert_to_numpy(layer.attention(given["hidden"]))
    assert_allclose(layer(**given), weights @ layer.values.numpy(), atol=1e-6)
    assert "values" in {w.name for w in layer.trainable_weights}


def test_nothing_written_reads_zero():
    given = inputs(1)
    layer = built(given)
    assert_array_equal(layer(given["hidden"], given["entity"], np.zeros_like(given["written"])), 0)


def test_mean_cosine_by_hand():
    # (1, 0), (0, 2), (3, 0): cosines 0, 1, 0 -> 1/3. An empty slot counts as 0.
    values = np.array([[[1, 0], [0, 2], [3, 0]], [[1, 0], [0, 0], [2, 0]]], np.float32)
    assert_allclose(mean_cosine(values), [1 / 3, 1 / 3], atol=1e-6)
    assert_array_equal(mean_cosine(values[:, :1]), [1, 1])
