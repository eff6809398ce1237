"""HKRM against its equations written out for one pair at a time, and everything a recommender has to offer."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import softmax
from tests.models.hkrm.small import EVERYTHING, EXTRAS, A, D, T, V, hkrm
from tests.models.small import EMPTY, ITEMS, LONELY, STRANGER, USERS, batch, flat
from tfkgrec.errors import InputError
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.models.hkrm import model as hkrm_model
from tfkgrec.models.hkrm.model import HKRM
from tfkgrec.models.recommender import outputs
from tfkgrec.tasks.ranking import RankingModel

VARIANTS = {
    "paper": {},
    "mean": {"combine": "mean"},
    "softmax of the MLP": {"attribute_output": "softmax"},
    "HKRM-Item": {"level": "item"},
    "HKRM-Attr": {"level": "attribute"},
    "HKRM-woKL": {"distance_loss": "none"},
    "one field": {"fields": 1},
    "everything": EVERYTHING,
    "everything, HKRM-Item": {**EVERYTHING, "level": "item"},
    "everything, HKRM-Attr": {**EVERYTHING, "level": "attribute"},
}


def every_variant(function):
    return pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS.keys())(function)


class Obvious:
    """HKRM for one user and one item, in float64, straight from the equations."""

    def __init__(self, model: HKRM) -> None:
        self.model, self.config = model, flat(model)
        self.entity = value(model.entity_embedding.embeddings)
        self.fields = self.config["num_fields"]

    def logit(self, user: int, item: int, history: np.ndarray | None = None, left_out: int | None = None) -> float:
        model, config = self.model, self.config
        seen = self.seen(user, item, history, left_out)
        q, t, level = self.query(seen), self.vector(item), config["level"]
        if level == "item":
            logit = q @ t
        else:
            q_a, t_a = self.attribute_level(self.of_query(seen)), self.attribute_level(self.of_item(item))
            logit = q_a @ t_a + (0 if level == "attribute" else q @ t + q @ t_a + q_a @ t)  # (10)
        if config["item_bias"]:
            logit += value(model.head.item_bias.embeddings)[item, 0]
        if config["attribute_bias"]:
            bias = value(model.head.attribute_bias.embeddings)[:, 0]
            logit += sum(bias[e] for j in range(self.fields) for e in self.values(item, j))
        if config["user_item_dot"]:
            logit += value(model.user_embedding.embeddings)[user] @ t
        return float(logit)

    def seen(self, user: int, item: int, history=None, left_out=None) -> list[int]:
        history = value(self.model.history)[user].astype(int) if history is None else history
        lost = left_out if left_out is not None and item not in history else None
        return [int(v) for t, v in enumerate(history) if v not in (0, item) and t != lost]

    def alpha(self, seen: list[int]) -> np.ndarray:
        p = value(self.model.query_attention.item_weight.embeddings)[:, 0]
        return softmax(p[seen] / len(seen)) if seen else np.zeros(0)  # (2)

    def query(self, seen: list[int]) -> np.ndarray:
        return sum((a * self.vector(v) for a, v in zip(self.alpha(seen), seen, strict=True)), np.zeros(D))  # (1)

    def of_query(self, seen: list[int]) -> np.ndarray:
        total = sum(  # (4)
            (a * self.proximity(v, self.query(seen)) for a, v in zip(self.alpha(seen), seen, strict=True)),
            np.zeros(self.fields),
        )
        return total / total.sum() if total.sum() else total

    def of_item(self, item: int) -> np.ndarray:
        return self.proximity(item, self.entity[item])  # (5)

    def proximity(self, item: int, anchor: np.ndarray) -> np.ndarray:
        own = [j for j in range(self.fields) if self.values(item, j)]
        relation, found = value(self.model.proximity.relation), np.zeros(self.fields)
        found[own] = softmax([self.field(item, j) @ (relation[j] * anchor) for j in own]) if own else 0
        return found

    def field(self, item: int, j: int) -> np.ndarray:
        vectors = self.entity[self.values(item, j)]  # (3)
        return vectors.sum(axis=0) if self.config["combine"] == "sum" else vectors.mean(axis=0)

    def values(self, item: int, j: int) -> list[int]:
        slot = int(value(self.model.item_slot)[item, j])
        own = value(self.model.value_slot) == slot
        return value(self.model.value_entity)[own].astype(int).tolist() if slot else []

    def vector(self, item: int) -> np.ndarray:
        vector = self.entity[item]
        if self.config["item_attributes"]:
            own = [j for j in range(self.fields) if self.values(item, j)]
            vector = vector + sum((self.of_item(item)[j] * self.field(item, j) for j in own), np.zeros(D))
        return vector

    def attribute_level(self, p: np.ndarray) -> np.ndarray:
        hidden, out = self.model.duet.hidden, self.model.duet.out
        level = np.tanh(p @ value(hidden.kernel) + value(hidden.bias)) @ value(out.kernel) + value(out.bias)  # (6, 7)
        return softmax(level) if self.config["attribute_output"] == "softmax" else level

    def distance(self, given, label, weight) -> float:
        """L_a over the pairs whose sides share a field (9)."""
        total = count = 0.0
        for g, m in np.ndindex(*given["item"].shape):
            seen = self.seen(0, given["item"][g, m], given["history"][g], given["left_out"][g, m])
            p, q = self.of_query(seen), self.of_item(given["item"][g, m])
            both = (p > 0) & (q > 0)
            if both.any() and weight[g, m]:
                p, q = p[both] / p[both].sum(), q[both] / q[both].sum()
                kl, kind = np.sum(p * np.log(p / q)), self.config["distance_loss"]
                of_positive = -np.sum(p * np.log(q)) if kind == "cross_entropy" else kl
                of_negative = max(0.0, self.config["margin"] - kl) if kind == "contrastive" else 0.0
                total += of_positive if label[g, m] else of_negative
                count += 1
        return total / count


def value(variable) -> np.ndarray:
    return variable.numpy().astype(np.float64)


def all_pairs() -> tuple[np.ndarray, np.ndarray]:
    """Every user, the stranger too, with every item, the unknown one too: [USERS], [USERS, ITEMS]."""
    return np.arange(USERS, dtype=np.int32), np.tile(np.arange(ITEMS, dtype=np.int32), (USERS, 1))


def logits(model, user, item) -> np.ndarray:
    return np.asarray(model.score_items(model.user_state(user), item))


def labels(given, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = given["item"].shape
    return rng.integers(0, 2, shape).astype(np.float32), (rng.random(shape) < 0.7).astype(np.float32)


def fit(task, given, label, weight) -> dict[str, list[float]]:
    """One step on one batch; the logs."""
    import tensorflow as tf

    data = tf.data.Dataset.from_tensors((given, label[..., None], weight))
    return task.fit(data, epochs=1, verbose=0, shuffle=False).history


@every_variant
def test_logits_equal_the_equations(settings):
    model = hkrm(**settings)
    user, item = all_pairs()
    found, obvious = logits(model, user, item), Obvious(model)
    expected = [[obvious.logit(u, i) for i in item[u]] for u in user]
    assert_allclose(found, expected, atol=2e-5)
    assert np.std(expected) > 0.03


@pytest.mark.parametrize("extra", EXTRAS)
def test_each_extra_alone(extra):
    model = hkrm(**{extra: True})
    user, item = all_pairs()
    obvious = Obvious(model)
    expected = [[obvious.logit(u, i) for i in item[u]] for u in user]
    assert_allclose(logits(model, user, item), expected, atol=2e-5)
    obvious.config = {**obvious.config, extra: False}
    assert np.abs(expected - np.array([[obvious.logit(u, i) for i in item[u]] for u in user])).max() > 1e-2


def test_terms_outside_the_paper_are_off_in_its_preset():
    config = flat(hkrm())
    assert not any(config[name] for name in (*EXTRAS, "dropout"))
    assert hkrm().head.l2 == 0
    assert config["initial_spread"] is None
    # p, E, R, and two layers W, b of the MLP
    assert len(hkrm().trainable_weights) == 3 + 4
    assert len(hkrm(level="item").trainable_weights) == 2  # p, E


@every_variant
def test_training_inputs_equal_the_equations(settings):
    """A history in the batch and `left_out` are obeyed; losses stay out of the logits."""
    model, given = hkrm(**settings, l2=0.1, pair_l2=0.1), batch()
    found, obvious = model(given, training=True), Obvious(model)
    assert np.isin(given["item"], given["history"]).any()
    for g, m in np.ndindex(*given["item"].shape):
        expected = obvious.logit(given["user"][g], given["item"][g, m], given["history"][g], given["left_out"][g, m])
        assert float(found[g, m]) == pytest.approx(expected, abs=2e-5)


def test_a_history_that_repeats_itself():
    """recommend_for_history takes what people send: a repeated item is left out wherever it stands."""
    model, user = hkrm(), np.array([STRANGER])
    state = model.user_state(user, np.array([[3, 5, 3, 0, 0]], np.int32))
    item = np.arange(ITEMS, dtype=np.int32)[None]
    alone = [np.asarray(model.score_items(state, item[:, i : i + 1]))[0, 0] for i in range(ITEMS)]
    assert_allclose(model.score_items(state, item)[0], alone, atol=1e-5)
    without = model.user_state(user, np.array([[5, 0, 0, 0, 0]], np.int32))
    assert_allclose(alone[3], model.score_items(without, np.array([[3]]))[0, 0], atol=1e-5)


def test_what_stands_in_row_0_has_no_say():
    model = hkrm(item_attributes=True, attribute_bias=True)
    user, item = np.array([EMPTY, 2]), np.array([[1, LONELY]] * 2)
    before = logits(model, user, item)
    vectors = model.entity_embedding.embeddings.numpy()
    vectors[0] += 5
    model.entity_embedding.embeddings.assign(vectors)
    assert_allclose(logits(model, user, item), before, atol=1e-6)


# ---------------------------------------------------------------------------------------------------------------------
# losses


@pytest.mark.parametrize("kind", ["contrastive", "positive_only", "cross_entropy"])
def test_the_distance_loss_is_the_papers(kind):
    model, given = hkrm(distance_loss=kind, distance_weight=0.5, margin=0.4, l2=0.0), batch(g=20)
    label, weight = labels(given)
    model({**given, "label": label, "weight": weight}, training=True)
    (found,) = model.losses
    assert float(found) == pytest.approx(0.5 * Obvious(model).distance(given, label, weight), rel=1e-3)


def test_logits_never_read_labels():
    """The same logits whatever the labels say; without any, in inference, there is no loss and no complaint."""
    model, given = hkrm(**EVERYTHING), batch()
    label, weight = labels(given)
    found = [model({**given, "label": y, "weight": weight}, training=True) for y in (label, 1 - label)]
    assert_array_equal(found[0], found[1])
    assert_array_equal(found[0], model(given, training=True))
    model({**given, "label": label, "weight": weight})
    assert not model.losses
    model(given, training=True)
    assert len(model.losses) == 1  # eq 13's norms: they need no label


def test_the_task_hands_labels_over_in_every_trace():
    """Batches of two shapes, hence two traces: no tensor of the first may live on in the second."""
    model = hkrm(l2=0.0)
    task = RankingModel(model)
    task.compile(keras.optimizers.SGD(0.0), jit_compile=True)
    for g in (4, 6, 4):
        given = batch(g=g)
        label, weight = labels(given)
        logs = fit(task, given, label, weight)
        expected = Obvious(model).distance(given, label, weight)
        assert logs["regularization_loss"][0] == pytest.approx(expected, rel=1e-3)
        assert np.isfinite(logits(model, *all_pairs())).all()


def test_without_distance_loss_or_attribute_level_labels_do_nothing():
    given = batch()
    label, weight = labels(given)
    for settings in ({"distance_loss": "none"}, {"level": "item"}):
        model = hkrm(**settings, l2=0.0)
        model({**given, "label": label, "weight": weight}, training=True)
        assert not model.losses


@pytest.mark.parametrize(("settings", "jit"), [*((each, False) for each in VARIANTS.values()), (EVERYTHING, True)])
def test_a_batch_s_own_items_give_what_all_items_give(settings, jit, monkeypatch):
    """Logits, losses and every gradient, with a history and candidates that repeat themselves and each other."""
    import tensorflow as tf

    model, given = hkrm(**settings, pair_l2=0.1), batch(g=6)
    label, weight = labels(given)
    inputs = {**given, "label": label, "weight": weight}

    def found(worth: float) -> list[np.ndarray]:
        monkeypatch.setattr(hkrm_model, "WORTH_IT", worth)

        @tf.function(jit_compile=jit)
        def step():
            with tf.GradientTape() as tape:
                logit = model(inputs, training=True)
                loss = tf.reduce_sum(logit * logit) + sum(model.losses)
            weights = [variable.value for variable in model.trainable_weights]
            return logit, loss, *tape.gradient(loss, weights, unconnected_gradients="zero")

        return [np.asarray(tf.convert_to_tensor(value)) for value in step()]

    alone, whole = found(0), found(np.inf)
    for one, other in zip(alone, whole, strict=True):
        assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    assert sum(np.abs(each).max() > 1e-2 for each in alone) > 2


def test_which_of_the_two_shapes_decide():
    model = hkrm()
    assert model._room((None, T, None, 2)) is None and model._room((20, T, 20, 2)) is None
    model.num_items = model.num_items + 1000
    assert model._room((2, T, 2, 2)) > 0
    model.sizes = model.sizes._replace(fullest=None)  # as in a model saved before there was it
    assert model._room((2, T, 2, 2)) is None


def test_norms_of_whole_matrices():
    model = hkrm(l2=0.25)
    model(batch(), training=True)
    (found,) = model.losses
    expected = np.sum(value(model.entity_embedding.embeddings) ** 2) + np.sum(value(model.proximity.relation) ** 2)
    assert float(found) == pytest.approx(0.25 * expected, rel=1e-5)


def test_norms_of_the_batch_a_pair():
    """For each real pair |t|^2 + |u|^2, attributes in t, and once a row the squares of its history."""
    model, given = hkrm(pair_l2=0.25, l2=0.0, item_attributes=True, user_item_dot=True), batch(g=3, m=2)
    given["item"][0, 1] = 0  # padding
    model(given, training=True)
    (found,) = model.losses
    obvious, total, user = Obvious(model), 0.0, value(model.user_embedding.embeddings)
    for g in range(3):
        total += sum(np.sum(obvious.vector(v) ** 2) for v in given["history"][g] if v)
        for item in given["item"][g][given["item"][g] > 0]:
            total += np.sum(user[given["user"][g]] ** 2) + np.sum(obvious.vector(item) ** 2)
    assert float(found) == pytest.approx(0.25 * total / 5, rel=1e-5)


# ---------------------------------------------------------------------------------------------------------------------
# what a pair sees


@pytest.mark.parametrize("level", ["both", "attribute"])
def test_distributions_are_those_of_a_world_without_the_target(level):
    """p(.|q) of a training pair equals that of a history from which the item was really taken."""
    model, given = hkrm(level=level), batch(g=12)
    state = model.user_state(given["user"], given["history"])
    found = model._query(state, given["item"], given["left_out"])
    obvious = Obvious(model)
    hits = 0
    for g, m in np.ndindex(*given["item"].shape):
        item, history = given["item"][g, m], given["history"][g]
        hits += item in history
        erased = np.where(history == item, 0, history)
        if item not in history:
            erased[given["left_out"][g, m]] = 0
        expected = obvious.of_query(obvious.seen(0, 0, erased))
        assert_allclose(found.distribution[g, m], expected, atol=1e-5)
    assert hits > 5


def test_distributions_sum_to_one_over_the_fields_that_are_there():
    model = hkrm()
    user, item = all_pairs()
    p_query = np.asarray(model._query(model.user_state(user), item, None).distribution)
    p_item = np.asarray(model.user_state(user).catalogue.distribution)
    has = value(model.item_slot) > 0
    assert_allclose(p_item.sum(axis=1), has.any(axis=1), atol=1e-6)
    assert_array_equal(p_item > 0, has)
    obvious = Obvious(model)
    for u, i in np.ndindex(USERS, ITEMS):
        fields = has[obvious.seen(u, i)].any(axis=0)
        assert_array_equal(p_query[u, i] > 0, fields)
        assert p_query[u, i].sum() == pytest.approx(float(fields.any()), abs=1e-6)


# ---------------------------------------------------------------------------------------------------------------------
# files, explanations, settings


@every_variant
def test_explain(settings):
    model = hkrm(**settings)
    fields = settings.get("fields", A)
    user = np.repeat(np.arange(USERS, dtype=np.int32), ITEMS)
    item = np.tile(np.arange(ITEMS, dtype=np.int32), USERS)
    found, obvious = {name: np.asarray(v) for name, v in outputs(model.explain(user, item)).items()}, Obvious(model)
    n = len(user)
    assert_allclose(found["logit"], logits(model, *all_pairs()).ravel(), atol=1e-5)
    assert_array_equal(found["history_item"], value(model.history)[user])
    assert_array_equal(found["field_relation"], np.tile(value(model.field_relation), (n, 1)))
    assert found["item_weight"].shape == (n, T) and found["value_entity"].shape == (n, fields, V)
    for row in range(n):
        seen = obvious.seen(user[row], item[row])
        weights = dict(zip(found["history_item"][row], found["item_weight"][row], strict=True))
        assert_allclose([weights[v] for v in seen], obvious.alpha(seen), atol=1e-6)
        assert found["item_weight"][row].sum() == pytest.approx(float(bool(seen)), abs=1e-6)
        for j in range(fields):
            names = value(model.entity_ids)[obvious.values(item[row], j)]
            assert sorted(found["value_entity"][row, j]) == sorted([*names, *[0] * (V - len(names))])
        if model.proximity is not None:
            assert_allclose(found["target_distribution"][row], obvious.of_item(item[row]), atol=1e-5)
        if model.with_attribute_level:
            assert_allclose(found["query_distribution"][row], obvious.of_query(seen), atol=1e-5)
        elif model.proximity is not None:  # the fields of the history, as they weigh in its items' vectors
            weighed = [w * obvious.of_item(v) for w, v in zip(obvious.alpha(seen), seen, strict=True)]
            mean = np.sum([np.zeros(fields), *weighed], axis=0)
            assert_allclose(found["query_distribution"][row], mean / (mean.sum() or 1.0), atol=1e-5)
        else:
            assert not found["query_distribution"][row].any() and not found["target_distribution"][row].any()
    outer = found["query_distribution"][:, :, None] * found["target_distribution"][:, None]
    assert_allclose(found["field_match"], outer, atol=1e-6)


def test_starts_from_pre_trained_vectors():
    model, rng = hkrm(), np.random.default_rng(0)
    entity, relation = rng.normal(size=(120, D)).astype(np.float32), rng.normal(size=(A + 1, D)).astype(np.float32)
    model.start_from(PretrainedEmbeddings(entity=entity, relation=relation))
    assert_array_equal(model.entity_embedding.embeddings.numpy(), entity[value(model.entity_ids).astype(int)])
    assert_array_equal(model.proximity.relation.numpy(), relation[value(model.field_relation).astype(int)])
    with pytest.raises(InputError, match="pretraining.dim: expected 4, as model.dim is, found vectors of 7"):
        model.start_from(PretrainedEmbeddings(entity=np.zeros((120, 7), np.float32)))
    with pytest.raises(InputError, match="pretraining.knowledge: expected a method, since hkrm reads entity .* null"):
        model.start_from(PretrainedEmbeddings(item=entity))


def test_bad_arguments():
    for name in ("combine", "level", "distance_loss"):
        with pytest.raises(ValueError, match=f"`{name}` should be one of .* Received: 'other'"):
            hkrm(**{name: "other"})
