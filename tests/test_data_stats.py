"""`python -m tfkgrec.data stats`."""

from pathlib import Path

import pytest

from tests.datasets import files
from tests.datasets.files import write
from tfkgrec.cli import run_main
from tfkgrec.data_stats import main


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write(
        tmp_path / "c.yaml", "model: {name: dink}\ndata: {dataset: synthetic, synthetic: {users: 50, items: 60}}\n"
    )


def test_stats_of_a_draw_world(config: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["stats", "--config", str(config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "synthetic"
    rows = {tuple(line.split()[:-1]): line.split()[-1] for line in lines if line}
    assert rows["users",] == "50"
    assert rows["items",] == "60"
    assert any(line.split() == ["pairs", "positives", "users", "items"] for line in lines)
    train, validation, test = (
        int(next(x for x in lines if x.startswith(p)).split()[1].replace(",", "")) for p in ("train", "valid", "test")
    )
    assert train / (train + validation + test) == pytest.approx(0.6, abs=0.03)


PROTOCOLS = {"ksr": "S", "rkan": "R"}


@pytest.mark.parametrize(
    "model, told", [("ksr", "users have enough to hold out"), ("rkan", " that choose the epoch, ")]
)
def test_stats_of_the_split_that_the_protocol_makes(
    config: Path, capsys: pytest.CaptureFixture, model: str, told: str
) -> None:
    settings = [f"model.name={model}", f"data.protocol={PROTOCOLS[model]}", "data.k_core=1"]
    assert main(["stats", "--config", str(config), "--set", *settings]) == 0
    printed = capsys.readouterr().out
    assert told in printed
    assert "pairs" not in printed.split("protocol")[1]


def test_stats_tell_what_was_left_out(tmp_path: Path, config: Path, capsys: pytest.CaptureFixture) -> None:
    files.lastfm(tmp_path / "data/lastfm")
    config.write_text("model: {name: dink}\ndata: {dataset: lastfm}\n")
    assert main(["stats", "--config", str(config), "--data-dir", str(tmp_path / "data"), "--seed", "1"]) == 0
    assert "left out: 1 interactions with 1 items without an entity" in capsys.readouterr().out


def test_bad_data_is_one_line_and_status_2(tmp_path: Path, config: Path, capsys: pytest.CaptureFixture) -> None:
    write(files.lastfm(tmp_path / "lastfm") / "kg.txt", "0\tr\n")
    config.write_text("model: {name: dink}\ndata: {dataset: lastfm}\n")
    assert run_main(main, ["stats", "--config", str(config), "--data-dir", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "kg.txt:1: expected 3 fields (head, relation, tail), found 2" in error
