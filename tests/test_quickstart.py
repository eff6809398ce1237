"""`make quickstart` in a small world: what it prints, what it leaves behind, and that what it advises works."""

import re
import shlex

import grpc
import pytest

from tests.wheel import run
from tfkgrec import explain, quickstart, recommend, serve, train
from tfkgrec.cli import run_main
from tfkgrec.serving import flags

SMALL = (
    "data.synthetic.users=150",
    "data.synthetic.items=100",
    "training.epochs=3",
    "training.jit_compile=false",
    "evaluation.floors=[popularity]",
)


@pytest.fixture(scope="module")
def done(elsewhere, tmp_path_factory):
    """The installed command in an empty folder where somebody exported before, with no source tree in sight."""
    folder = tmp_path_factory.mktemp("quickstart")
    (folder / "export/dink/1").mkdir(parents=True)
    return folder, run(elsewhere / "env/bin/tfkgrec", "quickstart", "--set", *SMALL, cwd=folder, quiet=True)


def test_it_says_what_it_does_in_seven_steps(done):
    _, text = done
    assert re.findall(r"^(\d)\. [A-Z]", text, re.M) == list("1234567")
    assert not re.search(r"WARNING|oneDNN|deprecated|E0000|I0000", text)


def test_it_prints_the_table_with_the_floor_and_the_best_possible(done):
    _, text = done
    figures = dict(re.findall(r"^ *(dink|popularity) +(0\.\d+)", text.split("\ntest ")[1], re.M))
    best = float(re.search(r"best possible AUC is known: (0\.\d+)", text).group(1))
    assert 0.5 < float(figures["popularity"]) < best < 1
    assert float(figures["dink"]) < best


def test_it_recommends_and_explains(done):
    _, text = done
    known, unknown, why = (re.split(rf"^{n}\. .*\n", text, flags=re.M)[1] for n in (5, 6, 7))
    for part in (known, unknown):
        assert re.findall(r"^ +(\d)  0\.\d\d  film \d+ +\S", part.split("\n\n")[0], re.M) == list("12345")
    first = re.search(r"film \d+", known).group()
    assert re.match(rf"{first} \(probability 0\.\d+\)", why)
    assert re.search(r"^ +[+-]\d\.\d\d film \d+(, its .*)? \(looked at: ", why, re.M)


def test_it_leaves_the_next_version_and_a_run(done):
    folder, text = done
    assert sorted(path.name for path in (folder / "export/dink").iterdir()) == ["1", "2"]
    assert (folder / "export/dink/2/saved_model.pb").exists()
    (run,) = (folder / "runs").iterdir()
    assert (run / "metrics.json").exists() and f"{run.relative_to(folder)} " in text


def test_its_server_is_gone(done):
    _, text = done
    address = re.search(r"^serving dink on (\S+)$", text, re.M).group(1)
    with grpc.insecure_channel(address) as channel, pytest.raises(grpc.FutureTimeoutError):
        grpc.channel_ready_future(channel).result(timeout=0.5)


def test_what_it_advises_works(done, elsewhere, monkeypatch, capsys):
    folder, text = done
    monkeypatch.chdir(folder)
    commands = [shlex.split(line, comments=True) for line in text.split("What next\n")[1].splitlines()]
    python = str(elsewhere / "env/bin/python")
    assert {command[0] for command in commands} == {python} and {command[1] for command in commands} == {"-m"}
    verbs = [(command[2], command[3:]) for command in commands]
    assert [verb for verb, _ in verbs] == [
        *("tfkgrec.serve", "tfkgrec.recommend", "tfkgrec.explain", "tfkgrec.explain", "tensorboard.main"),
        "tfkgrec.train",
    ]
    (from_server, from_run) = (arguments for verb, arguments in verbs if verb == "tfkgrec.explain")
    assert run_main(explain.main, from_run) == 0
    assert re.match(r"film \d+ \(probability 0\.\d+\)", capsys.readouterr().out)
    models = serve._models(flags.parser(serve.DEFAULT_CONFIG).parse_args(verbs[0][1]))
    assert [model.name for model in models] == ["dink"]
    # No server is there now, which is status 1: the arguments themselves are right.
    for verb, arguments in ((recommend, verbs[1][1]), (explain, from_server)):
        target = [argument.replace(":8500", ":1") for argument in arguments]
        assert run_main(verb.main, target) == 1
    with pytest.raises(SystemExit) as stop:
        train.main([*verbs[-1][1], "--help"])
    assert stop.value.code == 0


def test_a_config_that_plants_nothing_is_refused(tmp_path, capsys):
    config = tmp_path / "c.yaml"
    config.write_text("model: {name: dink}\ndata: {dataset: lastfm}\n")
    assert run_main(quickstart.main, ["--config", str(config)]) == 2
    assert capsys.readouterr().err.endswith("on synthetic data, found dink on lastfm\n")
