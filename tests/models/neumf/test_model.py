"""logit = h . [p^G * q^G || tower([p^M || q^M])] + b_i."""

import numpy as np
import pytest

from tests.models.small import flat
from tfkgrec.models.mf.model import MatrixSizes
from tfkgrec.models.neumf.model import NeuMF

USERS, ITEMS, D = 6, 8, 4
USER, ITEM = np.arange(USERS, dtype=np.int32), np.tile(np.arange(ITEMS, dtype=np.int32), (USERS, 1))


def neumf(**settings) -> NeuMF:
    plain = {"dim": D, "mlp_layers": 3, "l2": 0.0, "item_bias": True, "dropout": 0.0}
    model = NeuMF(MatrixSizes(USERS, ITEMS), **{**plain, **settings})
    model.build()
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    return model


def slow_logit(model: NeuMF, u: int, i: int) -> float:
    """By the equations, with the first layer's matrix in one piece."""
    tables = (model.user_product, model.item_product, model.user_vector, model.item_vector)
    p, q, pm, qm = (np.asarray(table.embeddings)[row] for table, row in zip(tables, (u, i, u, i), strict=True))
    first = np.concatenate([np.asarray(model.of_user.kernel), np.asarray(model.of_item.kernel)])
    x = np.maximum(np.concatenate([pm, qm]) @ first + np.asarray(model.of_user.bias), 0)
    for layer in model.hidden:
        x = np.maximum(x @ np.asarray(layer.kernel) + np.asarray(layer.bias), 0)
    logit = (np.concatenate([p * q, x]) @ np.asarray(model.out.kernel) + np.asarray(model.out.bias))[0]
    return float(logit + (0 if model.item_bias is None else np.asarray(model.item_bias.embeddings)[i, 0]))


@pytest.mark.parametrize("settings", [{}, {"mlp_layers": 1, "item_bias": False}, {"mlp_layers": 2}])
def test_logits_equal_the_equations(settings):
    model = neumf(**settings)
    found = model({"user": USER, "item": ITEM})
    for u, i in np.ndindex(USERS, ITEMS):
        assert float(found[u, i]) == pytest.approx(slow_logit(model, u, i), rel=1e-4, abs=1e-4)


def test_the_tower_halves_and_ends_as_wide_as_the_product():
    """8 factors and three layers: 32, 16, 8, and vectors of 16 (section 4.1)."""
    model = NeuMF(MatrixSizes(USERS, ITEMS), dim=8, mlp_layers=3, l2=0.0, item_bias=False, dropout=0.0)
    assert [model.of_user.units, *(layer.units for layer in model.hidden)] == [32, 16, 8]
    assert model.width == 16
    assert flat(model)["mlp_layers"] == 3


def test_regularisation_counts_real_pairs_only():
    model = neumf(l2=0.5)
    user, item = np.array([1, 2], np.int32), np.array([[3, 4], [5, 0]], np.int32)
    model({"user": user, "item": item}, training=True)
    total = 0.0
    for a, b in ((1, 3), (1, 4), (2, 5)):
        for of_user, of_item in ((model.user_product, model.item_product), (model.user_vector, model.item_vector)):
            total += np.sum(np.asarray(of_user.embeddings)[a] ** 2)
            total += np.sum(np.asarray(of_item.embeddings)[b] ** 2)
    assert float(model.losses[0]) == pytest.approx(0.5 * total / 3, rel=1e-5)
