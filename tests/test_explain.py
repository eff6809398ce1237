"""`tfkgrec explain` by its methods."""

import json

import pytest

from tfkgrec import explain
from tfkgrec.cli import run_main


@pytest.fixture
def told(planted_run, capsys):
    """`told(*arguments)`: the outputs for one pair of the planted world."""

    def ask(*arguments):
        pair = ["--user", "user-1", "--item", "film-2", "--json"]
        assert run_main(explain.main, [str(planted_run), *pair, *arguments]) == 0
        return json.loads(capsys.readouterr().out)

    return ask


def test_the_methods_differ_in_contributions_alone(told):
    exact, sampled, weights = told(), told("--method", "shapley", "--seed", "3"), told("--method", "weights")
    assert sum(sampled["contribution"]) == pytest.approx(exact["history_contribution"], abs=1e-4)
    assert sampled["contribution"] != exact["contribution"] and min(sampled["contribution_error"]) >= 0
    assert exact.keys() - weights.keys() >= {"contribution", "fact_entity", "history_contribution"}
    assert all(exact[name] == sampled[name] == value for name, value in weights.items())


def test_a_server_does_not_sample(capsys):
    wanted = ["--target", "localhost:1", "--model", "dink", "--user", "u", "--item", "i", "--method", "shapley"]
    with pytest.raises(SystemExit, match="2"):
        explain.main(wanted)
    assert "expected RUN_DIR" in capsys.readouterr().err
