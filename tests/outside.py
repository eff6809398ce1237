"""A package that is not of this repo, as far as Python can tell: installed in a temporary folder, with entry points."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def install_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str, str, str], None]]:
    """Put a module on the path whose `attribute` is registered in an entry-point group: (group, name, attribute, text).

    The module is called `outside_<name>`.
    """
    folder = tmp_path / "site-packages"
    folder.mkdir()
    installed = []
    monkeypatch.syspath_prepend(str(folder))

    def install(group: str, name: str, attribute: str, text: str) -> None:
        module = f"outside_{name}"
        installed.append(module)
        (folder / f"{module}.py").write_text(text)
        info = folder / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}:{attribute}\n")

    yield install
    for module in installed:
        sys.modules.pop(module, None)
