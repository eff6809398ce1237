"""The tables of how far explanations hold are those of what is kept, and a run's figures replace its earlier ones."""

import json
from pathlib import Path

import explanation_tables
from tfkgrec.cli import run_main

ROOT = Path(__file__).parent.parent


def test_our_page_shows_what_is_kept():
    for page, parts in explanation_tables.pages(ROOT).items():
        text = page.read_text()
        for name, part in parts.items():
            assert (
                f"<!-- {name}, written by tools/explanation_tables.py -->\n\n{part}\n\n<!-- end of {name} -->" in text
            )


def figure(mean, error=0.125):
    return {"mean": mean, "error": error}


def measured(seed, fall):
    of_order = {name: figure(fall) for name in ("deletion_1", "deletion_3", "correlation")}
    orders = {"contributions": of_order, "random": {"deletion_1": figure(0.05)}}
    whole = {"taken_away": figure(0.5), "alone": figure(1.25), "shapley": None}
    beside = {"runs/b": {"seed": 7, "chance": figure(0.25), "orders": {"contributions": {"first": figure(0.75)}}}}
    return {
        **{"model": "hkrm", "dataset": "lastfm", "seed": seed, "pairs": 9, "whole_history": figure(2.0)},
        **{"share_of_three": whole, "orders": orders, "stability": beside, "beside": "what is not kept"},
        "links": {"random": {"explained": figure(1.0)}},
    }


def test_of_runs_their_means_and_deviations(tmp_path, capsys):
    (tmp_path / "docs").mkdir()
    (tmp_path / "configs/hkrm").mkdir(parents=True)
    page = tmp_path / "docs/explanations.md"
    page.write_text((ROOT / "docs/explanations.md").read_text())
    for seed, fall in ((1, 0.9), (1, 0.5), (2, 0.7)):  # seed 1 is asked twice
        run = tmp_path / f"run-{seed}"
        run.mkdir(exist_ok=True)
        (run / "explanations.json").write_text(json.dumps(measured(seed, fall)))
        assert run_main(explanation_tables.main, [str(run), "--root", str(tmp_path)]) == 0
    kept = json.loads((tmp_path / "configs/hkrm/explanations.json").read_text())["rows"]
    assert [row["seed"] for row in kept] == [1, 2] and "beside" not in kept[0]
    (lines,) = explanation_tables.pages(tmp_path).values()
    assert "| lastfm | HKRM | 1, 2 | contributions | 0.600 ± 0.141 |" in lines["orders"]  # of .5 and .7
    row = lines["shares"].splitlines()[-1]
    assert row == "| lastfm | HKRM | 1, 2 | 0.050 | 12.0 |  | 2.000 | 50% | 125% |  |"
    assert "| lastfm | hkrm | 1 | seed 7 | 0.750 ± 0.125 |  | 0.250 ± 0.125 |" in lines["stability"]
    assert lines["orders"] in page.read_text()
