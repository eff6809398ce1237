"""The README is short, and what it says works."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import tfkgrec
from tests.test_trained import MOVIES, RATINGS, SHORT, TRIPLES
from tfkgrec import cli, registry
from tfkgrec.config import load_config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
SMALL = ["training.epochs=1", "training.jit_compile=false", "data.synthetic.users=60", "data.synthetic.items=50"]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


def test_it_is_short():
    lines = README.splitlines()
    assert len(lines) <= 180
    assert not [line for line in lines if len(line) > 120 and not line.startswith("|")]


def test_its_python_runs(monkeypatch, tmp_path):
    (code,) = blocks(README, "python")
    assert 6 <= len([line for line in code.splitlines() if line and not line.startswith("import ")]) <= 10
    assert "import tfkgrec\n" in code and not re.search(r"from tfkgrec|import tfkgrec\.", code)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"ratings": RATINGS, "triples": TRIPLES, "movies": MOVIES, "users": [1, 2]}
    exec(code.replace("names=movies", f"names=movies, settings={SHORT}"), names | {"user": 1, "item": 100})
    assert (tmp_path / "runs/x/metrics.json").exists() and (tmp_path / "export/hkrm/1/saved_model.pb").exists()


def test_the_same_part_by_part_runs(monkeypatch):
    _, code, _ = blocks((ROOT / "docs/everyday.md").read_text(), "python")
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {"np": np, "tfkgrec": tfkgrec}
    exec(code.replace('["training.epochs=5"]', repr(SMALL)), names)
    assert np.all(np.isfinite(np.asarray(names["logits"]))) and np.asarray(names["logits"]).shape == (2, 3)


def test_the_config_of_own_files_is_one(tmp_path):
    text, *_ = blocks((ROOT / "docs/data.md").read_text(), "yaml")
    (tmp_path / "own.yaml").write_text(text)
    config = load_config(tmp_path / "own.yaml")
    assert config.data.source.interactions == tmp_path / "ratings.csv"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_commands_have_arguments_that_there_are(page, capsys):
    """Verbs and long flags; a flag that was renamed shows here."""
    for block in blocks(page.read_text(), ""):
        for line in block.splitlines():
            line = re.sub(r"^python -m tfkgrec\.", "tfkgrec ", line)
            if not re.match(rf"tfkgrec ({'|'.join(cli.VERBS)})\b", line):
                continue
            words = shlex.split(line, comments=True)
            part = words[1:3] if words[1] == "data" else words[1:2]
            if words[1] == "benchmark" and words[2] in ("serving", "sweep"):
                part = words[1:3]
            with pytest.raises(SystemExit):
                cli.main([*part, "--help"])
            known = capsys.readouterr().out.replace("_", "-")
            for flag in (word for word in words if word.startswith("--")):
                assert flag.replace("_", "-") in known, line


def test_its_configs_are_there():
    for page in PAGES:
        for path in re.findall(r"(?<![\w/])configs/[\w/-]+\.yaml", page.read_text()):
            assert (ROOT / path).exists() or "configs/popular/" in path, f"{page}: {path}"


def test_its_map_names_every_room():
    text = README.partition("## The map")[2]
    rooms = [path.name for path in (ROOT / "tfkgrec").iterdir() if path.is_dir() and path.name != "__pycache__"]
    files = [path.stem for path in (ROOT / "tfkgrec").glob("*.py") if not path.stem.startswith("__")]
    missing = [room for room in rooms if f"{room}/" not in text]
    missing += [name for name in files if not re.search(rf"\b{name}\b", text)]
    assert not missing
    for folder in re.findall(r"^(\w+)/", text, re.M):
        assert (ROOT / folder).is_dir(), folder
    assert set(registry.models()) <= set(re.findall(r"\w+", text))
