"""The package built and installed away from its source tree: fixtures for all tests."""

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.planted import environment

ROOT = Path(__file__).parent.parent
BESIDE = ("configs", "docs", "serving", "tests", "tools")  # folders that must stay out of the wheel

TALK = re.compile(r"^(WARNING|[IWEF]\d{4} )", re.M)
"""How lines of TensorFlow's own log begin."""


def run(*command: object, cwd: Path, quiet: bool = False) -> str:
    """A command's output, without the repository on its path; it has to succeed (`quiet`: TensorFlow too)."""
    env = environment()
    env.pop("PYTHONPATH", None)  # the repository would be found again
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (quiet and TALK.search(done.stderr)), done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def source(tmp_path_factory) -> Path:
    """A copy, so that the repository gets no build/ folder."""
    if not (ROOT / "setup.py").exists():
        pytest.skip("needs the source tree")
    folder = tmp_path_factory.mktemp("source")
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    for name in ("tfkgrec", *BESIDE):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"), symlinks=True)
    return folder


@pytest.fixture(scope="session")
def wheel(source, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out, source, cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def elsewhere(wheel, tmp_path_factory) -> Path:
    """A fresh environment with the wheel; the dependencies come from this one through a .pth file."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder / "env", with_pip=False)
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    pip = (sys.executable, "-m", "pip", "--python", folder / "env")
    run(*pip, "install", "-q", "--no-deps", "--no-index", wheel, cwd=folder)
    packages = Path(sys.modules["pytest"].__file__).parent.parent
    (site / "dependencies.pth").write_text(f"{packages}\n")
    return folder
