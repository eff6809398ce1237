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
    asked = ["--models", "dink", "--datasets", "synthetic", "--seeds", "2", "--first-seed", "3"]
    return run_main(main, ["quality", *asked, *folders, *more])


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
    assert printed.endswith("test splits read, synthetic: seed 3 1 times, seed 4 1 times\n")
    assert "published" in printed and "popularity" in printed
    shown = re.findall(r"^DINK, tuned, fresh negatives.*? (0\.\d{4}) \+- ", printed, re.M)
    assert float(shown[0]) == pytest.approx(np.mean(auc), abs=1e-4)  # cut to four digits, from five


def test_what_is_done_is_not_done_again(places):
    before = {file: file.stat().st_mtime_ns for file in (places / "runs").glob("*/seed-*/metrics.json")}
    assert before
    assert _benchmark(places, "--variants", "tuned-fresh") == 0
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_a_dry_run_tells_what_is_left_and_does_nothing(places, capsys):
    """Two of three seeds are done, so that it is known how long the third one takes."""
    before = sorted((places / "runs").rglob("*"))
    assert _benchmark(places, "--variants", "tuned-fresh", "tuned-fixed", "--seeds", "3", "--dry-run") == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"2 of 6 runs are done, 4 left, about \d+ (s|min) with 1 worker", lines[0])
    assert [line.partition(",")[0].strip() for line in lines[1:]] == [
        "dink-synthetic-tuned-fresh-seed-5",
        *(f"dink-synthetic-tuned-fixed-seed-{seed}" for seed in (3, 4, 5)),
    ]
    assert sorted((places / "runs").rglob("*")) == before


def test_a_file_of_rows_keeps_what_was_measured_with_more_seeds(places, capsys):
    before = (places / "rows.json").read_text()
    assert _benchmark(places, "--variants", "tuned-fresh", "--seeds", "1") == 0
    assert (places / "rows.json").read_text() == before
    assert "kept: dink synthetic tuned-fresh over 2 seeds" in capsys.readouterr().out


def test_a_run_that_fails_stops_none_of_the_others(places, capsys):
    folders = ["--configs", str(places / "configs"), "--runs", str(places / "failing")]
    asked = ["--models", "dink", "--variants", "tuned-fresh", "--seeds", "2", "--set", "evaluation.floors=[]"]
    in_the_way = places / "failing/dink-synthetic-tuned-fresh-negatives/seed-1/left-by-somebody"
    in_the_way.mkdir(parents=True)
    assert run_main(main, ["quality", "--datasets", "synthetic", *asked, *folders]) == 2
    found = capsys.readouterr()
    assert (
        "error: 1 of 2 runs failed; the first, " in found.err and "expected a new or empty run directory" in found.err
    )
    assert re.search(r"^DINK, tuned, fresh negatives +1 ", found.out, re.M)  # the second seed


def test_workers_leave_what_one_process_leaves(places, capsys):
    """What has been measured in this process, the same again in another one."""
    expected = json.loads((places / "rows.json").read_text())["rows"]
    shutil.rmtree(places / "runs" / "dink-synthetic-tuned-fresh-negatives")
    capsys.readouterr()
    (places / "rows.json").unlink()
    assert _benchmark(places, "--variants", "tuned-fresh", "--seeds", "1", "--workers", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("0 of 1 runs are done, 1 left")
    assert lines[2].startswith("[====================] 1/1 done, 0 left; dink-synthetic-tuned-fresh-seed-3: ")
    found = json.loads((places / "rows.json").read_text())["rows"]
    assert found[0]["test_by_seed"]["test.auc"] == expected[0]["test_by_seed"]["test.auc"][:1]
    assert "best on validation" in (places / "runs/logs/dink-synthetic-tuned-fresh-seed-3.log").read_text()


def test_floors_are_measured_once_for_a_split(places):
    kept = sorted((places / "runs" / "shared").iterdir())
    assert all("full" in json.loads(file.read_text())["test"] for file in kept)  # the catalogue is ranked, unasked
    assert [file.name.rpartition("-")[0] for file in kept] == ["synthetic-popularity"] * 2  # one for each seed
    for file in kept:
        changed = json.loads(file.read_text())
        changed["test"]["auc"] = 0.125
        file.write_text(json.dumps(changed))
    # The first is no concern of the floors; the second is taken over by those that are trained.
    for override, read in (("model.dim=5", True), ("training.learning_rate_decay=0.9", False)):
        shutil.rmtree(places / "runs" / "dink-synthetic-tuned-fresh-negatives")
        (places / "rows.json").unlink()
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
    assert run_main(main, ["quality", "--models", "hkrm", "--seeds", "1", "--dry-run", *folders]) == 0
    printed = capsys.readouterr().out
    assert "left out: hkrm on synthetic with the settings of its paper, as there is no synthetic-paper.yaml" in printed
    assert re.findall(r"^  hkrm-synthetic-(.+)-seed-1", printed, re.M) == ["tuned-fixed", "tuned-fresh"]


def test_without_arguments_it_is_the_whole_matrix(places, capsys):
    """All models with configs, on all that they have configs for, and ablations; naming anything leaves these out."""
    folders = ["--configs", str(places / "configs"), "--runs", str(places / "none"), "--seeds", "1", "--dry-run"]
    rows = {}
    for more in ([], ["--models", "dink", "hkrm"], ["--models", "dink", "hkrm", "--ablations"], ["--no-ablations"]):
        assert run_main(main, ["quality", *folders, *more]) == 0
        rows[" ".join(more)] = re.findall(r"^  (.+)-seed-1", capsys.readouterr().out, re.M)
    whole, named, with_ablations, without = rows.values()
    assert whole == with_ablations and named == without
    ours = ["tuned-fixed", "tuned-fresh"]
    assert named == [f"{model}-synthetic-{variant}" for model in ("dink", "hkrm") for variant in ours]
    less = [f"{model}-synthetic-{name}" for model in ("dink", "hkrm") for name in registry.model(model).ablations]
    assert sorted(whole) == sorted(named + less)


@pytest.mark.skipif(not CONFIGS.exists(), reason="configs/ is not part of an installed package")
def test_ksrs_sessions_are_measured_with_the_papers_settings_too(tmp_path, capsys):
    asked = ["--models", "ksr", "--datasets", "ml-1m-session", "--seeds", "1", "--dry-run"]
    assert run_main(main, ["quality", *asked, "--configs", str(CONFIGS), "--runs", str(tmp_path)]) == 0
    rows = re.findall(r"^  (.+)-seed-1", capsys.readouterr().out, re.M)
    assert sorted(rows) == ["ksr-ml-1m-session-paper", "ksr-ml-1m-session-tuned"]


def test_help_names_every_model_but_the_baseline(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    assert "{" + ",".join(name for name in registry.models() if name != "mf") + "}" in capsys.readouterr().out


WITH_CONFIGS = [model for model in models() if configs_of(model, CONFIGS)]


def test_every_model_has_configs():
    assert set(models()) == set(WITH_CONFIGS)


@pytest.mark.parametrize("model", WITH_CONFIGS)
def test_every_row_has_settings_and_a_folder_of_its_own(model):
    rows, places = rows_of(model), Places(CONFIGS, Path("runs"))
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
        if not registry.model(model).stages:  # it has no settings of a paper, and no negatives to draw
            assert [(row.name, row.suffix, row.is_default) for row in standing] == [("tuned", "", True)]
            continue
        assert [row.suffix for row in standing] == ["-paper", ""]
        assert [row.is_default for row in standing] == [False, True]
