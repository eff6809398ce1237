"""A KSR, exported and served: click after click through `advance` gives what the whole history gives."""

from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

from tests.golden.record import RUNS, SAME_WEIGHTS, differences, recorded, served_answers
from tests.planted import served
from tfkgrec.client import Client
from tfkgrec.models.explain_text import explain_text
from tfkgrec.runs.run import prepare
from tfkgrec.runs.version_0_1 import read_config
from tfkgrec.savedmodel.in_process import explain_run, run_signatures
from tfkgrec.savedmodel.sequence_signatures import RECENT, SequenceSignatures

T = 6
CLICKS = [f"film-{n}" for n in (3, 1, 7, 2, 9, 4, 8)]  # more than T


RUN = RUNS / "ksr"  # as version 0.1 left it: not to be written to


@pytest.fixture(scope="module")
def signatures() -> SequenceSignatures:
    found = run_signatures(RUN).signatures
    assert isinstance(found, SequenceSignatures)
    return found


@pytest.fixture(scope="module")
def client(exported_anew) -> Iterator[Client]:
    with served(exported_anew("ksr").parent) as asking:
        yield asking


def test_a_run_of_0_1_answers_as_its_own_export_did(client):
    assert differences(served_answers("ksr", client), recorded()["ksr"]["exported"], SAME_WEIGHTS) == []


def test_clicks_one_by_one_equal_the_history(signatures, client):
    """Two people; the state travels to the client and back with every click."""
    people = [CLICKS, CLICKS[::-1]]
    state = client.new_state(2)
    for n in range(1, len(CLICKS) + 1):
        answer = client.advance(state, [clicks[n - 1] for clicks in people], k=20)
        state = answer.state
        assert answer.known.tolist() == [True, True]
        for person, clicks in enumerate(people):
            recent = state[RECENT][person].tolist()
            assert recent == ([""] * T + clicks[:n])[-T:]
            assert not set(answer.item_id[person]) & set(recent[-n:])
        if n > T:  # the model reads the newest T of a history, `advance` knows them all
            continue
        replay = client.recommend_for_history([clicks[:n] for clicks in people], k=20)
        in_memory = signatures.recommend_for_history(tf.constant([clicks[:n] for clicks in people]))
        assert replay.known.tolist() == [n, n]
        assert answer.item_id.tolist() == replay.item_id.tolist()
        np.testing.assert_allclose(answer.score, replay.score, atol=1e-5)
        np.testing.assert_allclose(answer.score, in_memory["score"].numpy(), atol=1e-5)
        assert state.keys() == replay.state.keys() == signatures.zero_state(2).keys()
        for name in ("state_hidden", "state_memory"):
            np.testing.assert_allclose(state[name], replay.state[name], atol=1e-5, err_msg=name)
            np.testing.assert_allclose(state[name], in_memory[name].numpy(), atol=1e-5, err_msg=name)


def test_an_unknown_click_changes_nothing(client):
    state = client.recommend_for_history([CLICKS[:3]]).state
    answer = client.advance(state, ["no such film"])
    assert answer.known.tolist() == [False]
    assert answer.state.keys() == state.keys()
    for name, value in state.items():
        same = np.testing.assert_allclose if value.dtype.kind == "f" else np.testing.assert_array_equal
        same(answer.state[name], value)


def test_a_known_user_goes_on_from_what_test_knew(signatures):
    """The training sequence and the validation item, which do not come back; the test item is for the user to take."""
    prepared = prepare(read_config(RUN / "config.yaml"))
    data, splits = prepared.dataset, prepared.splits
    offered = 0
    for k, inner in enumerate(splits.test.user):
        user = data.users.decode([inner])[0]
        started = signatures.recommend(tf.constant([user]))
        own = data.items.decode(splits.known("test").of(inner)).tolist()
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


def test_explained_in_words(signatures):
    vocabularies = signatures.vocabularies
    user = next(f"user-{n}" for n in range(1, 60) if int(vocabularies.users(tf.constant([f"user-{n}"]))[0]))
    outputs = explain_run(RUN, user, "film-3")
    lines = explain_text(outputs, user, "film-3")
    assert lines[0].endswith("you took:") and "and for what the memory holds" in " ".join(lines)
    assert any(name in " ".join(lines) for name in ("genre", "director", "star"))


def test_lists_scores_and_reasons_agree(client):
    users = [*(RUN / "vocabularies/users.txt").read_text().splitlines()[:2], "nobody"]
    best = client.recommend(users, k=4)
    assert (best.known.tolist(), best.version, best.item_id.shape) == ([True, True, False], 1, (3, 4))
    pairs = np.repeat(users, 4).tolist(), best.item_id.ravel().tolist()
    np.testing.assert_allclose(client.score(*pairs), best.score.ravel(), atol=1e-5)
    reasons = client.explain(*pairs)
    np.testing.assert_allclose(reasons["probability"], best.score.ravel(), atol=1e-5)
    assert reasons["item_name"].tolist() == best.item_name.ravel().tolist()
    assert explain_text(reasons, users[0], pairs[1][0])[0].endswith("you took:")
    again = client.advance(best.state, CLICKS[:3], k=4)
    assert again.known.all() and again.score.tolist() != best.score.tolist()
