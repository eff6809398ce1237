"""A package that is not of this repo, as far as Python can tell: installed in a temporary folder, with entry points."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tfkgrec import registry
from tfkgrec.evaluation.metric import registered_metrics


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


@contextmanager
def installed_package(
    folder: Path, package: str, files: Mapping[str, str], entry_points: Mapping[str, Mapping[str, str]]
) -> Iterator[Path]:
    """A package of `files` in `folder` with its entry points (group -> name -> value), importable inside the `with`."""
    (folder / package).mkdir()
    for name, text in files.items():
        (folder / package / name).write_text(text)
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in entry_points.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups))
    sys.path.insert(0, str(folder))
    look_again()
    try:
        yield folder
    finally:
        sys.path.remove(str(folder))
        for module in [name for name in sys.modules if name.split(".")[0] == package]:
            del sys.modules[module]
        look_again()


def look_again() -> None:
    """Forget what was found before: packages come and go in tests only."""
    registry.forget()
    registered_metrics.cache_clear()
