"""The tables of models, protocols and datasets in our pages are what the specs say."""

import dataclasses
from pathlib import Path

import pytest

import spec_tables
from tfkgrec import registry
from tfkgrec.cli import run_main

ROOT = Path(__file__).parent.parent


def test_our_pages_show_the_specs():
    for page, parts in spec_tables.pages(ROOT).items():
        text = page.read_text()
        for name, part in parts.items():
            assert f"<!-- {name}, written by tools/spec_tables.py -->\n\n{part}\n\n<!-- end of {name} -->" in text


def test_every_model_protocol_and_dataset_has_a_line():
    for table, known in (
        (spec_tables.papers(), registry.models()),
        (spec_tables.protocols(), registry.protocols()),
        (spec_tables.datasets(), registry.datasets()),
    ):
        assert {line.split("|")[1].strip().strip("`") for line in table.splitlines()[2:]} == set(known)
    *lines, baselines = spec_tables.models().splitlines()[2:]
    assert len(lines) == sum(not spec.baseline for spec in registry.models().values())
    assert all(f"[{spec.title}](" in baselines for spec in registry.models().values() if spec.baseline)


def test_it_writes_what_lies_between_the_marks_and_nothing_else(tmp_path, capsys):
    (tmp_path / "docs").mkdir()
    for page in spec_tables.pages(ROOT):
        text = page.read_text()
        (tmp_path / page.relative_to(ROOT)).write_text(text.replace("knowledge aggregators, interest attention", "x"))
    assert run_main(spec_tables.main, ["--root", str(tmp_path)]) == 0
    for page in spec_tables.pages(ROOT):
        assert (tmp_path / page.relative_to(ROOT)).read_text() == page.read_text()
    (tmp_path / "docs/data.md").write_text("nothing\n")
    assert run_main(spec_tables.main, ["--root", str(tmp_path)]) == 2
    assert "data.md: expected the lines '<!-- datasets" in capsys.readouterr().err


def test_models_of_other_packages_are_in_no_page_of_ours(monkeypatch):
    dink = registry.model("dink")
    others = dataclasses.replace(dink, name="popular", title="Popular", build="popular_model:build")
    monkeypatch.setattr(registry, "models", lambda: {"dink": dink, "popular": others})
    assert "DINK" in spec_tables.models() and "Popular" not in spec_tables.models()


@pytest.mark.parametrize("name", ["dink", "ekpnet", "hkrm", "ksr", "kgcn"])
def test_a_model_is_linked_to_its_paper(name):
    assert f"[{registry.model(name).title}](https://doi.org/10." in spec_tables.models()
