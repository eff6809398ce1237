"""A planted KSR, exported: click after click through `advance` gives what the whole history gives."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.planted import run_train, write_config
from tfkgrec import export
from tfkgrec.cli import run_main
from tfkgrec.config import load_config
from tfkgrec.serving.explanation import narrate
from tfkgrec.serving.local import explain_run, run_signatures
from tfkgrec.serving.sequence_signatures import RECENT, SequenceSignatures
from tfkgrec.serving.servable import Servable
from tfkgrec.training.run import prepare

T = 6
CLICKS = [f"film-{n}" for n in (3, 1, 7, 2, 9, 4, 8)]  # more than T


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("ksr")
    config = write_config(
        folder,
        model={
            **{"name": "ksr", "dim": 4, "item_dim": 5, "hidden_dim": 6, "history_length": T},
            **{"train_items": True, "train_knowledge": True, "min_relation_triples": 20},
        },
        data={
            "dataset": "synthetic",
            **{"protocol": "S", "k_core": 2, "synthetic": {"users": 60, "items": 50, "positives_per_user": 10}},
        },
        training={
            **{"epochs": 1, "batch_size": 96, "learning_rate": 2e-2, "jit_compile": False},
            **{"loss": "sampled_softmax", "num_negatives": 16, "predict_first": True},
        },
        evaluation={"floors": ["popularity"], "batch_users": 64},
    )
    assert run_train(config, folder / "run") == 0
    return folder / "run"


@pytest.fixture(scope="module")
def signatures(run) -> SequenceSignatures:
    found = run_signatures(run)[2]
    assert isinstance(found, SequenceSignatures)
    return found


@pytest.fixture(scope="module")
def servable(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ksr-export")
    assert run_main(export.main, [str(run), "--export-dir", str(folder)]) == 0
    loaded = Servable("ksr", 1, folder / "ksr/1")
    yield loaded
    loaded.close()


def _click(servable: Servable, state: dict[str, np.ndarray], item: str) -> dict[str, np.ndarray]:
    wanted = [*state, "item_id", "score", "known_item"]
    return servable.run("advance", {**state, "item_id": np.array([item.encode()], object)}, wanted)


def test_clicks_one_by_one_equal_the_history(signatures, servable):
    found = {name: value for name, value in signatures.zero_state(1).items()}
    for n, item in enumerate(CLICKS, 1):
        found = _click(servable, {name: found[name] for name in signatures.zero_state(1)}, item)
        # The whole history at once; the model reads the newest T of it, `advance` knows them all.
        whole = signatures.recommend_for_history(tf.constant([CLICKS[:n]]))
        assert found["known_item"].tolist() == [True]
        if n <= T:
            for name in ("state_hidden", "state_memory", "score"):
                np.testing.assert_allclose(found[name], whole[name].numpy(), atol=1e-5, err_msg=name)
            np.testing.assert_array_equal(found["item_id"], whole["item_id"].numpy())
        recent = [text.decode() for text in found[RECENT][0]]
        assert recent == ([""] * T + CLICKS[:n])[-T:]
        assert not {text.decode() for text in found["item_id"][0]} & set(recent[-n:])


def test_an_unknown_click_changes_nothing(signatures, servable):
    state = {name: value.numpy() for name, value in signatures.recommend_for_history(tf.constant([CLICKS[:3]])).items()}
    state = {name: state[name] for name in signatures.zero_state(1)}
    found = _click(servable, state, "no such film")
    assert found["known_item"].tolist() == [False]
    for name, value in state.items():
        same = np.testing.assert_allclose if value.dtype.kind == "f" else np.testing.assert_array_equal
        same(found[name], value)


def test_a_known_user_goes_on_from_what_test_knew(run, signatures):
    """The training sequence and the validation item, which do not come back; the test item is for the user to take."""
    prepared = prepare(load_config(run / "config.yaml"))
    data, splits = prepared.dataset, prepared.splits
    offered = 0
    for k, inner in enumerate(splits.test.user):
        user = data.users.decode([inner])[0]
        started = signatures.recommend(tf.constant([user]))
        known, offsets = splits.known("test")
        own = data.items.decode(known[offsets[inner] : offsets[inner + 1]]).tolist()
        assert [text.decode() for text in started[RECENT].numpy()[0]] == ([""] * T + own)[-T:]
        shown = {text.decode() for text in started["item_id"].numpy()[0]}
        assert not shown & set(own)
        assert data.items.decode([splits.validation.item[k]])[0] == own[-1]
        offered += data.items.decode([splits.test.item[k]])[0] in shown
    assert offered > 0
    newest = [text.decode() for text in started[RECENT].numpy()[0] if text]
    again = signatures.recommend_for_history(tf.constant([newest]))
    np.testing.assert_allclose(started["state_hidden"], again["state_hidden"], atol=1e-5)
    np.testing.assert_allclose(started["state_memory"], again["state_memory"], atol=1e-5)


def test_explained_in_words(run, signatures):
    vocabularies = signatures.vocabularies
    user = next(f"user-{n}" for n in range(1, 60) if int(vocabularies.users(tf.constant([f"user-{n}"]))[0]))
    outputs = explain_run(run, user, "film-3")
    lines = narrate(outputs, user, "film-3")
    assert f"what counts for user {user} now" in lines[0]
    assert any(name in " ".join(lines) for name in ("genre", "director", "star"))
