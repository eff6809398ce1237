"""Predict: every signature's numbers, by number, label and filter; unknown ids are answered and flagged."""

import grpc
import numpy as np
import pytest

from tests.serving.conformance.repository import STEPS
from tests.toy import AFFINITY, request
from tfkgrec.client import AsyncClient, Client, InvalidArgument, NotFound
from tfkgrec.runtime.tensors import from_proto


def probability(user, item, version=2):
    return 1 / (1 + np.exp(-(AFFINITY[user, item] + version / 10)))


def answer(prediction, message):
    reply = prediction.Predict(message, timeout=20)
    return {name: from_proto(proto) for name, proto in reply.outputs.items()}, reply.model_spec


def texts(array):
    return np.char.decode(array.astype(bytes)).tolist()


@pytest.mark.parametrize("signature", ["", "serving_default"])
def test_score(prediction, signature):
    message = request(signature=signature, user_id=["u1", "u3", "nobody"], item_id=["i2", "i6", "nothing"])
    outputs, spec = answer(prediction, message)
    assert outputs.keys() == {"probability"} and outputs["probability"].dtype == np.float32
    np.testing.assert_allclose(
        outputs["probability"], [probability(1, 2), probability(3, 6), probability(0, 0)], atol=1e-6
    )
    assert (spec.name, spec.version.value, spec.signature_name) == ("toy", 2, "serving_default")


def test_no_rows_at_all(prediction):
    outputs, _ = answer(prediction, request(user_id=np.array([], str), item_id=np.array([], str)))
    assert outputs["probability"].shape == (0,)


def test_recommend(prediction):
    outputs, spec = answer(prediction, request(signature="recommend", user_id=["u3", "nobody"]))
    best = sorted((5, 6), key=lambda item: -AFFINITY[3, item])  # u3 has liked all the others
    assert texts(outputs["item_id"][0]) == [*(f"i{item}" for item in best), "", ""]
    assert texts(outputs["item_name"][0]) == [*(f"film {item}" for item in best), "", ""]
    np.testing.assert_allclose(outputs["score"][0], [*(probability(3, item) for item in best), 0, 0], atol=1e-6)
    assert outputs["known_user"].tolist() == [True, False]
    popular = np.argsort(-AFFINITY[0, 1:])[:4] + 1
    assert texts(outputs["item_id"][1]) == [f"i{item}" for item in popular]
    assert spec.signature_name == "recommend"


def test_recommend_for_history(prediction):
    outputs, _ = answer(
        prediction, request(signature="recommend_for_history", history=[["i1", "nothing", ""], ["i2", "i6", "i5"]])
    )
    assert outputs["known_items"].tolist() == [1, 3]
    assert set(texts(outputs["item_id"][1])) == {"i1", "i3", "i4", ""}


def test_rank(prediction):
    message = request(signature="rank", user_id=["u1", "nobody"], candidates=[["i2", "i6", "nothing"], ["i1", "", ""]])
    outputs, _ = answer(prediction, message)
    wanted = [[probability(1, 2), probability(1, 6), probability(1, 0)], [probability(0, 1), 0, 0]]
    np.testing.assert_allclose(outputs["score"], wanted, atol=1e-6)
    assert outputs["known_user"].tolist() == [True, False]
    assert outputs["known_item"].tolist() == [[True, True, False], [True, False, False]]


def test_recommend_filtered(prediction):
    conditions = {
        "exclude": [["i4", "no such"], ["genre=war", ""], ["", ""]],
        "only": [["genre=war"], [""], ["i2"]],
    }
    outputs, spec = answer(prediction, request(signature="recommend_filtered", user_id=["u1"] * 3, **conditions))
    assert spec.signature_name == "recommend_filtered"
    for row, of in enumerate(([2, 6], [3, 5], [2])):  # u1 has liked i1
        best = sorted(of, key=lambda item: -AFFINITY[1, item])
        assert texts(outputs["item_id"][row]) == [*(f"i{item}" for item in best), *[""] * (4 - len(best))]
        wanted = [*(probability(1, item) for item in best), *[0] * (4 - len(best))]
        np.testing.assert_allclose(outputs["score"][row], wanted, atol=1e-6)
    assert outputs["known_conditions"].tolist() == [2, 1, 1]
    no_columns = np.zeros((1, 0), str)
    plain, _ = answer(prediction, request(signature="recommend", user_id=["u1"]))
    free, _ = answer(
        prediction, request(signature="recommend_filtered", user_id=["u1"], exclude=no_columns, only=no_columns)
    )
    assert texts(free["item_id"]) == texts(plain["item_id"]) and free["known_conditions"].tolist() == [0]


def test_recommend_filtered_for_history(prediction):
    outputs, _ = answer(
        prediction,
        request(
            signature="recommend_filtered_for_history",
            history=[["i1", "nothing"], ["i2", "i6"]],
            exclude=[[""], ["i5"]],
            only=[["genre=noir"], [""]],
        ),
    )
    for row, of in enumerate(([3, 5], [1, 3, 4])):
        best = sorted(of, key=lambda item: -AFFINITY[0, item])
        assert texts(outputs["item_id"][row]) == [*(f"i{item}" for item in best), *[""] * (4 - len(best))]
    assert outputs["known_items"].tolist() == [1, 2] and outputs["known_conditions"].tolist() == [1, 1]


