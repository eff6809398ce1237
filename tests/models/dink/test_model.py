"""DINK against its equations written out for one pair at a time, and everything a recommender has to offer."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import sigmoid, softmax
from tests.models.small import EMPTY, EVERYTHING, EXTRAS, ITEMS, USERS, D, K, T, batch, dink, flat
from tfkgrec.models.dink.model import DINK
from tfkgrec.models.recommender import outputs

VARIANTS = {
    "paper": {},
    "sum": {"aggregator": "sum"},
    "concat": {"aggregator": "concat"},
    "DINK-K": {"aggregator": "none"},
    "DINK-A": {"interest_attention": False},
    "no MLP": {"mlp_layers": 0},
    "deep MLP": {"mlp_layers": 3},
    "f of one layer": {"prediction_layers": 1},
    "f of three layers": {"prediction_layers": 3},
    "narrow interest": {"interest_dim": 2, "user_item_dot": True, "history_item_dot": True, "aggregator": "concat"},
    "wide interest": {"interest_dim": 5, "scale_attention": True},
    "everything": EVERYTHING,
    "everything, f": {**EVERYTHING, "prediction_layers": 2},
    "everything, DINK-K": {**EVERYTHING, "aggregator": "none"},
}


def every_variant(function):
    return pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS.keys())(function)


class Obvious:
    """DINK for one user and one item, in float64, straight from the equations."""

    def __init__(self, model: DINK) -> None:
        self.model, self.config = model, flat(model)
        self.entity = value(model.entity_embedding.embeddings)

    def logit(self, user: int, item: int, history: np.ndarray | None = None, left_out: int | None = None) -> float:
        model, config = self.model, self.config
        history = value(model.history)[user].astype(int) if history is None else history
        lost = left_out if left_out is not None and item not in history else None
        seen = [int(v) for t, v in enumerate(history) if v not in (0, item) and t != lost]
        interest = self.interest(seen, item)
        u = vector = value(model.user_embedding.embeddings)[user]
        i = self.entity[item]
        for user_layer, item_layer in zip(model.user_mlp, model.item_mlp, strict=True):
            u, i = relu(dense(user_layer, u)), relu(dense(item_layer, i))  # (11, 12)
        weights = np.concatenate([value(layer.kernel) for layer in model.prediction])
        z = np.concatenate([u, i, interest]) @ weights + value(model.prediction[2].bias)  # (13)
        for layer in model.rest:  # f of Algorithm 1
            z = dense(layer, relu(z))
        logit = z[0]

        if config["item_bias"]:
            logit += value(model.head.item_bias.embeddings)[item, 0]
        if config["attribute_bias"]:
            logit += sum(value(model.head.attribute_bias.embeddings)[e, 0] for e, _ in self.neighbours(item))
        if config["user_item_dot"]:
            logit += vector @ self.item_vector(item)
        if config["interest_item_dot"]:
            logit += interest @ self.item_vector(item)
        if config["history_item_dot"] and seen:
            logit += np.mean([self.item_vector(v) for v in seen], axis=0) @ self.item_vector(item)
        return float(logit)

    def interest(self, seen: list[int], item: int) -> np.ndarray:
        """h_T (6-10)."""
        model, gru = self.model, self.model.interest_gru
        views = [self.view(v) for v in seen]  # E(v_t)
        weights = np.ones(len(seen))  # DINK-A
        if self.config["interest_attention"] and seen:
            kernel = value(model.interest_attention.kernel)
            weights = softmax([view @ kernel @ self.entity[item] for view in views])  # (6)
            if self.config["scale_attention"]:
                weights = weights * len(seen)
        w, b = np.split(value(gru.kernel), 3, axis=1), np.split(value(gru.bias), 3)
        u = [*np.split(value(gru.cell.gate_kernel), 2, axis=1), value(gru.cell.state_kernel)]
        h = np.zeros(len(b[0]))
        for a, view in zip(weights, views, strict=True):
            x = a * view
            z, r = (sigmoid(x @ w[n] + h @ u[n] + b[n]) for n in (0, 1))  # (7, 8)
            h = (1 - z) * h + z * np.tanh(x @ w[2] + (r * h) @ u[2] + b[2])  # (9, 10)
        return h

    def view(self, item: int) -> np.ndarray:
        """E(v) (1-5)."""
        v, near, kind = self.entity[item], self.neighbours(item), self.config["aggregator"]
        if kind == "none":
            return v
        total = sum((self.entity[e] for e, _ in near), np.zeros(D))
        if kind == "attention":
            relation = value(self.model.relation_embedding.embeddings)
            scores = [self.entity[e] * relation[r] @ value(self.model.aggregator.relation_kernel) for e, r in near]
            shares = softmax([max(s, 0.2 * s) for s in scores]) if near else []  # (4)
            x = sum((a * self.entity[e] for a, (e, _) in zip(shares, near, strict=True)), np.zeros(D))  # (5)
            x = x + v if self.config["include_center"] else x
        else:
            x = v + total if kind == "sum" else np.concatenate([v, total])  # (2, 3)
        return np.tanh(dense(self.model.aggregator, x))

    def item_vector(self, item: int) -> np.ndarray:
        return self.item_vector_with_attributes(item) if self.config["item_attributes"] else self.entity[item]

    def item_vector_with_attributes(self, item: int) -> np.ndarray:
        near = [self.entity[e] for e, _ in self.neighbours(item)]
        return self.entity[item] + (np.mean(near, axis=0) if near else 0)

    def neighbours(self, item: int) -> list[tuple[int, int]]:
        tables = value(self.model.neighbour_entity)[item], value(self.model.neighbour_relation)[item]
        return [(int(e), int(r)) for e, r in zip(*tables, strict=True) if e]


def value(variable) -> np.ndarray:
    return variable.numpy().astype(np.float64)


def relu(x):
    return np.maximum(x, 0)


def dense(layer, x):
    return x @ value(layer.kernel) + value(layer.bias)


def all_pairs() -> tuple[np.ndarray, np.ndarray]:
    """Every user, the stranger too, with every item, the unknown one too: [USERS], [USERS, ITEMS]."""
    return np.arange(USERS, dtype=np.int32), np.tile(np.arange(ITEMS, dtype=np.int32), (USERS, 1))


def logits(model, user, item) -> np.ndarray:
    return np.asarray(model.score_items(model.user_state(user), item))


@every_variant
def test_logits_equal_the_equations(settings):
    model = dink(**settings)
    user, item = all_pairs()
    found, obvious = logits(model, user, item), Obvious(model)
    expected = [[obvious.logit(u, i) for i in item[u]] for u in user]
    assert_allclose(found, expected, atol=2e-5)
    assert np.std(expected) > 0.1


@pytest.mark.parametrize("extra", EXTRAS)
def test_each_extra_alone(extra):
    model = dink(**{extra: True})
    user, item = all_pairs()
    obvious = Obvious(model)
    expected = [[obvious.logit(u, i) for i in item[u]] for u in user]
    assert_allclose(logits(model, user, item), expected, atol=2e-5)
    obvious.config = {**obvious.config, extra: False}
    without = [[obvious.logit(u, i) for i in item[u]] for u in user]
    same = np.abs(np.subtract(expected, without)).max() < 1e-3
    assert same == (extra == "item_attributes")  # has a say only where there is a product


def test_terms_outside_the_paper_are_off_in_its_preset():
    config = flat(dink())
    assert not any(config[name] for name in EXTRAS)
    assert config["dropout"] == 0
    # u, i, r vectors; aggregator W, b, w_r; W of eq 6; GRU W, b, U, U; two MLP layers W, b; W_p in three parts and b_p
    assert len(dink().trainable_weights) == 3 + 3 + 1 + 4 + 4 + 4


@every_variant
def test_training_inputs_equal_the_equations(settings):
    """A history in the batch and `left_out` are obeyed; the loss term stays out of the logits."""
    model, given = dink(**settings, l2=0.1), batch()
    found, obvious = model(given, training=True), Obvious(model)
    assert np.isin(given["item"], given["history"]).any()
    for g, m in np.ndindex(*given["item"].shape):
        expected = obvious.logit(given["user"][g], given["item"][g, m], given["history"][g], given["left_out"][g, m])
        assert float(found[g, m]) == pytest.approx(expected, abs=2e-5)


def test_an_empty_history_has_no_say():
    model = dink()
    before = logits(model, np.array([EMPTY]), np.array([[1, 2]]))
    vectors = model.entity_embedding.embeddings.numpy()
    vectors[0] += 5  # what padding would be seen as
    model.entity_embedding.embeddings.assign(vectors)
    assert_allclose(logits(model, np.array([EMPTY]), np.array([[1, 2]])), before, atol=1e-6)


def test_probability_is_the_calibrated_sigmoid():
    model = dink()
    assert_allclose(model.probability(np.array([0.0, 2.0])), [0.5, sigmoid(2)], atol=1e-6)
    model.calibration.assign([0.5, -1])
    assert_allclose(model.probability(np.array([[2.0]])), [[0.5]], atol=1e-6)  # .5 * 2 - 1 = 0
    bends = np.zeros(model.calibration_bends.shape)
    bends[:, :2] = [[0, 1], [3, -2]]
    model.calibration_bends.assign(bends)
    # left of 0 the slope is .5, then 3.5, from 1 on 1.5: -1.5, -1 + 1.75 = .75, -1 + 3.5 + 1.5 = 4
    assert_allclose(model.probability(np.array([-1, 0.5, 2.0])), [sigmoid(-1.5), sigmoid(0.75), sigmoid(4)], atol=1e-6)


def test_regularisation_is_lambda_times_the_squares_a_pair():
    """(14) over the batch's vectors: for each real pair |u|^2 + |e_i|^2, and once a row the |E(v_t)|^2."""
    model, given = dink(l2=0.25), batch(g=3, m=2)
    given["item"][0, 1] = 0  # padding
    model(given, training=True)
    (found,) = model.losses
    obvious, total = Obvious(model), 0.0
    user = value(model.user_embedding.embeddings)
    for g in range(3):
        total += sum(np.sum(obvious.view(v) ** 2) for v in given["history"][g])
        for item in given["item"][g][given["item"][g] > 0]:
            total += np.sum(user[given["user"][g]] ** 2) + np.sum(obvious.entity[item] ** 2)
    assert float(found) == pytest.approx(0.25 * total / 5, rel=1e-5)
    assert dink(l2=0.25)(given) is not None
    assert not model_losses_outside_training(given)


