"""Items that a run never met, taken in by their facts: in a planted world, where it is known who would take them."""

import contextlib
import http.client
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tfkgrec
from tests.golden.record import RUNS
from tests.planted import SETTINGS, serving
from tfkgrec import add_items, explain, recommend, similar
from tfkgrec.cli import run_main
from tfkgrec.client import Client
from tfkgrec.data.records import RawData
from tfkgrec.datasets.synthetic.world import WorldTruth, draw_world
from tfkgrec.errors import InputError
from tfkgrec.offline.in_process import open_in_process
from tfkgrec.serving.http.rest import RestOptions
from tfkgrec.serving.server import ModelServer

COUNT = 40
STRANGE = ("copy of film-1", "shot_with", "a drone")


def world() -> tuple[RawData, WorldTruth]:
    """That of `planted_run`."""
    return draw_world(**SETTINGS["data"]["synthetic"])


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """New films, each with the facts of one that there is; one of which nothing is known, and one of the run's own."""
    folder = tmp_path_factory.mktemp("new")
    raw, _ = world()
    like = raw.triples[raw.triples["head"].isin([f"film-{n}" for n in range(1, COUNT + 1)])]
    triples = like.assign(head="copy of " + like["head"])
    triples.loc[len(triples)] = STRANGE
    triples.to_csv(folder / "triples.csv", index=False)
    new = like["head"].drop_duplicates()
    items = pd.DataFrame({"movieId": "copy of " + new, "title": "a new " + new})
    items.loc[len(items)] = "film-9", "known"
    items.loc[len(items)] = "riddle", "of which nobody says a thing"
    items.to_csv(folder / "items.csv", index=False)
    return folder / "items.csv", folder / "triples.csv"


