"""A wheel built from setup.py and installed elsewhere works, and holds the package only."""

import ast
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import tfkgrec
from tests.wheel import BESIDE, ROOT, run

pytestmark = pytest.mark.skipif(not (ROOT / "setup.py").exists(), reason="needs the source tree")


def test_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    sources = {str(p.relative_to(ROOT)) for p in (ROOT / "tfkgrec").rglob("*.py")}
    info = f"tfkgrec-{tfkgrec.__version__}.dist-info/"
    beside = {f"tfkgrec/{name}" for name in ("py.typed", "quickstart.yaml", "training/xla_choice.json")}
    assert {n for n in names if not n.startswith(info)} == sources | beside
    assert {n.removeprefix(info) for n in names if n.startswith(info)} <= {
        "METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", "licenses/LICENSE",
    }  # fmt: skip
    assert f"{info}licenses/LICENSE" in names


def test_a_source_distribution_holds_what_the_tests_need(source, tmp_path):
    """`setup.py sdist` reads setup.py and MANIFEST.in as every front end does."""
    run(sys.executable, "setup.py", "-q", "sdist", "--dist-dir", tmp_path, cwd=source)
    (built,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {
        str(path.relative_to(source))
        for name in ("tfkgrec", *BESIDE)
        for path in (source / name).rglob("*")
        if path.is_file()
    }
    assert expected <= names
    top = ("setup.py", "MANIFEST.in", "pyproject.toml", "Makefile", "LICENSE", "README.md", "CHANGELOG.md")
    assert {*top, "CONTRIBUTING.md", "CITATION.cff"} <= names
    assert not [name for name in names if name.endswith(".pyc") or name.startswith(("runs", ".venv", "build"))]


def test_metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
    assert re.search(rf"^Version: {re.escape(tfkgrec.__version__)}$", metadata, re.M)
    (python,) = re.findall(r"^Requires-Python: (.+)$", metadata, re.M)
    assert set(python.split(",")) == {">=3.11", "<3.14"}
    assert set(re.findall(r"^Provides-Extra: (.+)$", metadata, re.M)) == {
        "gpu",
        "rdf",
        "sql",
        "plots",
        "search",
        "beam",
        "docs",
        "dev",
    }
    assert "# tfkgrec" in metadata  # the README
    assert re.findall(r"^License-\w+: (.+)$", metadata, re.M) == ["Apache-2.0", "LICENSE"]
    (cited,) = re.findall(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    assert cited == tfkgrec.__version__


def test_installed_elsewhere_it_runs(elsewhere):
    binaries = elsewhere / "env/bin"
    where = run(binaries / "python", "-c", "import tfkgrec; print(tfkgrec.__file__)", cwd=elsewhere)
    assert Path(where.strip()).is_relative_to(elsewhere)
    assert run(binaries / "tfkgrec", "--version", cwd=elsewhere) == f"tfkgrec {tfkgrec.__version__}\n"
    assert "verbs:" in run(binaries / "tfkgrec", cwd=elsewhere)


def test_installed_elsewhere_every_module_imports(elsewhere):
    """A module left out of the wheel, or one that reaches into the repository, shows here."""
    script = (
        "import importlib, pkgutil, tfkgrec\n"
        "for module in pkgutil.walk_packages(tfkgrec.__path__, 'tfkgrec.'):\n"
        "    if not module.name.endswith('__main__'):\n"
        "        importlib.import_module(module.name)\n"
        "        print(module.name)\n"
    )
    imported = run(elsewhere / "env/bin/python", "-c", script, cwd=elsewhere).split()
    assert {"tfkgrec.cli", "tfkgrec.config", "tfkgrec.data.records"} <= set(imported)


def test_every_import_is_declared():
    """What the package imports stands in setup.py by name; what only another package brings may vanish with it."""
    imports = set()
    for path in (ROOT / "tfkgrec").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imports |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imports.add(str(node.module).split(".")[0])
    names = {"yaml": "pyyaml", "grpc": "grpcio", "google": "protobuf", "tensorflow_serving": "tensorflow-serving-api"}
    names |= {"grpc_health": "grpcio-health-checking", "grpc_reflection": "grpcio-reflection"}
    names |= {"PIL": "pillow"}
    third_party = imports - set(sys.stdlib_module_names) - {"tfkgrec", "_typeshed"}  # the last is mypy's alone
    text = (ROOT / "setup.py").read_text()
    declared = {name.lower() for name in re.findall(r'"([A-Za-z][\w-]*)(?:\[[\w-]+\])?[<>=]', text)}
    assert {names.get(name, name.replace("_", "-")) for name in third_party} - declared == set()
