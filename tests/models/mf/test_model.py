"""The floor that every model has to clear: logit = <u, i> + b_i + b."""

import numpy as np
import pytest

from tfkgrec.models.mf.model import MatrixFactorization, MatrixSizes

USERS, ITEMS, D = 6, 8, 3
USER, ITEM = np.arange(USERS, dtype=np.int32), np.tile(np.arange(ITEMS, dtype=np.int32), (USERS, 1))


def factors(**settings) -> MatrixFactorization:
    model = MatrixFactorization(MatrixSizes(USERS, ITEMS), **{"dim": D, "item_bias": True, "l2": 0.0, **settings})
    model.build()
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    return model


@pytest.mark.parametrize("item_bias", [True, False])
def test_logit_is_the_product_plus_biases(item_bias):
    model = factors(item_bias=item_bias)
    found = model({"user": USER, "item": ITEM})
    for u, i in np.ndindex(USERS, ITEMS):
        expected = np.sum(model.user_embedding.embeddings.numpy()[u] * model.item_embedding.embeddings.numpy()[i])
        expected += model.bias.numpy() + (model.item_bias.embeddings.numpy()[i, 0] if item_bias else 0)
        assert float(found[u, i]) == pytest.approx(expected, abs=1e-5)


def test_regularisation_counts_real_pairs_only():
    model = factors(l2=0.5)
    user, item = np.array([1, 2], np.int32), np.array([[3, 4], [5, 0]], np.int32)
    model({"user": user, "item": item}, training=True)
    u, i = model.user_embedding.embeddings.numpy(), model.item_embedding.embeddings.numpy()
    total = sum(np.sum(u[a] ** 2) + np.sum(i[b] ** 2) for a, b in ((1, 3), (1, 4), (2, 5)))
    assert float(model.losses[0]) == pytest.approx(0.5 * total / 3, rel=1e-5)
    quiet = factors(l2=0.5)
    quiet({"user": user, "item": item})
    assert not quiet.losses


def test_users_and_items_start_from_different_draws():
    """An initializer that both share draws the same numbers twice: user n would start as item n."""
    model = MatrixFactorization(MatrixSizes(50, 60), dim=16, item_bias=True, l2=0.0)
    model.build()
    user, item = model.user_embedding.embeddings.numpy()[1:], model.item_embedding.embeddings.numpy()[1:50]
    assert abs(np.corrcoef(user.ravel(), item.ravel())[0, 1]) < 0.15
    assert user.std() == pytest.approx(0.1, abs=0.02)
