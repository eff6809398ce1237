"""The clients: raw ids in, numpy out, and one clear line for every failure."""

import asyncio
import socket

import numpy as np
import pytest

from tests.toy import AFFINITY
from tfkgrec.client import AsyncClient, Client, NotFound, ServerError
from tfkgrec.errors import InputError


class Waiting:
    """An AsyncClient that a test calls as it calls a Client."""

    def __init__(self, *arguments, **settings):
        self._loop = asyncio.new_event_loop()
        self._client = AsyncClient(*arguments, **settings)

    def __getattr__(self, name):
        return lambda *arguments, **more: self._loop.run_until_complete(getattr(self._client, name)(*arguments, **more))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._loop.run_until_complete(self._client.close())
        self._loop.close()


@pytest.fixture(params=[Client, Waiting], ids=["sync", "async"])
def client(server, request):
    with request.param(server.address, "toy", timeout=20) as made:
        yield made


def probability(user, item, version=2):
    return 1 / (1 + np.exp(-(AFFINITY[user, item] + version / 10)))


def test_score(client):
    score = client.score(["u1", "u3", "nobody"], ["i2", "i6", "nothing"])
    assert score.dtype == np.float32
    np.testing.assert_allclose(score, [probability(1, 2), probability(3, 6), probability(0, 0)], atol=1e-6)
    assert client.score([], []).shape == (0,)


def test_recommend_leaves_the_history_out_and_says_who_is_known(client):
    answer = client.recommend(["u3", "nobody"], k=3)
    assert answer.version == 2
    assert answer.known.tolist() == [True, False]
    best = sorted((5, 6), key=lambda item: -AFFINITY[3, item])  # u3 has liked all the others
    assert answer.item_id[0].tolist() == [f"i{item}" for item in best] + [""]
    assert answer.item_name[0].tolist() == [f"film {item}" for item in best] + [""]
    np.testing.assert_allclose(answer.score[0], [*(probability(3, item) for item in best), 0], atol=1e-6)
    popular = np.argsort(-AFFINITY[0, 1:])[:3] + 1
    assert answer.item_id[1].tolist() == [f"i{item}" for item in popular]


def test_no_more_than_the_export_ranks(client):
    assert client.recommend(["u1"], k=500).item_id.shape == (1, 4)


def test_histories_may_differ_in_length(client):
    answer = client.recommend_for_history([["i1", "i2", "nothing"], ["i6"], []], k=1)
    assert answer.known.tolist() == [2, 1, 0]
    assert answer.item_id.shape == (3, 1)


def test_a_fixed_width_pads_and_keeps_the_newest(server):
    with Client(server.address, "toy", timeout=20, history_width=2) as client:
        answer = client.recommend_for_history([["i1", "i2", "i3"], ["i6"], []], k=4)
    assert answer.known.tolist() == [2, 1, 0]
    assert "i1" in answer.item_id[0] and not {"i2", "i3"} & set(answer.item_id[0])


def test_no_histories_at_all(client):
    assert client.recommend_for_history([], k=2).item_id.shape == (0, 2)


def test_explain_gives_every_output_decoded(client):
    outputs = client.explain(["u2"], ["i1"])
    assert outputs["history_name"][0].tolist() == ["film 2", "film 5", "", ""]
    assert outputs["neighbour_entity"].shape == (1, 4, 2)
    assert outputs["attention"].dtype == np.float32
    assert outputs["explained_by"].tolist() == ["dink"]


def test_a_version_can_be_fixed(server):
    with Client(server.address, "toy", version=1) as client:
        np.testing.assert_allclose(client.score(["u1"], ["i1"]), [probability(1, 1, version=1)], atol=1e-6)
    with Client(server.address, "toy", label="stable") as client:
        assert client.recommend(["u1"]).version == 1


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda client: client.recommend(["u1"], k=0), "k: expected 1 or more, found 0"),
        (lambda client: client.score(["u1", "u2", "u3"], ["i1", "i2"]), "model toy: "),
        (lambda client: client.predict("zzz", {}), 'Serving signature key "zzz" not found.'),
        (lambda client: client.score("u1", "i1"), "users: expected a list of ids, found one text, 'u1'"),
        (lambda client: client.predict("recommend", {"user_id": [7]}), "Expects arg.0. to be string but int64 is prov"),
        (lambda client: client.predict("recommend", {"user_id": ["u1", 7]}), "user_id: expected texts, found 7 among"),
        (lambda client: client.score([None], ["i1"]), "users: expected ids, found None among them"),
        (lambda client: client.recommend_for_history(["i1", "i2"]), "histories: expected a list of ids"),
        (lambda client: client.advance({"item_id": 1}, ["i1"]), "state: expected .*, state_..., found item_id"),
    ],
)
def test_what_the_caller_can_mend_is_an_input_error(client, ask, text):
    with pytest.raises(InputError, match=text) as refused:
        ask(client)
    assert "\n" not in str(refused.value)


def test_an_unknown_model_is_an_input_error(server):
    message = r"model nope: Servable not found for request: Latest\(nope\)"
    with Client(server.address, "nope") as client, pytest.raises(NotFound, match=message):
        client.recommend(["u1"])


@pytest.mark.parametrize("target", ["localhost", ":8500", ""])
def test_a_target_is_host_and_port(target):
    with pytest.raises(InputError, match="target: expected host:port"):
        Client(target, "toy")


@pytest.mark.parametrize("target", ["127.0.0.1:1", "no-such-host.invalid:8500"])
def test_no_server_is_one_line_with_a_hint(target):
    with Client(target, "toy") as client, pytest.raises(ServerError) as failed:
        client.score(["u1"], ["i1"])
    message = str(failed.value)
    assert message.startswith(f"no server answers at {target}") and "python -m tfkgrec.serve" in message
    assert "\n" not in message


def test_a_server_that_does_not_answer_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        with Client(target, "toy", timeout=0.2) as client, pytest.raises(ServerError, match="within 0.2 s"):
            client.score(["u1"], ["i1"])
