"""The quality benchmark repeats runs over seeds, keeps what is done, and averages what the runs wrote."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from tfkgrec import registry
from tfkgrec.benchmark import main, models
from tfkgrec.benchmarks.places import Places, configs_of
from tfkgrec.benchmarks.variants import rows_of, variants_of
from tfkgrec.cli import run_main
from tfkgrec.config import load_config

CONFIGS = Path(__file__).parents[2] / "configs"

CONFIG = """
model: {name: dink, dim: 4, num_neighbours: 2, history_length: 4}
data: {dataset: synthetic, synthetic: {users: 60, items: 50, positives_per_user: 8}}
training: {epochs: 2, batch_size: 256, learning_rate: 1e-2, jit_compile: false}
evaluation: {floors: [popularity]}
published: {auc: 0.8, acc: 0.7}
"""
HKRM_CONFIG = CONFIG.replace("name: dink, dim: 4, num_neighbours: 2", "name: hkrm, dim: 4")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quality")
    for model, config in (("dink", CONFIG), ("hkrm", HKRM_CONFIG)):
        (folder / "configs" / model).mkdir(parents=True)
        (folder / "configs" / model / "synthetic.yaml").write_text(config)
    return folder


def _benchmark(places, *more: str) -> int:
    folders = ["--configs", str(places / "configs"), "--runs", str(places / "runs")]
    folders += ["--json", str(places / "rows.json")]
    return run_main(main, ["quality", "--datasets", "synthetic", "--seeds", "2", "--first-seed", "3", *folders, *more])


def test_mean_and_deviation_over_the_seeds(places, capsys):
    assert _benchmark(places, "--variants", "tuned-fresh") == 0
    (row,) = json.loads((places / "rows.json").read_text())["rows"]
    runs = [json.loads(file.read_text()) for file in sorted((places / "runs").glob("*/seed-*/metrics.json"))]
    assert [run["seed"] for run in runs] == row["seeds"] == [3, 4]
    auc = [run["test"]["auc"] for run in runs]
    assert auc[0] != auc[1]
    assert row["mean"]["test.auc"] == pytest.approx(np.mean(auc), abs=1e-5)
    assert row["std"]["test.auc"] == pytest.approx(np.std(auc, ddof=1), abs=1e-5)
    assert row["test_by_seed"]["test.auc"] == pytest.approx(auc, abs=1e-5)
    assert row["published"] == {"auc": 0.8, "acc": 0.7}
    environments = sorted((places / "runs").glob("*/seed-*/environment.json"))
    assert row["commits"] == [json.loads(file.read_text())["git_commit"] for file in environments]
    printed = capsys.readouterr().out
    assert "published" in printed and "popularity" in printed and f"{np.mean(auc):.4f} +- " in printed


def test_what_is_done_is_not_done_again(places):
    before = {file: file.stat().st_mtime_ns for file in (places / "runs").glob("*/seed-*/metrics.json")}
    assert before
    assert _benchmark(places, "--variants", "tuned-fresh") == 0
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_workers_leave_what_one_process_leaves(places, capsys):
    """What has been measured in this process, the same again in another one."""
    expected = json.loads((places / "rows.json").read_text())["rows"]
    shutil.rmtree(places / "runs" / "dink-synthetic-tuned-fresh-negatives")
    capsys.readouterr()
    assert _benchmark(places, "--variants", "tuned-fresh", "--seeds", "1", "--workers", "2") == 0
    assert capsys.readouterr().out.startswith("1/1 ")
    found = json.loads((places / "rows.json").read_text())["rows"]
    assert found[0]["test_by_seed"]["test.auc"] == expected[0]["test_by_seed"]["test.auc"][:1]
    assert "best on validation" in (places / "runs/logs/dink-synthetic-tuned-fresh-seed-3.log").read_text()


def test_floors_are_measured_once_for_a_split(places):
    kept = sorted((places / "runs" / "shared").iterdir())
    assert [file.name.rpartition("-")[0] for file in kept] == ["synthetic-popularity"] * 2  # one for each seed
    for file in kept:
        changed = json.loads(file.read_text())
        changed["test"]["auc"] = 0.125
        file.write_text(json.dumps(changed))
    # The first is no concern of the floors; the second is taken over by those that are trained.
    for override, read in (("model.dim=5", True), ("training.learning_rate_decay=0.9", False)):
        shutil.rmtree(places / "runs" / "dink-synthetic-tuned-fresh-negatives")
        assert _benchmark(places, "--variants", "tuned-fresh", "--seeds", "1", "--set", override) == 0
        (row,) = json.loads((places / "rows.json").read_text())["rows"]
        assert (row["mean"]["floors.popularity.auc"] == 0.125) == read


def test_vectors_are_learned_once_for_a_split(places, capsys):
    asked = ["pretraining.knowledge=transe", "pretraining.epochs=1", "evaluation.floors=[]"]
    learned = []
    for override in ("model.dropout=0.0", "model.dropout=0.1", "model.dim=5"):  # the last one needs wider vectors
        shutil.rmtree(places / "runs" / "hkrm-synthetic-tuned-fresh-negatives", ignore_errors=True)
        assert (
            _benchmark(
                places, "--models", "hkrm", "--variants", "tuned-fresh", "--seeds", "1", "--set", *asked, override
            )
            == 0
        )
        learned.append(capsys.readouterr().out.count("triples to learn"))
    assert learned == [1, 0, 1]


def test_an_unknown_variant_is_one_line(places, capsys):
    assert _benchmark(places, "--variants", "paper") == 2
    assert "--variants: expected some of paper-fixed" in capsys.readouterr().err


def test_what_has_no_config_is_one_line_before_any_work(places, capsys):
    folders = ["--configs", str(places / "configs"), "--runs", str(places / "none")]
    for asked, line in (
        (["--models", "hkrm", "--datasets", "lastfm"], "hkrm/lastfm.yaml: expected the settings of hkrm on lastfm"),
        (["--models", "dink", "ekpnet"], "configs/ekpnet: expected configs of ekpnet"),
        (["--datasets", "synthetic", "--variants", "paper-fixed"], "dink/synthetic-paper.yaml: expected the settings"),
    ):
        assert run_main(main, ["quality", *asked, *folders]) == 2
        assert line in capsys.readouterr().err
    assert not (places / "none").exists()


def test_by_default_it_measures_what_there_are_configs_for(places, capsys):
    """A paper's settings lack here; that is said, and no fault."""
    folders = ["--configs", str(places / "configs"), "--runs", str(places / "runs")]
    small = ["--set", "training.epochs=1", "evaluation.floors=[]"]
    assert run_main(main, ["quality", "--models", "hkrm", "--seeds", "1", "--first-seed", "9", *folders, *small]) == 0
    printed = capsys.readouterr().out
    assert "left out: hkrm on synthetic with the settings of its paper, as there is no synthetic-paper.yaml" in printed
    assert re.findall(r"^HKRM, (.+?)  ", printed, re.M) == ["tuned, fixed negatives", "tuned, fresh negatives"]


def test_help_names_every_model_but_the_baseline(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    assert "{" + ",".join(name for name in registry.models() if name != "mf") + "}" in capsys.readouterr().out


@pytest.mark.parametrize("model", models())
def test_every_row_has_settings_and_a_folder_of_its_own(model):
    rows, places = rows_of(model), Places(CONFIGS, Path("runs"))
    assert configs_of(model, CONFIGS)
    for dataset in configs_of(model, CONFIGS):
        for row in rows.values():
            path = places.config(model, dataset, row)
            if path.exists() or not row.suffix:  # not every config has a paper's beside it
                config = load_config(path, row.overrides)
                assert (config.model.name, dataset.startswith(config.data.dataset)) == (model, True)
    assert len({row.folder for row in rows.values()}) == len({row.label for row in rows.values()}) == len(rows)


def test_a_config_as_it_stands_is_one_of_each_kind():
    for model in models():
        standing = [row for row in variants_of(model).values() if row.as_configured]
        assert [row.suffix for row in standing] == ["-paper", ""]
        assert [row.is_default for row in standing] == [False, True]
