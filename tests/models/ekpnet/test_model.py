"""EKPNet against its equations written out for one pair at a time, and everything a recommender has to offer."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import softmax
from tests.models.ekpnet.small import ENTITIES, EVERYTHING, EXTRAS, LAMBDAS, RELATIONS, D, N, P, T, ekpnet
from tests.models.small import EMPTY, ITEMS, STRANGER, USERS, batch, flat
from tfkgrec.errors import InputError
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.models.ekpnet.model import EKPNet
from tfkgrec.models.recommender import outputs

NO = {"semantic_attention": False, "feature_exploration": False}
ACTIVATIONS = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "sigmoid": lambda z: 1 / (1 + np.exp(-z))}
VARIANTS = {
    "paper": {},
    "relu": {"activation": "relu"},
    "sigmoid": {"activation": "sigmoid"},
    "EKP_no": NO,
    "EKP_att": {"feature_exploration": False},
    "EKP_frame": {"semantic_attention": False},
    "one hop": {"num_hops": 1},
    "EKP_no, one hop": {**NO, "num_hops": 1},
    "three hops, one layer": {"num_hops": 3, "exploration_layers": 1},
    "everything": EVERYTHING,
    "everything, EKP_no": {**EVERYTHING, **NO},
}


def every_variant(function):
    return pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS.keys())(function)


class Obvious:
    """EKPNet for one user and one item, in float64, straight from the equations, matrices written out."""

    def __init__(self, model: EKPNet, stage: int = 1) -> None:
        self.model, self.config = model, {**flat(model), "ripple_item_dot": model.head.interest_item_dot}
        self.explore = self.config["feature_exploration"] and stage == 1
        self.entity = value(model.entity_embedding.embeddings)
        self.relation = value(model.relation_embedding.embeddings)
        self.ripples = value(model.ripples).astype(int)

    def logit(self, user: int, item: int, history: np.ndarray | None = None, left_out: int | None = None) -> float:
        model, config = self.model, self.config
        history = value(model.history)[user].astype(int) if history is None else history
        lost = left_out if left_out is not None and item not in history else None
        seen = [int(v) for t, v in enumerate(history) if v not in (0, item) and t != lost]
        start = v_o = self.item_vector(item)
        total = np.mean([self.item_vector(v) for v in seen], axis=0) if config["history_hop"] and seen else np.zeros(D)
        depths = []
        for hop in range(config["num_hops"]):
            rho = self.attend(v_o, [t for v in seen for t in self.triples(v, hop)])
            if config["feature_exploration"] or hop < config["num_hops"] - 1:
                v_o = (v_o + rho) @ value(model.propagation.kernel) + value(model.propagation.bias)  # (12)
            total = total + rho  # (14)
            depths.append(total)
        logit = 0.0
        if self.explore:
            z = np.concatenate([*depths, v_o])  # (16)
            layers = list(zip(model.exploration.kernels, model.exploration.biases, strict=True))
            for n, (kernel, bias) in enumerate(layers):
                z = z @ value(kernel) + value(bias)
                z = ACTIVATIONS[config["activation"]](z) if n < len(layers) - 1 else z  # (17, 18)
            logit += float(z[0])
        if not self.explore or config["ripple_item_dot"]:
            logit += depths[-1] @ start  # (15)
        if config["user_item_dot"]:
            logit += value(model.user_embedding.embeddings)[user] @ start
        if config["item_bias"]:
            logit += value(model.head.item_bias.embeddings)[item, 0]
        if config["attribute_bias"]:
            logit += sum(value(model.head.attribute_bias.embeddings)[t, 0] for _, _, t in self.triples(item, 0))
        return float(logit)

    def attend(self, v_o: np.ndarray, triples: list) -> np.ndarray:
        """rho (6-11)."""
        if not triples:
            return np.zeros(D)
        phi = softmax([(self.psi(h, r) + self.relation[r]) @ v_o for h, r, _ in triples])
        return sum(a * self.psi(t, r) for a, (_, r, t) in zip(phi, triples, strict=True))

    def psi(self, entity: int, relation: int) -> np.ndarray:
        """(8), with the d x d matrix."""
        v = self.entity[entity]
        if not self.config["semantic_attention"]:
            return v
        gammas = (self.model.entity_semantics, entity), (self.model.relation_semantics, relation)
        matrix = np.outer(*(value(table.embeddings)[row] for table, row in gammas))
        return matrix @ v + (v if self.config["residual_semantics"] else 0)

    def item_vector(self, item: int) -> np.ndarray:
        near = [self.entity[t] for _, _, t in self.triples(item, 0)] if self.config["item_attributes"] else []
        return self.entity[item] + (np.mean(near, axis=0) if near else 0)

    def triples(self, item: int, hop: int) -> list[tuple[int, int, int]]:
        return [tuple(triple) for triple in self.ripples[item, hop].T.tolist() if triple[2]]


def value(variable) -> np.ndarray:
    return variable.numpy().astype(np.float64)


def all_pairs() -> tuple[np.ndarray, np.ndarray]:
    """Every user, the stranger too, with every item, the unknown one too: [USERS], [USERS, ITEMS]."""
    return np.arange(USERS, dtype=np.int32), np.tile(np.arange(ITEMS, dtype=np.int32), (USERS, 1))


def logits(model, user, item) -> np.ndarray:
    return np.asarray(model.score_items(model.user_state(user), item))


@every_variant
@pytest.mark.parametrize("stage", [0, 1])
def test_logits_equal_the_equations(settings, stage):
    model = ekpnet(**settings)
    if stage < model.num_stages:
        model.enter_stage(stage)
    user, item = all_pairs()
    found, obvious = logits(model, user, item), Obvious(model, stage)
    expected = [[obvious.logit(u, i) for i in item[u]] for u in user]
    assert_allclose(found, expected, atol=3e-5)
    assert np.std(expected) > 0.1


@pytest.mark.parametrize("extra", EXTRAS)
def test_each_extra_alone(extra):
    model = ekpnet(**{extra: True})
    user, item = all_pairs()
    obvious = Obvious(model)
    expected = np.array([[obvious.logit(u, i) for i in item[u]] for u in user])
    assert_allclose(logits(model, user, item), expected, atol=3e-5)
    obvious.config = {**obvious.config, extra: False}
    without = np.array([[obvious.logit(u, i) for i in item[u]] for u in user])
    assert np.abs(expected - without).max() > 1e-3


def test_terms_outside_the_paper_are_off_in_its_preset():
    config = Obvious(ekpnet()).config
    assert not any(config[name] for name in (*EXTRAS, "l2", "dropout"))
    # v, r and both gammas; W_e, b_e; three layers W, b
    assert len(ekpnet().trainable_weights) == 4 + 2 + 6


def test_ablations_own_no_weights_of_what_they_lack():
    assert len(ekpnet(**NO).trainable_weights) == 2 + 2  # v, r; W_e, b_e between the hops
    assert len(ekpnet(**NO, num_hops=1).trainable_weights) == 2
    assert ekpnet(**NO).num_stages == 1
    assert ekpnet().num_stages == 2
    assert ekpnet().stage == 1


@every_variant
def test_training_inputs_equal_the_equations(settings):
    """A history in the batch and `left_out` are obeyed; the loss terms stay out of the logits."""
    model, given = ekpnet(**settings, **LAMBDAS), batch()
    found, obvious = model(given, training=True), Obvious(model)
    assert np.isin(given["item"], given["history"]).any()
    for g, m in np.ndindex(*given["item"].shape):
        expected = obvious.logit(given["user"][g], given["item"][g, m], given["history"][g], given["left_out"][g, m])
        assert float(found[g, m]) == pytest.approx(expected, abs=3e-5)


@pytest.mark.parametrize("settings", [{}, EVERYTHING])
def test_an_empty_history_has_no_say(settings):
    model = ekpnet(**settings)
    before = logits(model, np.array([EMPTY]), np.array([[1, 2]]))
    for table in (model.entity_embedding, model.relation_embedding, model.entity_semantics):
        vectors = table.embeddings.numpy()
        vectors[0] += 5  # what padding would be seen as
        table.embeddings.assign(vectors)
    assert_allclose(logits(model, np.array([EMPTY]), np.array([[1, 2]])), before, atol=1e-6)


def test_a_given_history_is_read_instead_of_the_stored_one():
    """A stranger's ripple sets are made as a user's are."""
    model = ekpnet()
    item = np.arange(ITEMS, dtype=np.int32)[None]
    stored = value(model.history)[2].astype(np.int32)[None]
    expected = logits(model, np.array([2]), item)
    for user in (2, STRANGER):
        found = model({"user": np.array([user]), "item": item, "history": stored})
        assert_allclose(found, expected, atol=1e-6)
    other = model({"user": np.array([STRANGER]), "item": item, "history": stored[:, ::-1] * 0 + [[1, 2, 0, 0, 0]]})
    assert np.abs(np.asarray(other) - expected).max() > 1e-3


def test_a_triple_of_two_seeds_stays_when_one_is_left_out():
    model = ekpnet(history_length=2)
    ripples = model.ripples.numpy()
    ripples[2] = ripples[1]
    model.set_table("ripples", ripples)
    history, item = np.array([[1, 2]], np.int32), np.array([[2]], np.int32)
    both = model({"user": np.array([0]), "item": item, "history": history})
    one = model({"user": np.array([0]), "item": item, "history": np.array([[1, 0]], np.int32)})
    assert_allclose(both, one, atol=1e-6)
    none = model({"user": np.array([0]), "item": item, "history": np.array([[0, 0]], np.int32)})
    assert np.abs(np.asarray(both) - none).max() > 1e-3


def losses(model: EKPNet, given: dict, training: bool = True) -> float:
    model(given, training=training)
    return float(sum(model.losses))


@pytest.mark.parametrize("stage", [0, 1])
def test_losses_by_the_definition(stage):
    """(24): what each lambda weighs, alone, in the stage that it belongs to."""
    given, prefix = batch(g=3, m=2), ("first_", "")[stage]
    given["item"][0, 1] = 0  # padding
    pairs = 5

    def found(name: str, **settings) -> float:
        model = ekpnet(**{name: 0.5}, **settings)
        model.enter_stage(1 - stage)
        assert losses(model, given) == 0 or name == "l2"
        model.enter_stage(stage)
        assert losses(model, given, training=False) == 0
        return losses(model, given)

    model = ekpnet()
    weights = [model.propagation.kernel, model.propagation.bias]
    weights += [*model.exploration.kernels, *model.exploration.biases] if stage else []
    assert found(f"{prefix}lambda2") == pytest.approx(0.25 * sum(np.sum(value(w) ** 2) for w in weights), rel=1e-5)

    obvious, used = Obvious(model), 0.0
    gammas = [value(table.embeddings) for table in (model.entity_semantics, model.relation_semantics)]
    for item in given["history"].ravel():
        for h, r, t in [triple for hop in range(P) for triple in obvious.triples(item, hop)]:
            rows = [obvious.entity[h], obvious.relation[r], obvious.entity[t], gammas[0][h], gammas[1][r], gammas[0][t]]
            used += np.sum(np.square(rows))
    used += sum(np.sum(obvious.entity[item] ** 2) for item in given["item"].ravel() if item)
    assert found(f"{prefix}lambda3") == pytest.approx(0.25 * used / pairs, rel=1e-5)
    assert 0.01 < found(f"{prefix}lambda1") < 0.25 * 2


def test_l2_acts_on_what_enters_the_products():
    given = batch(g=3, m=2)
    given["item"][0, 1] = 0
    model = ekpnet(l2=0.5, history_hop=True, item_attributes=True, user_item_dot=True)
    obvious, used = Obvious(model), 0.0
    user = value(model.user_embedding.embeddings)
    for g in range(3):
        used += sum(np.sum(obvious.item_vector(v) ** 2) for v in given["history"][g])
        for item in given["item"][g][given["item"][g] > 0]:
            used += np.sum(obvious.item_vector(item) ** 2) + np.sum(user[given["user"][g]] ** 2)
    assert losses(model, given) == pytest.approx(0.5 * used / 5, rel=1e-5)


@every_variant
def test_explain(settings):
    model = ekpnet(**settings)
    user, item = (x.ravel() for x in (np.repeat(np.arange(USERS), ITEMS), np.tile(np.arange(ITEMS), USERS)))
    found = {
        name: np.asarray(v) for name, v in outputs(model.explain(user.astype(np.int32), item.astype(np.int32))).items()
    }
    hops = model.num_hops
    assert_allclose(found.pop("logit"), logits(model, *all_pairs()).ravel(), atol=1e-6)
    assert {array.shape for array in found.values()} == {(len(user), hops, T * N)}
    obvious = Obvious(model)
    for b, (u, i) in enumerate(zip(user, item, strict=True)):
        seen = [int(v) for v in value(model.history)[u] if v not in (0, i)]
        for hop in range(hops):
            expected = [(v, 100 + h, r, 100 + t) for v in seen for h, r, t in obvious.triples(v, hop)]
            names = ("ripple_seed_item", "ripple_head_entity", "ripple_relation", "ripple_tail_entity")
            columns = [found[name][b, hop] for name in names]
            real = columns[0] > 0
            assert [tuple(int(x) for x in row) for row in zip(*columns, strict=True) if row[0]] == expected
            assert_array_equal(columns[2][~real], 0)
            assert_array_equal(found["ripple_attention"][b, hop][~real], 0)
            assert found["ripple_attention"][b, hop].sum() == pytest.approx(float(bool(expected)), abs=1e-5)


def vectors(d: int = D) -> PretrainedEmbeddings:
    rng = np.random.default_rng(3)
    tables = rng.normal(size=(100 + ENTITIES, d)), rng.normal(size=(RELATIONS, d))
    return PretrainedEmbeddings(*(table.astype(np.float32) for table in tables))


def test_starts_from_pre_trained_vectors():
    """Rows of the data set's entities find their compact ones; the semantic vectors stay as they are."""
    model, given = ekpnet(), vectors()
    before = model.entity_semantics.embeddings.numpy()
    model.start_from(given)
    assert_array_equal(model.entity_embedding.embeddings.numpy(), given.entity[100:])
    assert_array_equal(model.relation_embedding.embeddings.numpy(), given.relation)
    assert_array_equal(model.entity_semantics.embeddings.numpy(), before)


def test_vectors_that_do_not_fit():
    with pytest.raises(InputError, match="pretraining.dim: expected 3, as model.dim is, found vectors of 4"):
        ekpnet().start_from(vectors(4))
    with pytest.raises(InputError, match="pretraining.knowledge: expected a method"):
        ekpnet().start_from(PretrainedEmbeddings())


def test_bad_arguments():
    with pytest.raises(ValueError, match="Unrecognized keyword arguments passed to EKPNet: {'hops': 3}"):
        EKPNet.from_config({**ekpnet().get_config(), "hops": 3})


def test_compiled_step_moves_every_weight():
    model, given = ekpnet(**EVERYTHING, **LAMBDAS), batch()
    before = [w.numpy() for w in model.trainable_weights]
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True), jit_compile=True)
    model.train_on_batch(given, np.ones(given["item"].shape, np.float32))
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert np.isfinite(weight.numpy()).all(), weight.path
        assert not np.array_equal(weight.numpy(), old), weight.path
