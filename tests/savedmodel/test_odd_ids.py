"""Ids and names of any letters, served: what is asked about is known, and what comes back is exact."""

import http.client
import json
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from tests.golden.record import RUNS
from tests.odd_ids import ODD
from tfkgrec import export
from tfkgrec.cli import run_main
from tfkgrec.client import Client
from tfkgrec.models.explain_text import explain_text
from tfkgrec.runs.id_files import ENTITY_NAMES, ITEMS, USER_NAMES, USERS, line_of, read_texts
from tfkgrec.savedmodel.in_process import explain_run
from tfkgrec.serving.http.rest import RestOptions
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.server import ModelServer

K = 50  # all that there are
MODEL = "kgcn"  # is exported fastest
NAMES = [f"name of {text}" for text in ODD]
SAME = 1e-5


class Served(NamedTuple):
    run: Path
    version: Path
    server: ModelServer
    client: Client


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The golden run, its first users and items under odd ids and names."""
    home = tmp_path_factory.mktemp("odd")
    run = shutil.copytree(RUNS / MODEL, home / "run")
    for name, odd in ((USERS, ODD), (ITEMS, ODD[::-1]), (ENTITY_NAMES, NAMES[::-1])):
        file = run / "vocabularies" / name
        texts = [*odd, *read_texts(file)[len(odd) :]]
        file.write_text("".join(line_of(text) + "\n" for text in texts), encoding="utf-8")
    people = [f"{line_of(text)} Smith\n" for text in ODD]  # who have names; the others have none
    (run / "vocabularies" / USER_NAMES).write_text("".join(people), encoding="utf-8")
    config = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(config.replace("k_max: 10", f"k_max: {K}"))
    assert run_main(export.main, [str(run), "--export-dir", str(home / "export")]) == 0
    manager = ModelManager([ModelConfig(MODEL, home / "export" / MODEL)])
    with ModelServer(manager, port=0, poll_seconds=0, rest=RestOptions(port=0)) as server:
        with Client(server.address, MODEL, timeout=60) as client:
            yield Served(run, home / "export" / MODEL / "1", server, client)


def by_rest(served: Served, verb: str, body: dict[str, object]) -> list:
    connection = http.client.HTTPConnection(served.server.rest_address, timeout=60)
    connection.request("POST", f"/v1/models/{MODEL}:{verb}", json.dumps(body).encode())
    reply = json.loads(connection.getresponse().read())
    connection.close()
    return reply["results" if verb == "classify" else "predictions"]


def test_recommend_gives_the_ids_that_there_are_with_their_names(served):
    names = dict(zip(*(read_texts(served.run / "vocabularies" / file) for file in (ITEMS, ENTITY_NAMES)), strict=False))
    best = served.client.recommend(ODD, K)
    assert set(ODD) < set(best.item_id.ravel())
    assert best.item_name.ravel().tolist() == [item and names[item] for item in best.item_id.ravel()]
    pairs = [(user, item) for user, row in zip(ODD, best.item_id, strict=True) for item in row if item]
    np.testing.assert_allclose(
        served.client.score(*zip(*pairs, strict=True)), best.score[best.item_id != ""], atol=SAME
    )

    found = by_rest(served, "predict", {"signature_name": "recommend", "instances": ODD})
    loaded = tf.saved_model.load(served.version).signatures["recommend"](user_id=tf.constant(ODD))
    for output, expected in (("item_id", best.item_id), ("item_name", best.item_name)):
        assert [row[output] for row in found] == expected.tolist()
        assert [[text.decode() for text in row] for row in loaded[output].numpy()] == expected.tolist()
    assert [row["known_user"] for row in found] == loaded["known_user"].numpy().tolist() == best.known.tolist()


def test_every_id_is_known_in_every_way_of_asking(served):
    why = served.client.explain(ODD, ODD)
    assert why["known_item"].all()
    assert sum(why["known_user"]) > len(ODD) - 5  # the others have no positive in training
    assert why["item_name"].tolist() == NAMES
    asked = [{"user_id": one, "item_id": one} for one in ODD]
    probability = why["probability"].tolist()
    found = by_rest(served, "predict", {"signature_name": "explain", "instances": asked})
    assert [row["item_name"] for row in found] == NAMES
    classes = by_rest(served, "classify", {"signature_name": "classify", "examples": asked})  # as tf.Examples
    assert [row[1][1] for row in classes] == pytest.approx(probability, abs=SAME)
    for place in (ODD.index("l\r\nm"), ODD.index("m\0")):
        alone = explain_run(served.run, ODD[place], ODD[place])
        assert alone["item_name"].tolist() == NAMES[place : place + 1]
        assert alone["probability"][0] == pytest.approx(probability[place], abs=SAME)


def test_what_only_looks_like_an_id_is_unknown(served):
    near = [
        "a   b",
        "a\u2003b",
        "A B",
        "cafe",
        "l m",
        "l\x1frm\0",
        "l\\rm",
        "l\x1fe\x1fem",
        "na",
        "07",
        "m",
        "\u200b\u200b",
        "",
    ]
    assert not served.client.explain(near, near)["known_item"].any()
    assert not served.client.recommend(near, K).known.any()


def test_users_are_called_by_their_names(served: Served) -> None:
    other = read_texts(served.run / "vocabularies" / USERS)[len(ODD)]
    people = [*ODD, other, "nobody"]
    names = [f"{text} Smith" for text in ODD] + ["", ""]
    assert served.client.recommend(people, 1).user_name.tolist() == names
    answer = served.client.explain(people, [ODD[0]] * len(people))
    assert answer["user_name"].tolist() == names
    texts = ["\n".join(explain_text(answer, user, ODD[0], row)) for row, user in enumerate(people)]
    assert all(name in text for name, text in zip(names, texts, strict=True)) and "Smith" not in texts[-1]
