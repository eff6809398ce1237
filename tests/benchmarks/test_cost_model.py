"""What a size would cost, against a model that is built at that size; and what the command says of it."""

import math

import pytest

from tfkgrec import plan
from tfkgrec.benchmarks import cost_model
from tfkgrec.benchmarks.cost_model import Size, StepCost, TableCost
from tfkgrec.cli import run_main


@pytest.mark.parametrize(("model", "within"), [("mf", 1e-6), ("hkrm", 0.15)])
def test_tables_are_as_large_as_those_of_a_model_of_that_size(model, within):
    users, items, positives = 2000, 500, 30.0
    size = Size(users, items, round(users * positives))
    costs = cost_model.table_costs(model, [], size)
    real = cost_model._variables(cost_model._config(model, (users, items), positives, []))
    assert {cost.name for cost in costs if cost.trained} == {name for name, one in real.items() if one.trained}
    told, found = sum(cost.numbers(size) for cost in costs), sum(one.numbers for one in real.values())
    assert told == pytest.approx(found, rel=within)


def test_a_list_of_all_positives_grows_with_them_and_a_table_of_some_does_not():
    found = {}
    for positives in (40, 400):
        size = Size(1000, 1000, 1000 * positives)
        for model in ("hkrm", "dink"):
            costs = cost_model.table_costs(model, [], size)
            found[model, positives] = next(cost for cost in costs if cost.name == "history").numbers(size)
    assert found["hkrm", 400] == pytest.approx(10 * found["hkrm", 40], rel=0.1)
    assert found["dink", 400] == found["dink", 40]


def test_bytes_are_weights_moments_and_gradient():
    table = TableCost("users", 8, 8, 0, trained=True)
    size = Size(99, 5, 1000)
    assert table.numbers(size) == 800
    assert (table.bytes(size, by_rows=False), table.bytes(size, by_rows=True)) == (800 * 16, 800 * 12)
    assert TableCost("ids", 8, 8, 0, trained=False).bytes(size, by_rows=True) == 800 * 4
    assert cost_model.steps_of_an_epoch(size, pairs=100) == 12  # 600 positives and as many negatives


def test_the_command_says_what_does_not_fit_and_how_many_machines(monkeypatch, capsys):
    users = TableCost("users", 0, 32, 0, trained=True)
    monkeypatch.setattr(cost_model, "table_costs", lambda *_: [users])
    monkeypatch.setattr(cost_model, "step_cost", lambda *_: StepCost(1000, 10.0, 0.0))
    asked = ["--users", "1e8", "--items", "1e6", "--interactions", "1e9", "--model", "hkrm", "--epochs", "10"]
    assert run_main(plan.main, [*asked, "--hours", "10", "--machine-gib", "512"]) == 0
    told = capsys.readouterr().out
    assert f"{1e8 * 32 * 12 / 2**30:,.2f}" in told  # by rows
    steps = math.ceil(1.2e9 / 1000)
    assert f"steps: {steps:,} an epoch" in told and f"training: {steps * 10 * 0.01 / 3600:,.1f} hours" in told
    assert "machines: 4 for 10 hours" in told and "fits into 512" in told
    assert run_main(plan.main, [*asked, "--machine-gib", "100"]) == 0
    assert "by reading alone" in capsys.readouterr().out
    assert run_main(plan.main, [*asked, "--machine-gib", "20"]) == 0
    assert "no machine may hold less than the whole model" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        run_main(plan.main, ["--users", "0", *asked[2:]])
    assert "argument --users: expected a number of 1 or more, found '0'" in capsys.readouterr().err


@pytest.mark.parametrize(("large", "told"), [(3.0, 2.5), (8.0, 2.0 + 6.0 / 4800 * (1_100_000 - 1600))])
def test_a_step_grows_where_four_times_the_rows_take_twice_as_long(large, told, monkeypatch):
    took = iter([(100.0, 2.0), (100.0, large)])
    monkeypatch.setattr(cost_model, "_timed", lambda _: next(took))
    size = Size(1_000_000, 100_000, 10**8)
    assert cost_model.step_cost("mf", [], size).milliseconds(size) == pytest.approx(told)
