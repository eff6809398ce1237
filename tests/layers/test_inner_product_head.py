"""The head by hand: biases, vectors, products, switched on one by one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tfkgrec.layers.embedding import BIAS_SPREAD, Embedding
from tfkgrec.layers.inner_product_head import SETTINGS, InnerProductHead, split_head

ITEM, ATTRIBUTES = np.array([[1, 2]], np.int32), np.array([[[3, 4], [0, 0]]], np.int32)
VECTOR = np.array([[[1.0, 2], [3, -1]]], np.float32)  # v of two candidates
PAPER, USER, INTEREST, HISTORY = (np.array([[[n, 1.0]]], np.float32) for n in (1, 10, 100, 1000))


def built(**settings) -> InnerProductHead:
    head = InnerProductHead(**settings)
    head.build(3, 5)
    for table in (head.item_bias, head.attribute_bias):
        if table is not None:
            table.embeddings.assign(0.5 ** np.arange(table.input_dim)[:, None])  # 1, 1/2, 1/4, 1/8, 1/16
    return head


def test_nothing_is_switched_on_by_default():
    head = built()
    assert not head.weights
    assert not head.has_product
    assert_array_equal(head.bias(ITEM, ATTRIBUTES), [[0, 0]])
    assert_array_equal(head.product(VECTOR, user=USER, interest=INTEREST, history=HISTORY), [[0, 0]])
    assert head.drop(VECTOR, training=True) is VECTOR


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"item_bias": True}, [0.5, 0.25]),
        ({"attribute_bias": True}, [3 / 16, 0]),  # 1/8 + 1/16; the second item has none
        ({"item_bias": True, "attribute_bias": True}, [0.5 + 3 / 16, 0.25]),
    ],
)
def test_biases(settings, expected):
    assert_allclose(built(**settings).bias(ITEM, ATTRIBUTES), [expected])


@pytest.mark.parametrize(
    ("switched_on", "first"),
    [((), 0), (("user",), 10), (("interest",), 100), (("history",), 1000), (("user", "interest", "history"), 1110)],
)
@pytest.mark.parametrize("paper", [None, PAPER])
def test_products(switched_on, first, paper):
    head = built(**{f"{name}_item_dot": True for name in switched_on})
    assert head.has_product == bool(switched_on)
    u = np.array([first, len(switched_on)]) + (0 if paper is None else [1, 1])
    found = head.product(VECTOR, paper, user=USER, interest=INTEREST, history=HISTORY)
    assert_allclose(found, [[u @ v for v in VECTOR[0]]])
    without = head.product(VECTOR, paper)  # a vector that the model does not have
    assert_allclose(without, [[0, 0] if paper is None else [v.sum() for v in VECTOR[0]]])


def test_item_vectors():
    embedding = Embedding(5, 2)
    embedding.build(None)
    embedding.embeddings.assign([[9, 9], [1, 0], [0, 1], [2, 2], [4, 6]])
    assert_allclose(built().item_vector(ITEM, ATTRIBUTES, embedding), [[[1, 0], [0, 1]]])
    # [1, 0] + the mean of [2, 2] and [4, 6]; the second item has no attribute
    assert_allclose(built(item_attributes=True).item_vector(ITEM, ATTRIBUTES, embedding), [[[4, 4], [0, 1]]])


def test_penalty_passes_over_what_is_not_there():
    # |v|^2 of 5 and 10, |u|^2 of 101 twice, over two pairs
    assert float(built(l2=0.5).penalty(ITEM, (VECTOR, None))) == pytest.approx(0.5 * 15 / 2)
    assert float(built(l2=0.5).penalty(ITEM, (VECTOR, USER), 8.0)) == pytest.approx(0.5 * (15 + 202 + 8) / 2)


def test_dropout_only_in_training():
    head, x = built(dropout=0.5), np.ones((100, 3), np.float32)
    assert_array_equal(head.drop(x), x)
    assert set(np.unique(head.drop(x, training=True))) == {0, 2}


@pytest.mark.parametrize(("spread", "least", "most"), [(0.0, 0, 0), (BIAS_SPREAD, BIAS_SPREAD / 2, 2 * BIAS_SPREAD)])
def test_first_biases(spread, least, most):
    head = InnerProductHead(item_bias=True, bias_spread=spread)
    head.build(200)
    assert least <= np.std(head.item_bias.embeddings.numpy()) <= most


def test_config_comes_back():
    head = InnerProductHead(item_bias=True, history_item_dot=True, dropout=0.1, l2=0.2, bias_spread=0.0)
    again = InnerProductHead.from_config(head.get_config())
    assert again.settings == head.settings
    assert again.name == head.name == "head"


def test_split_takes_what_is_the_heads_and_leaves_the_rest():
    settings = {"dim": 3, "l2": 0.1, "pair_l2": 0.2, "item_bias": True, "ripple_item_dot": True, "dropout": 0.5}
    head, left = split_head(settings, {"pair_l2": "l2", "ripple_item_dot": "interest_item_dot"}, bias_spread=0.0)
    assert left == {"dim": 3, "l2": 0.1}
    on = {name for name, value in head.settings.items() if value}
    assert on == {"item_bias", "interest_item_dot", "dropout", "l2"}
    assert head.settings["l2"] == 0.2
    assert set(SETTINGS) < set(head.settings)
