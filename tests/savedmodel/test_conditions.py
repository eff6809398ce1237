"""Requests with conditions, against what the whole list, the graph and the vectors say."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.planted import serving
from tfkgrec import recommend, similar
from tfkgrec.cli import run_main
from tfkgrec.client import Client
from tfkgrec.config import load_config
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.offline.in_process import open_in_process
from tfkgrec.runs.run import load_run, prepare
from tfkgrec.serving.http.rest import RestOptions
from tfkgrec.serving.server import ModelServer

USERS = ["user-7", "user-8", "nobody"]
SAME = 1e-6


@pytest.fixture(scope="module")
def server(planted_export: Path) -> Iterator[ModelServer]:
    with serving(planted_export / "dink", RestOptions(port=0)) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ModelServer) -> Iterator[Client]:
    with Client(server.address, "dink", timeout=60) as open_client:
        yield open_client


@pytest.fixture(scope="module")
def dataset(planted_run: Path) -> Dataset:
    return prepare(load_config(planted_run / "config.yaml")).dataset


@pytest.fixture(scope="module")
def whole(planted_run: Path) -> list[list[str]]:
    """All that may be shown to each of USERS, best first."""
    answer = open_in_process(planted_run, 150).recommend(USERS, 150)
    return [[item for item in row if item] for row in answer.item_id]


def items_with(dataset: Dataset, fact: str) -> set[str]:
    """By a loop over the triples."""
    found, graph = set(), dataset.graph
    for head, relation, tail in zip(graph.head, graph.relation, graph.tail, strict=True):
        if fact == f"{dataset.relation_names[relation]}={dataset.entity_names[tail]}" and head <= dataset.num_items:
            found.add(dataset.items.raw[head])
    return found


def facts(dataset: Dataset) -> list[str]:
    """Two facts of some items each, of different relations."""
    graph, found = dataset.graph, {}
    for relation, tail in zip(graph.relation, graph.tail, strict=True):
        found.setdefault(relation, f"{dataset.relation_names[relation]}={dataset.entity_names[tail]}")
    return list(found.values())[:2]


def test_a_list_under_conditions_is_the_whole_list_without_what_they_leave_out(client, dataset, whole):
    one, other = facts(dataset)
    of_one, of_other = items_with(dataset, one), items_with(dataset, other)
    assert min(len(of_one), len(of_other)) > 3
    named = whole[0][0]
    for exclude, only, fits in (
        ([], [one], lambda item: item in of_one),
        ([one, named], [], lambda item: item not in of_one and item != named),
        ([other], [one, named], lambda item: (item in of_one or item == named) and item not in of_other),
        ([], ["no=such"], lambda item: False),
        ([], [], lambda item: True),
    ):
        answer = client.recommend_filtered(USERS, 20, exclude, only)
        for row, everything in zip(answer.item_id, whole, strict=True):
            assert [item for item in row if item] == [item for item in everything if fits(item)][:20]
        known = len([text for text in (*exclude, *only) if text != "no=such"])
        assert answer.known_conditions.tolist() == [known] * 3 and answer.known.tolist() == [True, True, False]
    each = client.recommend_filtered(USERS, 20, [[whole[0][0]], [], [whole[2][0], whole[2][1]]])
    assert [row[0] for row in each.item_id] == [whole[0][1], whole[1][0], whole[2][2]]


def test_a_history_has_them_too(client, dataset):
    one, _ = facts(dataset)
    histories = [["film-1", "film-2", "film-3"], ["film-9"]]
    plain = client.recommend_for_history(histories, 20)
    free = client.recommend_filtered_for_history(histories, 20)
    assert free.item_id.tolist() == plain.item_id.tolist() and free.known.tolist() == plain.known.tolist()
    bound = client.recommend_filtered_for_history(histories, 20, only=[one])
    assert {item for item in bound.item_id.ravel() if item} <= items_with(dataset, one)


def test_candidates_have_the_scores_of_their_pairs(client, whole):
    candidates = [whole[0][:4], ["film-3"], ["film-5", "no film"]]
    found = client.rank(USERS, candidates)
    assert found.shape == (3, 4) and not found[1, 1:].any() and not found[2, 2:].any()
    pairs = [(user, item) for user, own in zip(USERS, candidates, strict=True) for item in own]
    expected = client.score(*zip(*pairs, strict=True))
    assert np.concatenate([row[: len(own)] for row, own in zip(found, candidates, strict=True)]) == pytest.approx(
        expected, abs=SAME
    )
    assert client.rank([], []).shape == (0, 0)


def test_like_items_are_those_of_the_largest_cosine(client, dataset, planted_run):
    vectors = np.asarray(load_run(planted_run)[2].item_factors())[:, :-1].astype(float)
    vectors[1:] /= np.linalg.norm(vectors[1:], axis=1, keepdims=True)
    answer = client.similar(["film-4", "no film"], 20)
    item = int(dataset.items.encode(["film-4"])[0])
    cosine = vectors @ vectors[item]
    cosine[[0, item]] = -2
    best = np.argsort(-cosine)[:20]
    assert answer.item_id[0].tolist() == dataset.items.decode(best).tolist()
    assert answer.score[0] == pytest.approx(cosine[best], abs=1e-5)
    assert answer.known.tolist() == [True, False] and not any(answer.item_id[1]) and not answer.score[1].any()


def test_rest_gives_the_same(client, server, dataset, whole):
    one, _ = facts(dataset)
    expected = {
        "recommend_filtered": client.predict(
            "recommend_filtered", {"user_id": USERS[:1], "exclude": [[whole[0][0]]], "only": [[one]]}
        ),
        "rank": client.predict("rank", {"user_id": USERS[:1], "candidates": [whole[0][:3]]}),
        "similar": client.predict("similar", {"item_id": ["film-4"]}),
        "explain_shapley": client.explain(USERS[:1], ["film-4"], method="shapley", seed=3),
        "needed": client.needed(USERS[:1], ["film-4"]),
    }
    asked = {
        "recommend_filtered": {"user_id": USERS[0], "exclude": [whole[0][0]], "only": [one]},
        "rank": {"user_id": USERS[0], "candidates": whole[0][:3]},
        "similar": {"item_id": "film-4"},
        "explain_shapley": {"user_id": USERS[0], "item_id": "film-4", "seed": 3},
        "needed": {"user_id": USERS[0], "item_id": "film-4"},
    }
    for signature, instance in asked.items():
        connection = http.client.HTTPConnection(server.rest_address, timeout=60)
        body = json.dumps({"signature_name": signature, "instances": [instance]})
        connection.request("POST", "/v1/models/dink:predict", body.encode())
        (found,) = json.loads(connection.getresponse().read())["predictions"]
        connection.close()
        for name, value in expected[signature].items():
            if value.dtype.kind == "f":
                np.testing.assert_allclose(found[name], value[0], atol=SAME)
            else:
                assert found[name] == np.asarray(value[0]).tolist()


def test_the_commands(server, dataset, whole, planted_run, capsys):
    one, _ = facts(dataset)
    to = ["--target", server.address, "--model", "dink", "--json"]
    assert run_main(recommend.main, [*to, "--user", USERS[0], "--only", f'"{one}",nosuch', "--k", "3"]) == 0
    shown = json.loads(capsys.readouterr().out)["items"]
    of_one = items_with(dataset, one)
    assert [row["item_id"] for row in shown] == [item for item in whole[0] if item in of_one][:3]
    assert run_main(recommend.main, [str(planted_run), "--user", USERS[0], "--only", "nosuch"]) == 0
    assert "0 of 1 conditions name an item, or a fact of items" in capsys.readouterr().out
    assert run_main(recommend.main, [*to, "--user", USERS[0], "--candidates", f"{whole[0][2]},{whole[0][0]}"]) == 0
    assert [row["item_id"] for row in json.loads(capsys.readouterr().out)["items"]] == [whole[0][0], whole[0][2]]
    assert run_main(similar.main, [*to, "--item", "film-4", "--k", "2"]) == 0
    assert len(json.loads(capsys.readouterr().out)["items"]) == 2
    assert run_main(similar.main, [str(planted_run), "--item", "no film"]) == 0
    assert capsys.readouterr().out == "item no film is unknown to the model\n"


def test_what_is_no_list_is_one_line(client):
    with pytest.raises(InputError, match="only: expected a list of ids, found one text, 'genre=Drama'"):
        client.recommend_filtered(USERS, only="genre=Drama")
    with pytest.raises(InputError, match="exclude: expected a list of conditions, or one for each of 3, found 2"):
        client.recommend_filtered(USERS, exclude=[["film-1"], ["film-2"]])
