"""The reference of settings and commands is what the code says, and the site shows every page."""

from pathlib import Path

import pytest
import yaml

import marks
import model_pages
import reference_pages
from tfkgrec import registry
from tfkgrec.cli import VERBS, run_main
from tfkgrec.config import TrainingConfig
from tfkgrec.models.dink.settings import DinkSettings

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def pages():
    return reference_pages.pages(ROOT)


def test_our_pages_show_what_the_code_says(pages):
    """Mended by python tools/reference_pages.py."""
    for page, parts in pages.items():
        for name, part in parts.items():
            marked = f"<!-- {name}, written by tools/reference_pages.py -->\n\n{part}\n\n<!-- end of {name} -->"
            assert marked in page.read_text(encoding="utf-8")


def test_the_pages_of_models_are_what_their_specs_say():
    """Mended by python tools/model_pages.py."""
    for page, parts in model_pages.pages(ROOT).items():
        begin, end = marks.marks("model", "model_pages")
        assert page.read_text(encoding="utf-8").endswith(f"\n{begin}\n\n{parts['model']}\n\n{end}\n")


def test_every_model_and_verb_has_a_part(pages):
    settings, commands = (part for parts in pages.values() for part in parts.values())
    assert all(f"## model, {spec.title}\n" in settings for spec in registry.models().values())
    assert all(f"## tfkgrec {verb}\n\n```text\nusage: tfkgrec {verb} " in commands for verb in VERBS)


def test_a_row_tells_default_limits_and_the_comment_beside_the_field():
    rows = reference_pages._table(TrainingConfig).splitlines()
    assert "| `optimizer` | `adam` | adam \\| adagrad |  |" in rows
    assert "| `learning_rate` | `0.001` | float, > 0, ≤ 10 |  |" in rows
    told = reference_pages.comments(DinkSettings)
    assert told["dim"] == ("", "d, width of every embedding")
    assert told["interest_dim"][0].startswith("Not in the paper") and told["interest_dim"][1].startswith("width of")


def test_pages_are_written_between_their_marks(tmp_path, pages):
    for page in pages:
        copy = tmp_path / page.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(page.read_text(encoding="utf-8").replace("| `seed` |", "| `sown` |"), encoding="utf-8")
    assert run_main(reference_pages.main, ["--root", str(tmp_path)]) == 0
    for page in pages:
        assert (tmp_path / page.relative_to(ROOT)).read_text() == page.read_text()


def test_the_site_has_every_page():
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text())

    def files(part):
        return [part] if isinstance(part, str) else [f for one in part for f in files(list(one.values())[0])]

    found = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    assert set(files(site["nav"])) == found - {"sweeps/" + page.name for page in (ROOT / "docs/sweeps").glob("*.md")}