def model_losses_outside_training(given) -> list:
    model = dink(l2=0.25)
    model(given, training=False)
    return model.losses


@every_variant
def test_explain(settings):
    model = dink(**settings)
    user = np.repeat(np.arange(USERS, dtype=np.int32), ITEMS)
    item = np.tile(np.arange(ITEMS, dtype=np.int32), USERS)
    found = {name: np.asarray(v) for name, v in outputs(model.explain(user, item)).items()}
    n = len(user)
    assert found["logit"].shape == (n,)
    assert found["history_item"].shape == found["attention"].shape == (n, T)
    for name in ("neighbour_relation", "neighbour_entity", "neighbour_weight"):
        assert found[name].shape == (n, T, K)
    assert_allclose(found["logit"], logits(model, *all_pairs()).ravel(), atol=1e-6)
    history = value(model.history)[user]
    assert_array_equal(found["history_item"], history)
    visible = (history != 0) & (history != item[:, None])
    assert ((history == item[:, None]) & (history != 0)).any()
    assert_array_equal(found["attention"][~visible], 0)  # the candidate does not explain itself
    assert_allclose(found["attention"].sum(axis=1), visible.any(axis=1), atol=1e-6)
    if not settings.get("interest_attention", True):
        assert_allclose(found["attention"], visible / np.maximum(visible.sum(axis=1, keepdims=True), 1), atol=1e-6)
    rows = value(model.neighbour_entity)[history.astype(int)].astype(int)
    assert_array_equal(found["neighbour_entity"], value(model.entity_ids)[rows])  # the dataset's own numbers
    there = rows > 0
    assert_array_equal(found["neighbour_relation"], value(model.neighbour_relation)[history.astype(int)])
    assert_array_equal(found["neighbour_weight"][~there], 0)
    kind = model.get_config()["aggregator"]
    total = {"attention": there.any(axis=2), "none": np.zeros((n, T))}.get(kind, there.sum(axis=2))
    assert_allclose(found["neighbour_weight"].sum(axis=2), total, atol=1e-6)


def test_set_table_checks_the_shape():
    with pytest.raises(ValueError, match=r"table `history` should have shape \(7, 5\). Received: \(7, 4\)"):
        dink().set_table("history", np.zeros((USERS, T - 1)))


def test_bad_arguments():
    with pytest.raises(ValueError, match="`aggregator` should be one of .*'sum', 'concat'.* Received: 'att'"):
        dink(aggregator="att")
    with pytest.raises(ValueError, match="Unrecognized keyword arguments passed to DINK: {'dimension': 3}"):
        DINK.from_config({**dink().get_config(), "dimension": 3})


@pytest.mark.parametrize("settings", [{"aggregator": "none"}, {"interest_item_dot": True}])
def test_interest_dim_needs_an_aggregator_and_no_product_with_the_item(settings):
    with pytest.raises(ValueError, match="`interest_dim` should be None or 3 .* Received: 2"):
        dink(interest_dim=2, **settings)
    assert dink(interest_dim=3, **settings).interest_dim == 3
