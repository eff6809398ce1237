"""EKPNet's feature exploration (eqs 16-18)."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.harness import check_layer
from tfkgrec.layers.feature_exploration import FeatureExploration

G, M, P, D = 3, 2, 2, 4
WIDTH = (P + 1) * D


def inputs(g: int = G, m: int = M) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "depths": rng.normal(size=(g, m, P, D)).astype(np.float32),
        "candidate": rng.normal(size=(g, m, D)).astype(np.float32),
    }


@pytest.mark.parametrize(
    ("layers", "shapes"),
    [
        (1, [(1,), (WIDTH, 1)]),
        (3, [(1,), (WIDTH,), (WIDTH,), (WIDTH, 1), (WIDTH, WIDTH), (WIDTH, WIDTH)]),
    ],
)
def test_as_a_keras_layer(tmp_path, layers, shapes):
    check_layer(FeatureExploration, {"num_layers": layers}, inputs(), (G, M), shapes, tmp_path)


def test_by_hand():
    layer = FeatureExploration(2)
    layer.build((1, 1, 1, 1), (1, 1, 1))
    for weight, value in zip([*layer.kernels, *layer.biases], [np.eye(2), [[1], [10]], [0, 1], [5]], strict=True):
        weight.assign(value)
    # z_0 = [0.5, -1]; z_1 = tanh([0.5, 0]) = [.4621, 0]; logit = .4621 + 0 + 5
    assert_allclose(layer(np.array([[[[0.5]]]]), np.array([[[-1.0]]])), [[5.4621]], atol=1e-4)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("layers", [1, 2, 4])
def test_equals_the_reference(layers, activation):
    given = inputs()
    layer = FeatureExploration(layers, activation)
    act = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "sigmoid": lambda z: 1 / (1 + np.exp(-z))}[activation]
    found = np.asarray(layer(**given))
    for g, m in np.ndindex(G, M):
        z = np.concatenate([*given["depths"][g, m], given["candidate"][g, m]])  # shallow hops first
        for n, (kernel, bias) in enumerate(zip(layer.kernels, layer.biases, strict=True)):
            z = z @ kernel.numpy() + bias.numpy()
            z = act(z) if n < layers - 1 else z
        assert found[g, m] == pytest.approx(float(z[0]), abs=1e-5)


def test_batch_of_one():
    assert FeatureExploration()(**inputs(1, 1)).shape == (1, 1)


def test_bad_arguments():
    with pytest.raises(ValueError, match="`activation` should be one of .*'tanh', 'relu'.* Received: 'elu'"):
        FeatureExploration(activation="elu")
    with pytest.raises(ValueError, match="`num_layers` should be at least 1. Received: 0"):
        FeatureExploration(0)
