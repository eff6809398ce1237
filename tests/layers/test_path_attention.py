"""The paths of a pair as one vector: by hand, and equal to a loop."""

import numpy as np
import pytest

from tests.harness import check_layer, gradients, same_numbers, softmax
from tfkgrec.layers.path_attention import PathAttention

G, M, S, D = 2, 3, 4, 5


def inputs(seed: int = 0) -> dict[str, np.ndarray]:
    """Pair (0, 0) has no path, (0, 1) one."""
    rng = np.random.default_rng(seed)
    mask = rng.random((G, M, S)) < 0.7
    mask[1, 2] = True
    mask[0, 0] = False
    mask[0, 1] = [False, True, False, False]
    return {"paths": rng.normal(size=(G, M, S, D)).astype(np.float32), "mask": mask}


@pytest.mark.parametrize("settings", [{}, {"pooling": "max"}, {"pooling": "average"}, {"scale": "sqrt_dk"}], ids=str)
def test_what_every_layer_passes(settings, tmp_path):
    full = {"pooling": "attention", "scale": "dk", **settings}
    check_layer(PathAttention, full, inputs(), ((G, M, D), (G, M, S)), [(D,)], tmp_path)


@pytest.mark.parametrize("scale, size", [("dk", 2.0), ("sqrt_dk", 2**0.5)])
def test_by_hand(scale, size):
    """D_1 = [1, 0], D_2 = [1, 1]: D D^T = [[1, 1], [1, 2]]; rows of W are [.5, .5] and softmax([1, 2] / size)."""
    paths = np.array([[[[1, 0], [1, 1], [7, 7]]]], np.float32)
    h, weight = PathAttention(scale=scale)(paths, np.array([[[True, True, False]]]))
    second = softmax([1 / size, 2 / size])
    expected = [(0.5 + second[0]) / 2, (0.5 + second[1]) / 2, 0]
    same_numbers(weight[0, 0], np.array(expected))
    same_numbers(h[0, 0], np.array([1, expected[1]]))


def test_equals_the_loop():
    """Attended rows W D, then their mean (eqs 2, 3), pair by pair."""
    given, layer = inputs(), PathAttention()
    h, weight = layer(**given)
    for g, m in np.ndindex(G, M):
        there = given["mask"][g, m]
        d = given["paths"][g, m][there].astype(np.float64)
        attended = np.array([softmax(d @ q / D) @ d for q in d])
        expected = attended.mean(axis=0) if len(d) else np.zeros(D)
        same_numbers(h[g, m], expected)
        same_numbers(np.sum(weight[g, m]), np.array(float(len(d) > 0)))
        assert not np.asarray(weight[g, m])[~there].any()


def test_max_is_rkges_pooling_entry_by_entry():
    """And its weights are the shares of the entries that each path gave; equal paths share them."""
    given = inputs()
    given["paths"] -= 3.0  # the largest of negative entries: what is masked is no 0
    given["paths"][1, 2, 1] = given["paths"][1, 2, 3]
    h, weight = PathAttention(pooling="max")(**given)
    for g, m in np.ndindex(G, M):
        there = np.flatnonzero(given["mask"][g, m])
        expected, share = np.zeros(D), np.zeros(S)
        for j in range(D if len(there) else 0):
            entries = given["paths"][g, m, there, j]
            expected[j] = max(entries)
            winners = there[entries == max(entries)]
            share[winners] += 1 / len(winners) / D
        same_numbers(h[g, m], expected)
        same_numbers(weight[g, m], share)
    assert not np.asarray(weight)[~given["mask"]].any()
    assert np.asarray(weight)[1, 2, 1] == np.asarray(weight)[1, 2, 3] > 0


def test_average_counts_every_path_alike():
    given = inputs()
    _, weight = PathAttention(pooling="average")(**given)
    count = np.maximum(given["mask"].sum(axis=-1, keepdims=True), 1)
    same_numbers(weight, given["mask"] / count)


def test_a_pair_without_paths_has_a_learned_vector_of_its_own():
    given, layer = inputs(), PathAttention()
    layer(**given)
    layer.no_path.assign(np.arange(D))
    h, _ = layer(**given)
    same_numbers(h[0, 0], np.arange(D))
    assert np.abs(np.asarray(h)[1, 2] - np.arange(D)).max() > 0.5


def test_the_order_of_the_paths_does_not_matter():
    given, order = inputs(), np.array([2, 0, 3, 1])
    layer = PathAttention()
    h, weight = layer(**given)
    other_h, other_weight = layer(given["paths"][:, :, order], given["mask"][:, :, order])
    same_numbers(other_h, h, 1e-6)
    same_numbers(other_weight, np.asarray(weight)[:, :, order], 1e-6)


def test_gradients_are_finite_where_there_is_nothing():
    given, layer = inputs(), PathAttention()
    layer(**given)
    (found,) = gradients(lambda paths: layer(paths, np.zeros_like(given["mask"])), given["paths"])
    assert np.isfinite(found).all()


@pytest.mark.parametrize("wrong", [{"pooling": "sum"}, {"scale": "dim"}])
def test_choices_are_checked(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PathAttention(**wrong)
