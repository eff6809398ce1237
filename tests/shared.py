"""Fixtures for all tests: one planted run and its export for those that only look at them, and others' fixtures."""

import functools
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.golden.record import RUNS
from tests.outside import install_outside
from tests.planted import run_train, write_config
from tests.toy_server import channel, exports, models, prediction, publish, server
from tests.wheel import elsewhere, source, wheel
from tfkgrec import export, progress
from tfkgrec.cli import run_main
from tfkgrec.progress import Bar

__all__ = [
    "channel",
    "as_on_a_quick_machine",
    "elsewhere",
    "exports",
    "install_outside",
    "models",
    "prediction",
    "publish",
    "server",
    "source",
    "wheel",
]


@pytest.fixture(scope="session", autouse=True)
def as_on_a_quick_machine() -> Iterator[None]:
    """Nothing is said of what takes long: what tests read of commands is the same on every machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bar, "FIRST", math.inf)
        patch.setattr(progress, "WORTH_TELLING", math.inf)
        yield


@pytest.fixture(scope="session")
def planted_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a DINK that has learned a planted world: not to be written to."""
    folder = tmp_path_factory.mktemp("planted")
    assert run_train(write_config(folder), folder / "run") == 0
    return folder / "run"


@pytest.fixture(scope="session")
def exported_anew(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`exported_anew(model)`: version 1 of the run that 0.1 left, exported today: not to be written to."""
    folder = tmp_path_factory.mktemp("exported-anew")

    @functools.cache
    def export_old_run(model: str) -> Path:
        run = shutil.copytree(RUNS / model, folder / "runs" / model)
        version = export.export_run(run, folder / "export")
        shutil.rmtree(run)  # an export does without it
        return version

    return export_old_run


@pytest.fixture(scope="session")
def planted_export(planted_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its model repository with `dink/1/`: not to be written to."""
    folder = tmp_path_factory.mktemp("planted-export")
    assert run_main(export.main, [str(planted_run), "--export-dir", str(folder), "--explain-more"]) == 0
    return folder