@pytest.fixture(scope="module")
def said(planted_run: Path, tables: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the command printed."""
    folder, out = tmp_path_factory.mktemp("export"), io.StringIO()
    before = sorted((file, file.stat().st_mtime_ns) for file in planted_run.rglob("*"))
    arguments = [str(planted_run), "--items", str(tables[0]), "--triples", str(tables[1]), "--export-dir", str(folder)]
    with contextlib.redirect_stdout(out):
        assert run_main(add_items.main, arguments) == 0
    assert sorted((file, file.stat().st_mtime_ns) for file in planted_run.rglob("*")) == before
    return out.getvalue().splitlines()


@pytest.fixture(scope="module")
def export(said: list[str]) -> Path:
    """The model repository."""
    return Path(said[-1].removeprefix("export: ")).parents[1]


@pytest.fixture(scope="module")
def server(export: Path) -> Iterator[ModelServer]:
    with serving(export / "dink", RestOptions(port=0)) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ModelServer) -> Iterator[Client]:
    with Client(server.address, "dink", timeout=60) as open_client:
        yield open_client


@pytest.fixture(scope="module")
def new(tables: tuple[Path, Path]) -> list[str]:
    return [item for item in pd.read_csv(tables[0])["movieId"] if item.startswith("copy")]


def test_new_films_of_a_users_taste_are_ahead_of_others(client: Client, planted_run: Path, new: list[str]) -> None:
    _, truth = world()
    users = open_in_process(planted_run).users()[:100]
    rows = [truth.users.tolist().index(user) for user in users]
    columns = [truth.items.tolist().index(item.removeprefix("copy of ")) for item in new]
    liking = truth.taste[rows] @ truth.films[columns].T
    order, score = np.argsort(liking, axis=1), client.rank(users, [new] * len(users))
    best, worst = (np.take_along_axis(score, part, axis=1) for part in (order[:, -5:], order[:, :5]))
    assert np.mean(best[:, :, None] > worst[:, None, :]) > 0.9
    whole = open_in_process(planted_run)
    known = [[item for item in whole.items() if item != "film-9"]] * len(users)
    np.testing.assert_allclose(client.rank(users, known), whole.rank(users, known), atol=1e-6)


def test_answers_flag_them(client: Client, server: ModelServer, new: list[str]) -> None:
    answer = client.recommend_filtered(["user-7"], 5, only=[*new, "film-9"])
    assert set(answer.item_id[0]) <= set(new) and answer.new.tolist() == [[True] * 5]
    for found in (
        client.recommend(["user-7", "nobody"], 20),
        client.recommend_for_history([["film-1", new[0]]], 20),
        client.similar(["film-1"], 20),
    ):
        assert found.new.tolist() == [[item.startswith("copy") for item in row] for row in found.item_id]
    assert "copy of film-1" in client.similar(["film-1"], 20).item_id
    assert client.recommend_filtered(["nobody"], 5, only=["shot_with=a drone"]).item_id[0, 0] == "copy of film-1"
    pair = {"user_id": ["user-7"] * 2, "item_id": ["film-9", new[0]]}
    assert client.predict("serving_default", pair)["new_item"].tolist() == [False, True]
    assert client.predict("explain", pair)["new_item"].tolist() == [False, True]
    body = {"signature_name": "rank", "inputs": {"user_id": ["user-7"], "candidates": [["film-9", new[0], ""]]}}
    with contextlib.closing(http.client.HTTPConnection(server.rest_address)) as connection:
        connection.request("POST", "/v1/models/dink:predict", json.dumps(body))
        assert json.loads(connection.getresponse().read())["outputs"]["new_item"] == [[False, True, False]]


def test_commands_say_so(server: ModelServer, new: list[str], capsys: pytest.CaptureFixture) -> None:
    target = ["--target", server.address, "--model", "dink", "--timeout", "60"]
    asked = [*target, "--user", "user-7", "--only", ",".join([*new, "film-9"])]
    assert run_main(recommend.main, [*asked, "--k", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and all("a new film" in line and line.endswith("  (new)") for line in lines[2:])
    assert run_main(recommend.main, [*asked, "--json"]) == 0
    assert all(item["new_item"] for item in json.loads(capsys.readouterr().out)["items"])
    assert run_main(recommend.main, [*target, "--user", "user-7", "--candidates", f"film-9,{new[0]}"]) == 0
    assert sum(line.endswith("(new)") for line in capsys.readouterr().out.splitlines()) == 1
    assert run_main(similar.main, [*target, "--item", "film-1", "--k", "20"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "copy of film-1 " in line]
    assert line.endswith("a new film-1  (new)")
    assert run_main(explain.main, [*target, "--user", "user-7", "--item", "copy of film-1"]) == 0
    assert "new, known by its facts alone" in capsys.readouterr().out.splitlines()[0]


def test_files_of_lists_have_a_column(export: Path, tmp_path: Path) -> None:
    output = tmp_path / "recs.parquet"
    assert run_main(recommend.main, [str(export / "dink"), "--all-users", "--k", "3", "--output", str(output)]) == 0
    found = pd.read_parquet(output)
    assert list(found) == ["user", "rank", "item", "name", "score", "new"]
    assert (found["new"] == found["item"].str.startswith("copy")).all() and 0 < found["new"].mean() < 1


def test_it_says_what_it_left_out_and_the_card_what_it_took_in(said: list[str], export: Path, new: list[str]) -> None:
    assert said == [
        "known already, and as they were: 1 item",
        "left out: 1 item of which no fact is known to the model",
        "1 fact of what the model has never met: for conditions only",
        f"{len(new)} new items, known by their facts alone",
        f"export: {export / 'dink/1'}",
    ]
    card = (export / "cards/dink/1/model_card.md").read_text()
    assert f"It knows {len(new)} items, flagged as new, by their facts alone." in card


def test_the_python_door_takes_frames(planted_run: Path, tables: tuple[Path, Path], tmp_path: Path) -> None:
    items, triples = map(pd.read_csv, tables)
    with pytest.raises(InputError, match="items .data frame.: expected items that the run does not know, found none"):
        tfkgrec.load(planted_run).add_items(items[items["movieId"] == "film-9"], triples, tmp_path)


@pytest.mark.parametrize(
    ("items", "triples", "message"),
    [
        ("item\nfilm-9\n", None, "expected items that the run does not know, found none among 1"),
        ("item,entity\na,x\nb,x\n", None, "expected an entity of its own for each new item, found 'x' for several"),
        ("item,entity\na,film-9\n", None, "expected an entity of its own for each new item, found 'film-9'"),
        (None, "head,relation,tail\ncopy of film-1,shot_with,a drone\n", "expected facts of new items that the model"),
        ("item\na\n", "head,relation\na,b\n", "expected columns head, relation, tail, found head, relation"),
    ],
)
def test_what_is_no_new_item_is_one_line_and_leaves_nothing(
    planted_run: Path,
    tables: tuple[Path, Path],
    items: str | None,
    triples: str | None,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    given = []
    for option, text, usual in (("--items", items, tables[0]), ("--triples", triples, tables[1])):
        if text is not None:
            (tmp_path / f"{option}.csv").write_text(text)
        given += [option, str(usual if text is None else tmp_path / f"{option}.csv")]
    assert run_main(add_items.main, [str(planted_run), *given, "--export-dir", str(tmp_path / "export")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "export").exists()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("mf", "expected a model that can do with an item's facts (dink, ekpnet, hkrm, kgcn, lightgcn), found mf"),
        ("dink", "expected graph.npz, the run's triples, found none: a run of an older version"),
    ],
)
def test_other_models_and_older_runs_say_why_not(
    model: str, message: str, tables: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    arguments = ["--items", str(tables[0]), "--triples", str(tables[1]), "--export-dir", str(tmp_path / "export")]
    assert run_main(add_items.main, [str(RUNS / model), *arguments]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "export").exists()
