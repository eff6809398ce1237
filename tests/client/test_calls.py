"""What is sent and read: states of sequence models, texts and numbers under one name; conditions; candidates."""

import inspect
import uuid

import numpy as np
import pandas as pd
import pytest

from tfkgrec.client import AsyncClient, Client
from tfkgrec.client.calls import Call, Calls
from tfkgrec.client.tensors import from_proto, to_proto
from tfkgrec.errors import InputError
from tfkgrec.protos import messages

CALLS = Calls("ksr")


def metadata(**inputs):
    """A reply of GetModelMetadata whose `advance` takes inputs of (DataType, sizes)."""
    signatures = messages.SignatureDefMap()
    for name, (dtype, sizes) in inputs.items():
        info = signatures.signature_def["advance"].inputs[name]
        info.dtype = dtype
        for size in sizes:
            info.tensor_shape.dim.add().size = size
    reply = messages.GetModelMetadataResponse()
    reply.metadata["signature_def"].value = signatures.SerializeToString()
    return reply.SerializeToString()


def test_the_state_of_nobody_is_zeros_and_empty_texts():
    reply = metadata(item_id=(7, [-1]), state_recent=(7, [-1, 3]), state_hidden=(1, [-1, 2]))
    state = CALLS.new_state(2).read(reply)
    assert state["state_recent"].tolist() == [["", "", ""]] * 2
    assert state["state_hidden"].tolist() == [[0, 0]] * 2 and state["state_hidden"].dtype == np.float32
    assert state.keys() == {"state_recent", "state_hidden"}


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (metadata(), 'key "advance" not found'),
        (metadata(state_x=(1, [-1, -1])), "state_x: expected a state of a known"),
    ],
)
def test_a_model_without_states_is_one_line(reply, text):
    with pytest.raises(InputError, match=text):
        CALLS.new_state(1).read(reply)


def test_a_list_brings_its_state_and_the_next_call_takes_it():
    reply = messages.PredictResponse()
    reply.model_spec.version.value = 4
    sent = {"state_recent": [["", "i1"]], "state_hidden": np.ones([1, 2], np.float32), "known_user": [True]}
    sent |= {"item_id": [["i2", "i3"]], "item_name": [["two", "three"]], "score": np.array([[0.9, 0.5]], np.float32)}
    for name, values in sent.items():
        to_proto(values, reply.outputs[name])
    answer = CALLS.recommend(["u"], 1).read(reply.SerializeToString())
    assert (answer.version, answer.item_name.tolist()) == (4, [["two"]])
    assert answer.state.keys() == {"state_recent", "state_hidden"}
    request = messages.PredictRequest.FromString(CALLS.advance(answer.state, ["i2"], 1).request)
    assert request.model_spec.signature_name == "advance"
    assert from_proto(request.inputs["state_recent"]).tolist() == [["", "i1"]]
    assert from_proto(request.inputs["state_hidden"]).tolist() == [[1, 1]]
    assert from_proto(request.inputs["item_id"]).tolist() == ["i2"]


def test_a_state_is_needed():
    with pytest.raises(InputError, match="found none"):
        CALLS.advance({}, ["i"], 1)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ([7, "u20", b"\xff", 10**20], ["7", "u20", "\ufffd", "1" + "0" * 20]),
        (np.array([7, 18]), ["7", "18"]),
        (np.array([7.0, 18.0]), ["7", "18"]),
        ({7: "a", 18: "b"}, ["7", "18"]),
        (pd.Series([7, 18], index=[3, 4]), ["7", "18"]),
        (pd.Series([7, 18], dtype="Int64"), ["7", "18"]),
        (pd.Series(["u7", "18"], dtype="category"), ["u7", "18"]),
        (pd.Index(["u7"]), ["u7"]),
        (pd.DataFrame({"user": [7.0, 18.0]})["user"], ["7", "18"]),
        ([uuid.UUID(int=7)], ["00000000-0000-0000-0000-000000000007"]),
    ],
)
def test_ids_of_any_type_are_sent_as_texts(given, sent):
    request = messages.PredictRequest.FromString(CALLS.recommend(given, 1).request)
    assert from_proto(request.inputs["user_id"]).tolist() == sent


def test_histories_of_numbers_are_texts_too():
    request = messages.PredictRequest.FromString(CALLS.recommend_for_history([[123], np.array([4, 5])], 1).request)
    assert from_proto(request.inputs["history"]).tolist() == [["123", ""], ["4", "5"]]


@pytest.mark.parametrize(
    "wrong",
    [
        *(7, "u7", None, [None], [7.5], [True], [["u7"]], [np.nan], [{}]),
        *([pd.NA], [pd.NaT], pd.DataFrame({"user": ["u7"]}), pd.Series([7, None])),
    ],
)
def test_what_is_no_list_of_ids_is_one_line(wrong):
    with pytest.raises(InputError, match="^users: expected (a list of )?ids, found"):
        CALLS.score(wrong, ["i"])


def test_both_clients_have_the_same_calls() -> None:
    def calls(kind: type) -> dict[str, list[str]]:
        public = inspect.getmembers(kind, inspect.isfunction)
        return {name: list(inspect.signature(call).parameters) for name, call in public if not name.startswith("_")}

    assert calls(AsyncClient) == calls(Client)


def test_conditions_are_a_list_for_all_or_one_for_each() -> None:
    calls = Calls("m")

    def sent(call: Call) -> dict[str, list[list[str]]]:
        request = messages.PredictRequest.FromString(call.request)
        return {name: from_proto(request.inputs[name]).tolist() for name in ("exclude", "only")}

    found = sent(calls.recommend_filtered(["a", 2], 1, [7, "genre=Drama"], [["x"], []]))
    assert found == {"exclude": [["7", "genre=Drama"]] * 2, "only": [["x"], [""]]}
    assert sent(calls.recommend_filtered([1], 1, (), ())) == {"exclude": [[]], "only": [[]]}
    request = messages.PredictRequest.FromString(calls.rank([1, 2], [[3], [4, 5]]).request)
    assert from_proto(request.inputs["candidates"]).tolist() == [["3", ""], ["4", "5"]]
