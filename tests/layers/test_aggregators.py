"""DINK's aggregators (eqs 1-5) against paper and pencil, and against loops."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.harness import check_layer, gradients, set_weights, softmax
from tfkgrec.layers.aggregators import AttentionAggregator, ConcatAggregator, SumAggregator

ALL = [
    (SumAggregator, {}),
    (ConcatAggregator, {}),
    (AttentionAggregator, {}),
    (AttentionAggregator, {"include_center": True}),
]
G, T, K, D, UNITS = 3, 4, 5, 2, 3


def inputs(seed: int = 0, shape: tuple[int, ...] = (G, T)) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "center": rng.normal(size=(*shape, D)).astype(np.float32),
        "neighbours": rng.normal(size=(*shape, K, D)).astype(np.float32),
        "relations": rng.normal(size=(*shape, K, D)).astype(np.float32),
        "mask": rng.random((*shape, K)) < 0.6,
    }


def built(cls, settings, seed: int = 0):
    layer, given = cls(UNITS, **settings), inputs(seed)
    layer(**given)
    layer.bias.assign(np.random.default_rng(9).normal(size=UNITS))
    return layer, given


@pytest.mark.parametrize(
    ("cls", "settings", "weights"),
    [
        (SumAggregator, {}, [(D, UNITS), (UNITS,)]),
        (ConcatAggregator, {"activation": "relu"}, [(UNITS,), (2 * D, UNITS)]),
        (AttentionAggregator, {"include_center": True}, [(D,), (D, UNITS), (UNITS,)]),
    ],
)
def test_as_a_keras_layer(cls, settings, weights, tmp_path):
    check_layer(cls, {"units": UNITS, **settings}, inputs(), ((G, T, UNITS), (G, T, K)), sorted(weights), tmp_path)


# One entity v = [1, 2] with three neighbours e = [1, 0], [0, 1], [5, 5], the third one missing; W = identity, b = 0 and
# no activation, so that the output is the summary itself.
CENTER = np.array([[1.0, 2.0]], np.float32)
NEIGHBOURS = np.array([[[1, 0], [0, 1], [5, 5]]], np.float32)
RELATIONS = np.array([[[2, 1], [1, 4], [1, 1]]], np.float32)
MASK = np.array([[True, True, False]])


def test_sum_by_hand():
    layer = SumAggregator(2, "linear")
    layer.build((1, 2), (1, 2, 2))
    set_weights(layer, kernel=np.eye(2))
    # v + e_1 + e_2 = [1, 2] + [1, 0] + [0, 1] = [2, 3]
    output, weights = layer(CENTER, NEIGHBOURS, RELATIONS, MASK)
    assert_allclose(output, [[2, 3]])
    assert_allclose(weights, [[1, 1, 0]])


def test_concat_by_hand():
    layer = ConcatAggregator(4, "linear")
    layer.build((1, 2), (1, 2, 2))
    set_weights(layer, kernel=np.eye(4))
    # [v || e_1 + e_2] = [1, 2, 1, 1]
    output, weights = layer(CENTER, NEIGHBOURS, RELATIONS, MASK)
    assert_allclose(output, [[1, 2, 1, 1]])
    assert_allclose(weights, [[1, 1, 0]])


@pytest.mark.parametrize(("include_center", "add"), [(False, [0, 0]), (True, [1, 2])])
def test_attention_by_hand(include_center, add):
    layer = AttentionAggregator(2, "linear", include_center=include_center)
    layer.build((1, 2), (1, 2, 2))
    set_weights(layer, kernel=np.eye(2), relation_kernel=[1, 0.5])
    # w_r . (e_1 * r_1) = [1, .5] . [2, 0] = 2; w_r . (e_2 * r_2) = [1, .5] . [0, 4] = 2; the same, so a = [1/2, 1/2]
    output, weights = layer(CENTER, NEIGHBOURS, RELATIONS, MASK)
    assert_allclose(weights, [[0.5, 0.5, 0]], atol=1e-7)
    assert_allclose(output, [np.add([0.5, 0.5], add)], atol=1e-7)
    # w_r = [1, 0]: scores 2 and 0, a = softmax([2, 0]) = [.8808, .1192]
    set_weights(layer, relation_kernel=[1, 0])
    output, weights = layer(CENTER, NEIGHBOURS, RELATIONS, MASK)
    assert_allclose(weights, [[0.8808, 0.1192, 0]], atol=1e-4)
    assert_allclose(output, [np.add([0.8808, 0.1192], add)], atol=1e-4)
    # w_r = [-1, 0]: scores act(-2) = -.4 (leaky relu, slope .2) and 0, a = softmax([-.4, 0]) = [.4013, .5987]
    set_weights(layer, relation_kernel=[-1, 0])
    assert_allclose(layer(CENTER, NEIGHBOURS, RELATIONS, MASK)[1], [[0.4013, 0.5987, 0]], atol=1e-4)


def reference(layer, center, neighbours, relations, mask):
    """Eqs 1-5, one entity at a time, only over the neighbours that are there."""
    kernel, bias = np.asarray(layer.kernel, np.float64), np.asarray(layer.bias, np.float64)
    there = np.flatnonzero(mask)
    summed = sum((neighbours[k] for k in there), np.zeros(D))
    weights = mask.astype(float)
    if isinstance(layer, SumAggregator):
        summary = center + summed
    elif isinstance(layer, ConcatAggregator):
        summary = np.concatenate([center, summed])
    else:
        score = np.array([np.asarray(layer.relation_kernel) @ (neighbours[k] * relations[k]) for k in there])
        weights[there] = softmax(np.where(score > 0, score, 0.2 * score)) if len(there) else 0
        summary = sum((weights[k] * neighbours[k] for k in there), np.zeros(D)) + center * layer.include_center
    return np.tanh(summary @ kernel + bias), weights


@pytest.mark.parametrize(("cls", "settings"), ALL)
def test_equals_the_reference(cls, settings):
    layer, given = built(cls, settings)
    given["mask"][1, 2] = False  # no neighbour at all
    output, weights = layer(**given)
    for at in np.ndindex(G, T):
        expected = reference(layer, *(given[name][at] for name in ("center", "neighbours", "relations", "mask")))
        assert_allclose(output[at], expected[0], atol=1e-6)
        assert_allclose(weights[at], expected[1], atol=1e-6)


@pytest.mark.parametrize(("cls", "settings"), ALL)
def test_order_of_neighbours_does_not_matter(cls, settings):
    layer, given = built(cls, settings)
    order = np.random.default_rng(1).permutation(K)
    output, weights = layer(**given)
    mixed = {k: v if k == "center" else v[:, :, order] for k, v in given.items()}
    mixed_output, mixed_weights = layer(**mixed)
    assert_allclose(mixed_output, output, atol=1e-6)
    assert_allclose(mixed_weights, np.asarray(weights)[:, :, order], atol=1e-6)


@pytest.mark.parametrize(("cls", "settings"), ALL)
def test_missing_neighbours_change_nothing(cls, settings):
    layer, given = built(cls, settings)
    output, _ = layer(**given)
    for name in ("neighbours", "relations"):
        given[name][~given["mask"]] = 1e6
    assert_allclose(layer(**given)[0], output, atol=1e-6)


@pytest.mark.parametrize(("cls", "settings"), ALL)
def test_no_neighbour_at_all_is_finite_forth_and_back(cls, settings):
    layer, given = built(cls, settings)
    given["mask"][:] = False
    _, weights = layer(**given)
    assert not np.any(weights)
    found = gradients(lambda c, n, r: layer(c, n, r, given["mask"]), *list(given.values())[:3])
    assert all(np.isfinite(g).all() for g in found)
    assert not np.any(found[1])  # what is not there has no say
    assert not np.any(found[2])


@pytest.mark.parametrize(("cls", "settings"), ALL)
@pytest.mark.parametrize("shape", [(1,), (1, 1), (2, 3, 4)])
def test_batch_of_one_and_any_rank(cls, settings, shape):
    layer, _ = built(cls, settings)
    output, weights = layer(**inputs(shape=shape))
    assert output.shape == (*shape, UNITS)
    assert weights.shape == (*shape, K)


def test_bad_arguments():
    with pytest.raises(ValueError, match="`units` should be at least 1. Received: 0"):
        SumAggregator(0)
    with pytest.raises(ValueError, match="tanhh"):
        AttentionAggregator(4, activation="tanhh")
