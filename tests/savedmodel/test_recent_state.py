"""SASRec's signatures: the newest items are all of the state that `advance` takes and gives."""

import numpy as np
import pytest
import tensorflow as tf

from tests.cases.small_models import small_model
from tfkgrec.runs.id_files import read_seen, write_id_files
from tfkgrec.savedmodel.sequence_signatures import RECENT, SequenceSignatures
from tfkgrec.savedmodel.vocabularies import Vocabularies


@pytest.fixture(scope="module")
def signatures(tmp_path_factory: pytest.TempPathFactory) -> SequenceSignatures:
    small, folder = small_model("sasrec"), tmp_path_factory.mktemp("ids")
    write_id_files(folder, small.dataset, small.protocol.splits.train_history)
    return SequenceSignatures(small.model, Vocabularies(folder), read_seen(folder), 8, "sasrec")


def test_advance_takes_a_click_and_the_newest_items(signatures):
    names = {spec.name for spec in tf.nest.flatten(signatures.functions()["advance"].input_signature)}
    assert names == {"item_id", RECENT} == {"item_id", *signatures.zero_state(1)}


def test_clicks_one_by_one_equal_the_newest_of_the_history(signatures):
    length = signatures.model.history_length
    clicks = small_model("sasrec").dataset.items.decode(np.arange(1, length + 4)).tolist()
    clicks[2] = "never heard of"  # changes nothing
    advance, state = signatures.functions()["advance"], signatures.zero_state(1)[RECENT]
    for n, click in enumerate(clicks, 1):
        answer = advance(tf.constant([click]), tf.constant(state))
        state = answer[RECENT].numpy()
        known = [one for one in clicks[:n] if one != "never heard of"][-length:]
        assert [text.decode() for text in state[0]] == [""] * (length - len(known)) + known
        assert bool(answer["known_item"][0]) == (click in known)
        replay = signatures.recommend_for_history(tf.constant([known or [""]]))
        np.testing.assert_array_equal(answer["item_id"], replay["item_id"])
        np.testing.assert_allclose(answer["score"], replay["score"], atol=1e-6)
        assert not {text.decode() for text in answer["item_id"].numpy()[0]} & set(known)


def test_a_list_brings_the_state_of_its_user(signatures):
    small = small_model("sasrec")
    user = small.dataset.users.decode(small.users[-1:])[0]
    answer = signatures.recommend(tf.constant([user]))
    stored = [item for item in small.histories[-1].tolist() if item]
    assert [text.decode() for text in answer[RECENT].numpy()[0] if text] == small.dataset.items.decode(stored).tolist()
    assert {name for name in answer if name.startswith("state_")} == {RECENT}
