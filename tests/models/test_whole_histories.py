"""A model that stores whole histories says what one with a row of the longest length for everybody says."""

import dataclasses

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.cases.small_models import set_at_random
from tests.data import small
from tests.harness import check_item_tables, save_and_load
from tfkgrec import registry
from tfkgrec.config import build_config
from tfkgrec.errors import InputError
from tfkgrec.models.build import build_model
from tfkgrec.models.ekpnet.settings import EkpnetSettings
from tfkgrec.models.hkrm.settings import HkrmSettings
from tfkgrec.models.recommender import Recommender, outputs
from tfkgrec.protocols.ctr.protocol import CtrProtocol
from tfkgrec.protocols.ctr.settings import CtrEvaluation, CtrSplit, CtrTraining
from tfkgrec.protocols.ctr.split import split_ctr
from tfkgrec.runs.id_files import read_seen, write_id_files
from tfkgrec.savedmodel.signatures import Signatures
from tfkgrec.savedmodel.vocabularies import Vocabularies

DATASET = small.dataset(users=60, items=50, inverse_relations=True)
SPLITS = split_ctr(DATASET, 0)
KNOWN = SPLITS.train_history
LONGEST = int(KNOWN.lengths.max())
MODELS = {
    "hkrm": HkrmSettings(dim=4, level="both"),
    "hkrm, items": HkrmSettings(dim=4, level="item"),
    "ekpnet": EkpnetSettings(dim=4, triples_per_item=2),
}
every_model = pytest.mark.parametrize("settings", MODELS.values(), ids=MODELS.keys())


def whole(settings) -> Recommender:
    model = build_model(settings, DATASET, KNOWN, 0, histories="whole")
    set_at_random(model)
    return model


def cut(settings) -> Recommender:
    """The same with T places for everybody, T the longest."""
    model = build_model(dataclasses.replace(settings, history_length=LONGEST), DATASET, KNOWN, 0)
    set_at_random(model)
    return model


def protocol(**training) -> CtrProtocol:
    settings = CtrTraining(batch_size=64, items_per_user=4, jit_compile=False, **training)
    return CtrProtocol(DATASET, CtrSplit(history="whole"), settings, CtrEvaluation(), SPLITS)


@every_model
def test_logits_and_explanations_are_those_of_the_longest_cut(settings, tmp_path):
    model, other = whole(settings), cut(settings)
    user = np.flatnonzero(KNOWN.lengths < LONGEST)[:20].astype(np.int32)
    item = np.random.default_rng(0).integers(0, DATASET.items.size, (len(user), 30)).astype(np.int32)
    found, expected = (m.score_items(m.user_state(user), item) for m in (model, other))
    assert_allclose(found, expected, atol=1e-5)
    width = int(KNOWN.lengths[user].max())
    assert model.user_state(user).history.shape[1] == width < LONGEST  # no wider than these users need
    told, wanted = (outputs(m.explain(user, item[:, 0])) for m in (model, other))
    assert told.keys() == wanted.keys()
    assert_allclose(told["logit"], wanted["logit"], atol=1e-5)
    for name, value in told.items():
        cut_off = wanted[name][tuple(slice(size) for size in value.shape)]
        assert_allclose(value, cut_off, atol=1e-5, err_msg=name)
        assert np.count_nonzero(cut_off) == np.count_nonzero(wanted[name])  # nothing but padding is missing
    check_item_tables(model, user, item[:, :4], KNOWN.newest(LONGEST)[user[-1:]])
    assert_array_equal(save_and_load(model, tmp_path)({"user": user, "item": item}), found)


@every_model
def test_evaluation_reads_them_in_a_few_widths(settings):
    found, expected = (protocol().scorer(model) for model in (whole(settings), cut(settings)))
    pairs = SPLITS.validation
    assert_allclose(found.logits(pairs.user, pairs.item), expected.logits(pairs.user, pairs.item), atol=1e-5)
    everybody = np.arange(DATASET.users.size, dtype=np.int32)[::-1]
    assert_allclose(found.score_catalogue(everybody), expected.score_catalogue(everybody), atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "jit_compile"),
    [*((settings, False) for settings in MODELS.values()), (MODELS["ekpnet"], True)],
    ids=[*MODELS, "ekpnet, XLA"],
)
def test_a_step_is_that_of_the_longest_cut(settings, jit_compile):
    """The same loss of the same batch, whatever the width, with XLA and without."""
    asked, losses = protocol(), []
    batch = next(iter(asked.batches(whole(settings)).dataset(0)))
    for model in (whole(settings), cut(settings)):
        task = asked.task(model)
        task.compile(keras.optimizers.SGD(0.0), jit_compile=jit_compile)
        losses.append(_loss(task, batch))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def _loss(task: keras.Model, batch) -> float:
    import tensorflow as tf

    data = tf.data.Dataset.from_tensors(batch)
    return float(task.fit(data, epochs=1, verbose=0, shuffle=False).history["loss"][0])


@every_model
def test_an_export_reads_them_and_any_history(settings, tmp_path):
    model, other = whole(settings), cut(settings)
    write_id_files(tmp_path, DATASET, KNOWN)
    vocabularies, seen = Vocabularies(tmp_path), read_seen(tmp_path)
    first, second = (Signatures(m, vocabularies, seen, 5, settings.name) for m in (model, other))
    user = DATASET.users.raw[1:6].astype(str)
    item = DATASET.items.raw[2:7].astype(str)
    for signature, given in (("serving_default", (user, item)), ("recommend", (user,))):
        found, expected = (each.functions()[signature](*given) for each in (first, second))
        for name, value in expected.items():
            if value.dtype.is_floating:
                assert_allclose(found[name], value, atol=1e-5)
            else:
                assert_array_equal(found[name], value)
    rows = np.array([[*item, *[""] * LONGEST], [*DATASET.items.raw[1 : LONGEST + 6]]], object).astype(str)
    asked = first.functions()["recommend_for_history"]
    assert_array_equal(asked(rows)["known_items"], [5, LONGEST + 5])
    # all of a longer history are read: the oldest has its say
    other_oldest = rows.copy()
    other_oldest[1, 0] = DATASET.items.raw[LONGEST + 7]
    scores = [asked(given)["score"].numpy() for given in (rows, other_oldest)]
    assert_allclose(scores[0][0], scores[1][0], atol=1e-6)
    assert np.abs(scores[0][1] - scores[1][1]).max() > 1e-6
    assert asked(np.full((2, 0), "", object).astype(str))["score"].shape == (2, 5)


def test_a_model_that_cannot_is_refused():
    for name, spec in registry.models().items():
        raw = {"model": {"name": name}, "data": {"dataset": "synthetic", "history": "whole"}}
        if "ctr" in spec.protocols and not spec.whole_histories:
            with pytest.raises(InputError, match=f"data.history: expected random or newest for model {name}"):
                build_config(raw)
        elif spec.whole_histories:
            assert build_config(raw).data.split.history == "whole"
