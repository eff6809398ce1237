"""`metrics.json` and its table."""

import json

import numpy as np
import pytest

from tfkgrec.errors import InputError
from tfkgrec.evaluation.report import assemble_metrics, read_metrics, report, write_metrics
from tfkgrec.evaluation.summary import aggregate, flatten


def metrics(seed: int = 0, auc: float = 0.8, full: bool = False) -> dict:
    ctr = {"auc": auc, "acc": 0.7, "auc_equal_popularity": 0.6}
    ranked = {"full": {"mrr": 0.25, "hit@10": 0.5, "users": 12.0}} if full else {}
    return assemble_metrics(
        model="dink",
        dataset="lastfm",
        protocol="ctr",
        seed=seed,
        results={"validation": {**ctr, "auc": auc + 0.01}, "test": {**ctr, **ranked}},
        floors={"popularity": {"validation": {"auc": 0.75, "acc": 0.65}, "test": {"auc": 0.74, "acc": 0.64, **ranked}}},
        timing={"train_seconds": 12.5, "examples_per_second": 1e5, "steps": 100},
        data={"users": 10, "items": 20, "entities": 30, "triples": 40},
    )


def test_the_file_has_the_keys_of_the_contract(tmp_path):
    write_metrics(tmp_path / "metrics.json", metrics())
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert list(written) == ["model", "dataset", "protocol", "seed", "test", "validation", "floors", "timing", "data"]
    assert (written["model"], written["dataset"], written["protocol"], written["seed"]) == ("dink", "lastfm", "ctr", 0)
    assert written["test"]["auc"] == 0.8 and written["validation"]["auc"] == pytest.approx(0.81)
    assert written["floors"]["popularity"]["auc"] == 0.74
    assert written["floors"]["popularity"]["validation"]["auc"] == 0.75
    assert written["timing"]["steps"] == 100 and written["data"]["triples"] == 40
    assert read_metrics(tmp_path / "metrics.json") == written


def test_numpy_numbers_are_written_as_numbers(tmp_path):
    write_metrics(tmp_path / "metrics.json", {"test": {"auc": np.float32(0.5), "users": np.int64(3)}})
    assert json.loads((tmp_path / "metrics.json").read_text()) == {"test": {"auc": 0.5, "users": 3}}


def test_nan_leaves_the_old_file_and_nothing_else(tmp_path):
    write_metrics(tmp_path / "metrics.json", metrics())
    before = (tmp_path / "metrics.json").read_text()
    with pytest.raises(ValueError, match="JSON compliant"):
        write_metrics(tmp_path / "metrics.json", metrics(auc=float("nan")))
    assert (tmp_path / "metrics.json").read_text() == before
    assert [p.name for p in tmp_path.iterdir()] == ["metrics.json"]


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_metrics(tmp_path / "metrics.json", metrics())
    assert list(tmp_path.iterdir()) == []


def test_bad_files(tmp_path):
    with pytest.raises(InputError, match="found no such file"):
        read_metrics(tmp_path / "metrics.json")
    (tmp_path / "metrics.json").write_text('{"test": ')
    with pytest.raises(InputError, match="expected JSON"):
        read_metrics(tmp_path / "metrics.json")
    (tmp_path / "metrics.json").write_text("[]")
    with pytest.raises(InputError, match="no `test` in it"):
        read_metrics(tmp_path / "metrics.json")


def test_the_table():
    assert report(metrics()).splitlines() == [
        "dink on lastfm, protocol ctr, seed 0",
        "",
        "validation       AUC     ACC    AUC within popularity",
        "------------  ------  ------  -----------------------",
        "dink          0.8100  0.7000                   0.6000",
        "  popularity  0.7500  0.6500                        -",
        "",
        "test             AUC     ACC    AUC within popularity",
        "------------  ------  ------  -----------------------",
        "dink          0.8000  0.7000                   0.6000",
        "  popularity  0.7400  0.6400                        -",
    ]


def test_the_table_shows_ranking_when_it_was_asked_for():
    lines = report(metrics(full=True)).splitlines()
    assert lines[12].split() == "test, all items ranked Hit@10 MRR".split()  # what there is
    assert lines[14].split() == ["dink", "0.5000", "0.2500"]


def test_a_model_and_a_baseline_of_one_name_both_show():
    run = metrics()
    run["floors"]["dink"] = run["floors"]["popularity"]
    assert report(run).count("dink ") == 5


def test_mean_and_standard_deviation_over_seeds():
    summary = aggregate([metrics(0, 0.80), metrics(1, 0.82), metrics(2, 0.84)])
    assert summary.seeds == (0, 1, 2)
    assert summary.mean["test.auc"] == pytest.approx(0.82)
    assert summary.std["test.auc"] == pytest.approx(0.02)  # sqrt((.02^2 + 0 + .02^2) / 2)
    assert summary.mean["floors.popularity.validation.auc"] == 0.75
    assert summary.mean["timing.train_seconds"] == 12.5
    assert summary.values["test.auc"] == [0.80, 0.82, 0.84]


def test_one_run_has_no_standard_deviation():
    summary = aggregate([metrics()])
    assert summary.std["test.auc"] is None


def test_figures_that_only_some_runs_have_are_left_out():
    summary = aggregate([metrics(0, full=True), metrics(1)])
    assert "test.auc" in summary.mean and "test.full.mrr" not in summary.mean


def test_runs_that_do_not_belong_together():
    with pytest.raises(InputError, match="at least one run"):
        aggregate([])
    with pytest.raises(InputError, match="every seed once"):
        aggregate([metrics(), metrics()])
    with pytest.raises(InputError, match="one model"):
        aggregate([metrics(0), {**metrics(1), "dataset": "ml-1m"}])


def test_protocols_of_lists_have_a_table_for_every_part_and_candidate_set():
    def figures(value):
        return {"precision@1": value, "mrr": value / 2, "mrr_se": 0.01, "users": 1200.0}

    model = {"validation": {"full": figures(0.2)}, "test": {"full": figures(0.3), "full_cold": figures(0.1)}}
    floor = {"validation": {"full": figures(0.02)}, "test": {"full": figures(0.04)}}
    metrics = assemble_metrics("rkan", "ml-1m", "R", 0, model, {"popularity": floor}, {}, {})
    assert report(metrics).split("\n\n")[1:] == [
        "validation, full (1,200 users)       P@1     MRR\n"
        "--------------------------------  ------  ------\n"
        "rkan                              0.2000  0.1000\n"
        "  popularity                      0.0200  0.0100",
        "test, full (1,200 users)       P@1     MRR\n"
        "--------------------------  ------  ------\n"
        "rkan                        0.3000  0.1500\n"
        "  popularity                0.0400  0.0200",
        "test, full cold (1,200 users)       P@1     MRR\n"
        "-------------------------------  ------  ------\n"
        "rkan                             0.1000  0.0500\n"
        "  popularity                          -       -",
    ]


def test_a_nested_mapping_flat():
    tree = {"a": {"b": 1, "c": {"d": "x"}}, "e": None, "f": {}}
    assert flatten(tree) == {"a.b": 1, "a.c.d": "x", "e": None}
    assert list(flatten(tree, " ")) == ["a b", "a c d", "e"]
