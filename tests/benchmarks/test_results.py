"""`benchmark tables` writes what the finished runs measured into results.json, the README and the headers."""

import json
from pathlib import Path

import pytest

from tfkgrec.benchmark import MODELS, main
from tfkgrec.benchmarks.results import write_tables
from tfkgrec.benchmarks.tables import as_markdown, tables
from tfkgrec.cli import run_main

ROOT = Path(__file__).parents[2]
HEADER = """# KGCN on Last.FM.
# Ours:      to be measured
# Floor:     popularity alone AUC 0.5
"""
CONFIG = "model: {name: kgcn}\ndata: {dataset: lastfm}\npublished: {auc: 0.796, acc: 0.728}\n"
README = "Above.\n<!-- tables: tfkgrec benchmark tables -->\nold\n<!-- end of tables -->\nBelow.\n"


def _finish(places: Path, row: str, seed: int, auc: float) -> None:
    """A run that has been evaluated."""
    figures = {"auc": auc, "acc": auc - 0.1, "auc_equal_popularity": 0.6}
    metrics = {"model": "kgcn", "dataset": "lastfm", "protocol": "C", "seed": seed, "test": figures}
    metrics |= {"validation": figures, "floors": {"popularity": {"auc": 0.75, "acc": 0.7}}, "timing": {}}
    folder = places / "runs" / f"kgcn-lastfm-{row}" / f"seed-{seed}"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps(metrics))


@pytest.fixture
def places(tmp_path):
    (tmp_path / "configs" / "kgcn").mkdir(parents=True)
    for name in ("lastfm", "lastfm-paper"):
        (tmp_path / "configs" / "kgcn" / f"{name}.yaml").write_text(HEADER + CONFIG)
    (tmp_path / "README.md").write_text(README)
    for seed, auc in ((1, 0.81), (2, 0.82), (3, 0.83)):
        _finish(tmp_path, "tuned-fresh-negatives", seed, auc)
    _finish(tmp_path, "tuned-fixed-negatives", 1, 0.78)
    return tmp_path


def _tables(places: Path) -> int:
    folders = ["--configs", str(places / "configs"), "--runs", str(places / "runs")]
    return run_main(main, ["tables", *folders, "--readme", str(places / "README.md")])


def test_rows_readme_and_headers_say_the_same(places):
    assert _tables(places) == 0
    rows = json.loads((places / "configs/kgcn/results.json").read_text())["rows"]
    assert [(row["variant"], row["seeds"]) for row in rows] == [
        ("tuned, fixed negatives", [1]),
        ("tuned, fresh negatives", [1, 2, 3]),
    ]
    readme = (places / "README.md").read_text()
    assert readme.startswith("Above.\n") and readme.endswith("Below.\n") and "old" not in readme
    assert "| **KGCN, tuned, fresh negatives** | .8200 ± .0100 | .7200 ± .0100 |" in readme
    assert "| KGCN, tuned, fixed negatives (1 seed) | .7800 | .6800 |" in readme
    assert "| published KGCN | .796 | .728 |" in readme and "| popularity | .7500 ± .0000 |" in readme
    header = (places / "configs/kgcn/lastfm.yaml").read_text()
    assert "# Ours:      AUC 0.820 +- 0.010, ACC 0.720 +- 0.010 (3 seeds)\n" in header
    assert header.endswith(f"popularity alone AUC 0.750\n{CONFIG}")
    assert "to be measured" in (places / "configs/kgcn/lastfm-paper.yaml").read_text()  # no row is that config


def test_a_row_whose_runs_are_gone_stays(places):
    assert _tables(places) == 0
    written = {file: file.read_text() for file in places.rglob("*") if file.suffix in (".md", ".yaml", ".json")}
    (places / "runs" / "kgcn-lastfm-tuned-fresh-negatives").rename(places / "elsewhere")
    assert _tables(places) == 0
    for file, text in written.items():
        if "elsewhere" not in file.parts and "runs" not in file.parts:
            assert file.read_text() == text


def test_a_readme_without_a_place_for_tables_is_one_line_and_stays(places, capsys):
    (places / "README.md").write_text("Nothing here.\n")
    assert _tables(places) == 2
    assert "README.md: expected the lines '<!-- tables" in capsys.readouterr().err
    assert (places / "README.md").read_text() == "Nothing here.\n"
    assert not (places / "configs/kgcn/results.json").exists()


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="the README is not part of an installed package")
def test_our_readme_shows_the_rows_in_configs(tmp_path):
    files = [ROOT / "configs" / model / "results.json" for model in MODELS]
    rows = [row for file in files for row in json.loads(file.read_text())["rows"]]
    copy = tmp_path / "README.md"
    copy.write_text((ROOT / "README.md").read_text())
    write_tables(copy, rows)
    assert copy.read_text() == (ROOT / "README.md").read_text()
    assert as_markdown(tables(rows)) in copy.read_text()
