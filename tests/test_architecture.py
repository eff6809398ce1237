"""Data flows one way: a module imports only from rooms above its own (README, the map)."""

import ast
from pathlib import Path

import pytest

import tfkgrec

ROOT = Path(tfkgrec.__file__).parent
ROOMS = ["errors", "quiet", "files", "config", "cli"]
ROOMS += ["data", "layers", "kge", "models", "tasks", "evaluation", "training", "serving", "benchmarks"]
FILES = [path for path in sorted(ROOT.rglob("*.py")) if path.relative_to(ROOT).parts[0].removesuffix(".py") in ROOMS]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_come_from_above(path):
    own = ROOMS.index(path.relative_to(ROOT).parts[0].removesuffix(".py"))
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tfkgrec."):
            room = node.module.split(".")[1]
            assert room in ROOMS, f"{node.module} is a command: only commands may import it"
            assert ROOMS.index(room) <= own, f"{node.module} lies below"


def test_layers_and_models_know_no_tensorflow():
    """They run on every Keras backend."""
    for path in [*ROOT.glob("layers/*.py"), *ROOT.glob("kge/*.py"), *ROOT.glob("models/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0].startswith("tensorflow") for name in names), path
