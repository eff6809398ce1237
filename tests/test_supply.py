"""What the package reads is data: nothing that it opens can run code, or put a file elsewhere."""

import ast
import re
import zipfile
from pathlib import Path

import pytest

import tfkgrec
import trust_supply
from tfkgrec.config import load_config
from tfkgrec.data.readers.packing import read_bytes
from tfkgrec.errors import InputError

ROOT = Path(__file__).parent.parent
SOURCES = sorted(Path(tfkgrec.__file__).parent.rglob("*.py"))
UNSAFE_MODULES = {"pickle", "joblib", "marshal", "shelve", "dill", "cloudpickle"}
UNSAFE_CALLS = {
    "eval",
    "exec",
    "unsafe_load",
    "full_load",
    "extractall",
    "read_pickle",
    "enable_unsafe_deserialization",
}


def unsafe(source: str) -> list[str]:
    """What in a module could run what it reads."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name.split(".")[0] in UNSAFE_MODULES]
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNSAFE_MODULES:
            found.append(node.module)
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            method = isinstance(node.func, ast.Attribute) and name in ("eval", "exec")  # of an object of its own
            found += [name] if name in UNSAFE_CALLS and not method else []
            for given in node.keywords:
                off = isinstance(given.value, ast.Constant) and given.value.value
                if (given.arg == "allow_pickle" and off) or (given.arg == "safe_mode" and not off):
                    found.append(f"{name}({given.arg})")
    return found


def test_nothing_that_is_read_can_run():
    assert {str(path): found for path in SOURCES if (found := unsafe(path.read_text(encoding="utf-8")))} == {}
    for bad in (
        "import pickle",
        "from joblib import load",
        "eval(x)",
        "np.load(p, allow_pickle=True)",
        "z.extractall()",
    ):
        assert unsafe(bad), bad


def test_a_config_makes_no_objects(tmp_path):
    (tmp_path / "c.yaml").write_text("model: !!python/object/apply:os.system [ls]\n")
    with pytest.raises(InputError, match="c.yaml:1: expected YAML, found: could not determine a constructor"):
        load_config(tmp_path / "c.yaml")


def test_a_zip_is_read_and_never_unpacked(tmp_path):
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in/r.zip", "w") as archive:
        archive.writestr("../../evil.csv", "user,item\n")
    assert read_bytes(tmp_path / "in/r.zip") == b"user,item\n"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["r.zip"]


def test_every_dependency_says_what_it_is_for():
    (part,) = trust_supply.pages(ROOT)[ROOT / "docs/supply-chain.md"].values()
    rows = [row.split(" | ") for row in part.splitlines()[2:] if not row.startswith("| |")]
    assert len(rows) > 30 and not [row[0] for row in rows if not row[2].strip()]
    declared = set(re.findall(r'^    "([\w-]+)[^"]*",', (ROOT / "setup.py").read_text(), re.M)) - {"tfkgrec"}
    assert declared <= {row[0].removeprefix("| ") for row in rows}
