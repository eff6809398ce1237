"""A package that is not of this repo, as far as Python can tell: installed in a temporary folder, with entry points."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tfkgrec import registry
from tfkgrec.evaluation.metric import registered_metrics


@pytest.fixture
def install_outside(tmp_path: Path) -> Iterator[Callable[[str, str, str, str], None]]:
    """Install a package of one file, whose `attribute` is registered: (entry-point group, name, attribute, text).

    The package is called `outside_<name>`.
    """
    with ExitStack() as installed:

        def install(group: str, name: str, attribute: str, text: str) -> None:
            package, folder = f"outside_{name}", tmp_path / f"site-packages-{name}"
            folder.mkdir()
            points = {group: {name: f"{package}:{attribute}"}}
            installed.enter_context(installed_package(folder, package, {"__init__.py": text}, points))

        yield install


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
