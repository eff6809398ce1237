"""Everything needed to repeat and to judge a run, in one folder (docs/run-directory.md)."""

import errno
import math
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfkgrec.errors import InputError
from tfkgrec.files import check_folder, write_aside

if TYPE_CHECKING:
    import keras

MEMBERS = "members"
"""Folder of the runs that a fusion is made of."""

HDF5_OVERHEAD = 4096  # bytes for each variable, generously


def write_model(path: Path, model: "keras.Model", write: Callable[[Path], object]) -> None:
    """`write_aside` for what Keras writes: the room is looked for first, since HDF5 ends the process on a full disk.

    Args:
        model: whose variables, the optimizer's included, will be written at most.
    """
    optimizer = getattr(model, "optimizer", None)
    variables = [*model.variables, *(optimizer.variables if optimizer is not None else ())]
    size = sum(HDF5_OVERHEAD + math.prod(v.shape) * np.dtype(v.dtype).itemsize for v in variables)
    path.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(path.parent).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    write_aside(path, write)


@dataclass(frozen=True)
class RunDirectory:
    """The files of a run under `path`."""

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))  # a str will do

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.json"

    def metrics_on(self, file: Path) -> Path:
        """Of the run on other data than its own."""
        return self.path / f"metrics-{file.name.partition('.')[0]}.json"

    @property
    def explanations(self) -> Path:
        """How far its explanations hold."""
        return self.path / "explanations.json"

    @property
    def test_scores(self) -> Path:
        """What the test figures are made of, pair by pair or user by user."""
        return self.path / "test_scores.npz"

    @property
    def test_reads(self) -> Path:
        """Books of how often the test split was read."""
        return self.path / "test_reads.csv"

    @property
    def history(self) -> Path:
        return self.path / "history.csv"

    @property
    def model(self) -> Path:
        return self.path / "model.keras"

    @property
    def final_model(self) -> Path:
        """What is exported instead, where `training.final_fit` asked for it: trained on all data, and not judged."""
        return self.path / "final.keras"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint"

    def best_weights(self, stage: int) -> Path:
        """Of the run's n-th stage: one never overwrites another's, so that a cut-off run can go back to it."""
        return self.checkpoint / (f"best-{stage}.weights.h5" if stage else "best.weights.h5")

    @property
    def state(self) -> Path:
        return self.checkpoint / "state.json"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    @property
    def vocabularies(self) -> Path:
        return self.path / "vocabularies"

    @property
    def vectors(self) -> Path:
        return self.path / "vectors.npz"

    @property
    def data(self) -> Path:
        """Digests of what the run was trained on."""
        return self.path / "data.json"

    @property
    def outermost(self) -> Path:
        """The folder of the run that this one is a member of, or its own."""
        return self.path.parents[1] if self.path.parent.name == MEMBERS else self.path

    @property
    def tables(self) -> Path:
        """Data that came from memory, kept as files, so that the run can be repeated and judged again."""
        return self.path / "tables"

    @property
    def bad_rows(self) -> Path:
        """Rows of the files that could not be read."""
        return self.path / "bad_rows.csv"

    @property
    def environment(self) -> Path:
        return self.path / "environment.json"

    def check_start(self, resume: bool) -> bool:
        """Check that the folder is what `resume` expects; nothing is written.

        Returns:
            Whether there is a run to go on with: one that was killed before it had written its settings begins anew.

        Raises:
            InputError: the path leads through a file, the folder holds another run and `resume` is off, or there is
                nothing to resume.
        """
        check_folder(self.path)
        found = set(self.path.iterdir()) if self.path.exists() else set()
        if not resume and found - {self.tables}:
            raise InputError(f"{self.path}: expected a new or empty run directory (or --resume), found files in it")
        before = {self.tables, self.vocabularies, self.data, self.bad_rows}  # are written before config.yaml
        others = [path for path in found - before if not path.name.startswith(".")]
        if resume and not self.config.exists() and (others or not self.path.exists()):
            raise InputError(f"{self.path}: expected a run to resume, found no config.yaml")
        return resume and self.config.exists()

    def check(self) -> None:
        """Raise `InputError` unless a finished run lies here."""
        for file in (self.config, self.model, self.vocabularies):
            if not file.exists():
                raise InputError(f"{self.path}: expected a finished run, found no {file.name}")


def write_test_scores(run: RunDirectory, scores: Mapping[str, np.ndarray]) -> None:
    """Leave what test was judged by in the run, numbers with a point in 32 bits; nothing where there is nothing."""
    if scores:
        small = {name: a.astype(np.float32) if a.dtype.kind == "f" else a for name, a in scores.items()}
        write_aside(run.test_scores, lambda aside: np.savez_compressed(aside, **small))  # type: ignore[arg-type]


def environment() -> dict[str, Any]:
    """Versions, commit and device, for `environment.json`."""
    import tensorflow as tf  # here: the rest of this module is needed without TensorFlow

    packages = (
        "tensorflow",
        "keras",
        "tensorflow-recommenders",
        "tensorflow-serving-api",
        "numpy",
        "pandas",
        "tfkgrec",
    )
    versions = {}
    for package in packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "versions": versions,
        "git_commit": git_commit(),
        "devices": [device.name for device in tf.config.list_physical_devices()],
        "cpus": os.cpu_count(),
        "command": sys.argv,
    }


def git_commit() -> str | None:
    """The commit of the package's own checkout, if it is one."""
    folder = Path(__file__).resolve().parent
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
