"""Rows of results go to files and back; tools/results_tables.py writes them into our pages and headers, too."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

import results_tables
from tfkgrec import benchmark
from tfkgrec.benchmarks.results import ResultRow, Results, results_file
from tfkgrec.benchmarks.tables import tables
from tfkgrec.benchmarks.variants import rows_of
from tfkgrec.cli import run_main
from tfkgrec.errors import InputError

ROOT = Path(__file__).parents[2]
HEADER = """# KGCN on Last.FM.
# Ours:      to be measured
# Floor:     popularity alone AUC 0.5
"""
CONFIG = "model: {name: kgcn}\ndata: {dataset: lastfm}\npublished: {auc: 0.796, acc: 0.728}\n"
PAGE = "Above.\n<!-- {0}, written by tools/results_tables.py -->\nold\n<!-- end of {0} -->\nBelow.\n"


def _finish(places: Path, row: str, seed: int, auc: float) -> None:
    """A run that has been evaluated."""
    figures = {"auc": auc, "acc": auc - 0.1, "auc_equal_popularity": 0.6}
    metrics = {"model": "kgcn", "dataset": "lastfm", "protocol": "ctr", "seed": seed, "test": figures}
    metrics |= {"validation": figures, "floors": {"popularity": {"auc": 0.75, "acc": 0.7}}, "timing": {}}
    folder = places / "runs" / f"kgcn-lastfm-{row}" / f"seed-{seed}"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps(metrics))
    if seed > 1:
        (folder / "environment.json").write_text(json.dumps({"git_commit": f"c0ffee{seed}"}))


@pytest.fixture
def places(tmp_path):
    (tmp_path / "configs" / "kgcn").mkdir(parents=True)
    for name in ("lastfm", "lastfm-paper"):
        (tmp_path / "configs" / "kgcn" / f"{name}.yaml").write_text(HEADER + CONFIG)
    (tmp_path / "README.md").write_text(PAGE.format("results in short"))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/results.md").write_text(PAGE.format("results"))
    for seed, auc in ((1, 0.81), (2, 0.82), (3, 0.83)):
        _finish(tmp_path, "tuned-fresh-negatives", seed, auc)
    _finish(tmp_path, "tuned-fixed-negatives", 1, 0.78)
    return tmp_path


def _write(places: Path) -> int:
    return run_main(results_tables.main, ["--root", str(places), "--runs", str(places / "runs")])


def _rows(places: Path) -> list[ResultRow]:
    return list(Results.read(places / "configs/kgcn/results.json").rows)


def _our_rows() -> list[ResultRow]:
    configs = ROOT / "configs"
    return [row for name in results_tables.models(configs) for row in Results.read(results_file(configs, name)).rows]


def test_a_row_comes_back_equal():
    mean, std = {"test.auc": 0.5, "floors.mf.auc": 0.4}, {"test.auc": 0.1, "floors.mf.auc": None}
    row = ResultRow(
        "kgcn", "lastfm", "tuned", "c.yaml", (1, 2), ("c0ffee", None), {"of": "X"}, mean, std, {"test.auc": (0.4, 0.6)}
    )
    results = Results("a machine", (row,))
    assert Results.from_json(results.to_json()) == results
    assert json.loads(results.to_json())["rows"][0]["commits"] == ["c0ffee", None]
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.model = "mf"


def test_new_rows_join_those_that_are_there():
    one = ResultRow("kgcn", "lastfm", "a", "c.yaml", (1, 2, 3), (None,) * 3, {}, {"test.auc": 0.5}, {}, {})
    fewer, as_many = (dataclasses.replace(one, seeds=seeds, mean={"test.auc": 0.6}) for seeds in ((1, 2), (4, 5, 6)))
    other = dataclasses.replace(one, variant="b", seeds=(1,))
    assert Results("old", (one,)).merged([other], "new")[0] == Results("new", (one, other))
    results, kept = Results("old", (one,)).merged([fewer], "new")
    assert results == Results("old", (one,)) and len(kept) == 1
    assert Results("old", (other, one)).merged([as_many], "new") == (Results("new", (other, as_many)), [])


@pytest.mark.parametrize("text", ["", "[]", '{"device": "x"}', '{"device": "x", "rows": [{"model": "kgcn"}]}'])
def test_what_is_no_file_of_results_is_one_line(text, tmp_path):
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(InputError, match=r"results.json: expected rows of the quality benchmark, found "):
        Results.read(tmp_path / "results.json")


def test_rows_pages_and_headers_say_the_same(places):
    assert _write(places) == 0
    assert [(row.variant, row.seeds, row.commits) for row in _rows(places)] == [
        ("tuned-fixed", (1,), (None,)),
        ("tuned-fresh", (1, 2, 3), (None, "c0ffee2", "c0ffee3")),
    ]
    page, readme = (places / "docs/results.md").read_text(), (places / "README.md").read_text()
    for text in (page, readme):
        assert text.startswith("Above.\n") and text.endswith("Below.\n") and "old" not in text
    assert "| **KGCN, tuned, fresh negatives** | .8200 ± .0100 | .7200 ± .0100 |" in page
    assert "| KGCN, tuned, fixed negatives (1 seed) | .7800 | .6800 |" in page
    assert "| published KGCN | .796 | .728 |" in page and "| popularity | .7500 ± .0000 |" in page
    header = (places / "configs/kgcn/lastfm.yaml").read_text()
    assert "# Ours:      AUC 0.820 +- 0.010, ACC 0.720 +- 0.010 (3 seeds)\n" in header
    assert header.endswith(f"popularity alone AUC 0.750\n{CONFIG}")
    assert "to be measured" in (places / "configs/kgcn/lastfm-paper.yaml").read_text()  # no row is that config


def test_a_row_whose_runs_are_gone_stays(places):
    assert _write(places) == 0
    written = {file: file.read_text() for file in places.rglob("*") if file.suffix in (".md", ".yaml", ".json")}
    (places / "runs" / "kgcn-lastfm-tuned-fresh-negatives").rename(places / "elsewhere")
    assert _write(places) == 0
    for file, text in written.items():
        if "elsewhere" not in file.parts and "runs" not in file.parts:
            assert file.read_text() == text


def test_fewer_seeds_do_not_take_the_place_of_more(places, capsys):
    assert _write(places) == 0
    before = _rows(places)[1]
    assert "kept" not in capsys.readouterr().out
    for seed in (2, 3):
        shutil.rmtree(places / "runs/kgcn-lastfm-tuned-fresh-negatives" / f"seed-{seed}")
    assert _write(places) == 0
    assert _rows(places)[1] == before
    line = "kept: kgcn lastfm tuned-fresh over 3 seeds; a row never gives way to one over 1\n"
    assert capsys.readouterr().out.startswith(line)
    for seed in (2, 3):  # as many: what was measured last counts
        _finish(places, "tuned-fresh-negatives", seed, 0.9)
    assert _write(places) == 0
    assert _rows(places)[1].test_by_seed["test.auc"] == (0.81, 0.9, 0.9)


def test_a_row_of_a_variant_that_is_no_more_stays(places):
    assert _write(places) == 0
    file = places / "configs/kgcn/results.json"
    results = Results.read(file)
    old = [dataclasses.replace(results.rows[0], dataset="ml-20m"), dataclasses.replace(results.rows[0], variant="gone")]
    dataclasses.replace(results, rows=(*old, *results.rows), device="another machine").write(file)
    (places / "runs").rename(places / "elsewhere")
    assert _write(places) == 0
    assert set(map(str, old)) < set(map(str, _rows(places)))
    page = (places / "docs/results.md").read_text()
    assert "| **ml-20m** | AUC" in page and "| KGCN, gone (1 seed) | .7800" in page
    assert Results.read(file).device == "another machine"  # nothing new was measured here


@pytest.mark.parametrize("page", ["README.md", "docs/results.md"])
def test_a_page_without_a_place_for_tables_is_one_line_and_all_stay(places, page, capsys):
    (places / page).write_text("Nothing here.\n")
    before = [(places / name).read_text() for name in ("README.md", "docs/results.md")]
    assert _write(places) == 2
    assert f"{page}: expected the lines '<!-- results" in capsys.readouterr().err
    assert [(places / name).read_text() for name in ("README.md", "docs/results.md")] == before
    assert not (places / "configs/kgcn/results.json").exists()


def test_the_command_of_before_names_the_tool(capsys):
    assert run_main(benchmark.main, ["tables"]) == 2
    assert "expected python tools/results_tables.py" in capsys.readouterr().err


def test_in_short_the_strongest_baseline_stands_beside_our_settings():
    figures = {"test.auc": 0.9, "floors.popularity.auc": 0.75, "floors.mf.auc": 0.85, "floors.mf.validation.auc": 0.99}
    rows = [_dink("paper-fixed", {"test.auc": 0.5, "floors.mf.auc": 0.86}), _dink("tuned-fresh", figures)]
    assert results_tables.in_short(rows).splitlines()[2:] == [
        "| Last.FM | AUC | .8125 DINK-ATT | **DINK .9000** | .8600 MF |"
    ]
    other = dataclasses.replace(rows[1], model="hkrm", published={"auc": 0.9}, mean={"test.auc": 0.95})
    assert results_tables.in_short([*rows, other]).splitlines()[2:] == [
        "| Last.FM | AUC | .900 HKRM | **HKRM .9500**, DINK .9000 | .8600 MF |"
    ]


def _dink(variant: str, mean: dict[str, float]) -> ResultRow:
    published = {"auc": 0.8125, "of": "DINK-ATT"}
    std = dict.fromkeys(mean)
    return ResultRow("dink", "lastfm", variant, "dink.yaml", (1, 2, 3), (None,) * 3, published, mean, std, {})


def test_markdown_drops_zeros_marks_the_default_settings_and_says_where_seeds_are_few():
    row = dataclasses.replace(_dink("tuned-fresh", {"test.auc": 0.91234, "test.acc": 0.5}), published={})
    rows = [
        dataclasses.replace(row, std={"test.auc": 0.00126, "test.acc": None}),
        dataclasses.replace(row, variant="dink-k", seeds=(1,)),
        dataclasses.replace(row, variant="paper-fixed", mean={"test.auc": 0.8}, seeds=(1, 2)),
    ]
    assert results_tables.as_markdown(tables(rows)).splitlines() == [
        "| **Last.FM** | AUC | ACC |",
        "|---|---|---|",
        "| **DINK, tuned, fresh negatives** | .9123 ± .0013 | .5000 |",
        "| DINK, paper, fixed negatives (2 seeds) | .8000 |  |",
        "| DINK, tuned, dink-k (1 seed) | .9123 | .5000 |",
    ]


@pytest.mark.parametrize("value", (1.0, 0.0))
def test_a_whole_figure_keeps_its_meaning(value):
    row = dataclasses.replace(_dink("tuned-fresh", {"test.auc": value}), published={})
    assert float(results_tables.as_markdown(tables([row])).splitlines()[-1].split("|")[2]) == value


def test_our_pages_show_the_rows_in_configs():
    rows = _our_rows()
    assert len(rows) >= 69
    for page, parts in results_tables.pages(ROOT, rows).items():
        text = page.read_text()
        for name, part in parts.items():
            assert f"<!-- {name}, written by tools/results_tables.py -->\n\n{part}\n\n<!-- end of {name} -->" in text


def test_our_rows_are_of_variants_and_configs_that_there_are():
    for row in _our_rows():
        assert row.variant in rows_of(row.model)
        assert row.config.startswith("configs/") and (ROOT / row.config).exists()
        assert len(row.seeds) == len(row.commits) == len(set(row.seeds))


def test_our_headers_say_what_the_rows_say(tmp_path):
    shutil.copytree(ROOT / "configs", tmp_path / "configs", symlinks=True)
    places = results_tables.Places(tmp_path / "configs", tmp_path / "runs")
    for row in _our_rows():
        results_tables.write_header(places, row)
    for file in (ROOT / "configs").glob("*/*.yaml"):
        assert (tmp_path / file.relative_to(ROOT)).read_text() == file.read_text()
