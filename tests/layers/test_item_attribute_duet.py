"""HKRM's duet (eqs 6, 7, 10) against paper and pencil, and against its four products."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.harness import check_layer, gradients, set_weights, softmax
from tfkgrec.layers.item_attribute_duet import OUTPUTS, ItemAttributeDuet

N, A, D = 6, 4, 5


def inputs(n: int = N) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "query": rng.normal(size=(n, D)).astype(np.float32),
        "target": rng.normal(size=(n, D)).astype(np.float32),
        "query_distribution": rng.dirichlet(np.ones(A), n).astype(np.float32),
        "target_distribution": rng.dirichlet(np.ones(A), n).astype(np.float32),
    }


def built(level: str = "both", output: str = "linear") -> ItemAttributeDuet:
    layer = ItemAttributeDuet(D, level, output)
    layer.build((None, D), (None, D), (None, A), (None, A))
    rng = np.random.default_rng(1)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


def attribute_level(layer: ItemAttributeDuet, p: np.ndarray) -> np.ndarray:
    """(6, 7)"""
    hidden = np.tanh(p @ layer.hidden.kernel.numpy() + layer.hidden.bias.numpy())
    out = hidden @ layer.out.kernel.numpy() + layer.out.bias.numpy()
    return softmax(out) if layer.output_kind == "softmax" else out


@pytest.mark.parametrize("level", ["both", "attribute"])
def test_as_a_keras_layer(level, tmp_path):
    weights = [(A, D), (D,), (D,), (D, D)]
    check_layer(
        ItemAttributeDuet, {"dim": D, "level": level, "output": "linear"}, inputs(), (N,), sorted(weights), tmp_path
    )


def test_by_hand():
    layer = ItemAttributeDuet(2, output="softmax")
    layer.build((1, 2), (1, 2), (1, 2), (1, 2))
    set_weights(layer.hidden, kernel=[[5, 0], [0, 5]], bias=[0, 0])
    unit = np.log(3) / np.tanh(5)
    set_weights(layer.out, kernel=[[unit, 0], [0, unit]], bias=[0, 0])
    # p = [1, 0]: tanh [.9999, 0], out [ln 3, 0], softmax [.75, .25]; p = [0, 1]: [.25, .75]
    # q_s = [1, 2], t_s = [3, 0]: 3 + (.1875 + .1875) + (.25 + 1.5) + (2.25 + 0) = 7.375
    one = np.array([[1, 0]], np.float32)
    found = layer(np.array([[1, 2]], np.float32), np.array([[3, 0]], np.float32), one, one[:, ::-1])
    assert_allclose(found, [7.375], atol=1e-5)
    linear = ItemAttributeDuet(2, output="linear")
    linear.build((1, 2), (1, 2), (1, 2), (1, 2))
    linear.set_weights(layer.get_weights())
    # q_A = [ln 3, 0], t_A = [0, ln 3]: 3 + 0 + 2 ln 3 + 3 ln 3
    found = linear(np.array([[1, 2]], np.float32), np.array([[3, 0]], np.float32), one, one[:, ::-1])
    assert_allclose(found, [3 + 5 * np.log(3)], atol=1e-5)


def test_a_layer_that_names_no_output_is_an_old_one():
    config = ItemAttributeDuet(2, output="linear").get_config()
    assert ItemAttributeDuet.from_config(config).output_kind == "linear"
    del config["output"]
    assert ItemAttributeDuet.from_config(config).output_kind == "softmax"


@pytest.mark.parametrize("output", OUTPUTS)
def test_is_the_sum_of_four_products(output):
    layer, given = built(output=output), inputs()
    found = layer(**given)
    for n in range(N):
        q, t = given["query"][n], given["target"][n]
        q_a, t_a = (attribute_level(layer, given[f"{side}_distribution"][n]) for side in ("query", "target"))
        assert float(found[n]) == pytest.approx(q @ t + q_a @ t_a + q @ t_a + q_a @ t, abs=1e-5)


def test_levels():
    given, attribute, item = inputs(), built("attribute"), built("item")
    assert not item.weights
    assert_allclose(item(**given), np.sum(given["query"] * given["target"], axis=1), atol=1e-6)
    expected = [
        attribute_level(attribute, p) @ attribute_level(attribute, q)
        for p, q in zip(given["query_distribution"], given["target_distribution"], strict=True)
    ]
    assert_allclose(attribute(**given), expected, atol=1e-6)


def test_without_softmax_a_pair_may_be_less_likely_than_a_half():
    given = inputs(2000)
    below = {output: np.mean(built("attribute", output)(**given) < 0) for output in OUTPUTS}
    assert below["softmax"] == 0 < below["linear"]


def test_softmax_of_the_output_is_a_distribution_even_of_nothing():
    layer = built(output="softmax")
    found = layer.attribute_level(np.zeros((1, A), np.float32))
    assert_allclose(np.sum(found), 1, atol=1e-6)
    for gradient in gradients(layer.attribute_level, np.zeros((1, A), np.float32)):
        assert np.isfinite(gradient).all()


def test_bad_level():
    with pytest.raises(ValueError, match="`level` should be one of .*'both', 'item'.* Received: 'items'"):
        ItemAttributeDuet(3, "items")
    with pytest.raises(ValueError, match="`output` should be one of .*'linear', 'softmax'.* Received: 'relu'"):
        ItemAttributeDuet(3, output="relu")