def test_similar(prediction):
    outputs, _ = answer(prediction, request(signature="similar", item_id=["i3", "nothing"]))
    length = np.linalg.norm(AFFINITY, axis=0)
    cosine = AFFINITY.T @ AFFINITY[:, 3] / (length * length[3])
    best = sorted((1, 2, 4, 5, 6), key=lambda item: -cosine[item])[:4]
    assert texts(outputs["item_id"]) == [[f"i{item}" for item in best], [""] * 4]
    np.testing.assert_allclose(outputs["score"], [cosine[best], [0] * 4], atol=1e-6)
    assert outputs["known_item"].tolist() == [True, False]


def test_explain(prediction):
    outputs, _ = answer(prediction, request(signature="explain", user_id=["u2"], item_id=["i1"]))
    assert texts(outputs["history_name"])[0] == ["film 2", "film 5", "", ""]
    np.testing.assert_allclose(outputs["attention"], [[0.5, 0.5, 0, 0]])
    assert outputs["neighbour_entity"].shape == (1, 4, 2)
    assert texts(outputs["neighbour_relation"][0, 0]) == ["genre", "director"]


def test_advance_step_by_step(target):
    with Client(target.grpc, "steps", timeout=20) as client:
        state = client.new_state(2)
        assert {name: (array.shape, array.dtype.name) for name, array in state.items()} == {
            "state_taken": ((2, len(STEPS)), "float32"),
            "state_count": ((2,), "int32"),
        }
        first = client.advance(state, ["s1", "s2"])
        assert first.item_id.tolist() == [["s2", "s3", "s4"], ["s1", "s3", "s4"]]
        second = client.advance(first.state, ["s2", "nothing"], k=2)
    assert second.item_name.tolist() == [["step s3", "step s4"], ["step s1", "step s3"]]
    assert second.known.tolist() == [True, False]
    assert second.state["state_count"].tolist() == [2, 1]
    assert second.state["state_taken"].tolist() == [[1, 1, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]]


def test_a_version_may_be_asked_for_by_number_or_label(prediction):
    pair = {"user_id": ["u1"], "item_id": ["i1"]}
    for version in (1, 2):
        outputs, spec = answer(prediction, request(version=version, **pair))
        assert spec.version.value == version
        np.testing.assert_allclose(outputs["probability"], [probability(1, 1, version)], atol=1e-6)
    message = request(**pair)
    message.model_spec.version_label = "stable"
    assert answer(prediction, message)[1].version.value == 1


def test_the_default_policy_serves_the_latest(prediction):
    message = request("latest", user_id=["u1"], item_id=["i1"])
    assert answer(prediction, message)[1].version.value == 2
    message.model_spec.version.value = 1
    with pytest.raises(grpc.RpcError) as refused:
        prediction.Predict(message, timeout=20)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


def test_output_filter_picks_outputs(prediction):
    message = request(signature="recommend", user_id=["u1"])
    message.output_filter.extend(["score", "known_user"])
    assert answer(prediction, message)[0].keys() == {"score", "known_user"}


def test_a_packed_tensor_is_read_as_well(prediction):
    state = {"state_taken": np.ones([1, 6], np.float32), "state_count": np.zeros(1, np.int32)}
    message = request("steps", "advance", item_id=["s1"], **state)
    message.inputs["state_taken"].ClearField("float_val")
    message.inputs["state_taken"].tensor_content = np.ones(6, np.float32).tobytes()
    assert answer(prediction, message)[0]["state_taken"].tolist() == [[2, 1, 1, 1, 1, 1]]


def test_the_clients_speak_to_it(target):
    with Client(target.grpc, "toy", timeout=20, label="stable") as client:
        assert client.recommend(["u1"], k=2).version == 1
        np.testing.assert_allclose(client.rank(["u1"], [["i2"]]), [[probability(1, 2, 1)]], atol=1e-6)
        assert set(client.recommend_filtered(["u1"], only=["genre=war"]).item_id[0]) == {"i2", "i4", "i6", ""}
        found = client.recommend_filtered_for_history([["i2"]], exclude=["genre=noir"])
        assert found.item_id[0].tolist()[2:] == ["", ""] and found.known_conditions.tolist() == [1]
        assert client.similar(["i3"], k=2).item_id.shape == (1, 2)
    with Client(target.grpc, "nope", timeout=20) as client, pytest.raises(NotFound):
        client.recommend(["u1"])
    with Client(target.grpc, "toy", timeout=20) as client, pytest.raises(InvalidArgument):
        client.predict("recommend", {"user_id": [1]})


def test_the_async_client_asks_many_at_once(target):
    import asyncio

    async def run():
        async with AsyncClient(target.grpc, "toy", timeout=20) as client:
            return await asyncio.gather(*(client.score([f"u{1 + n % 3}"], ["i1"]) for n in range(100)))

    scores = [float(score[0]) for score in asyncio.run(run())]
    np.testing.assert_allclose(scores, [probability(1 + n % 3, 1) for n in range(100)], atol=1e-6)
