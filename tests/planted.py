"""Small planted runs for tests: a config, and what a user of the command line would do with it."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from tfkgrec import train
from tfkgrec.cli import run_main
from tfkgrec.client import Client
from tfkgrec.config import Config, DataConfig, Section
from tfkgrec.data.records import Dataset
from tfkgrec.protocols.ctr.protocol import CtrProtocol
from tfkgrec.protocols.ctr.scorer import ModelScorer
from tfkgrec.protocols.ctr.settings import CtrSplit, CtrTraining
from tfkgrec.protocols.ctr.split import Splits
from tfkgrec.runs.run import Prepared
from tfkgrec.serving.http.rest import RestOptions
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.server import ModelServer
from tfkgrec.tf_logging import LOG_LEVEL
from tfkgrec.training.trainer import fit

ROOT = Path(__file__).parents[1]

SETTINGS = {
    "model": {
        "name": "dink",
        "dim": 8,
        "history_length": 6,
        "num_neighbours": 4,
        "include_center": True,
        "scale_attention": True,
        "item_bias": True,
        "attribute_bias": True,
        "user_item_dot": True,
        "interest_item_dot": True,
        "history_item_dot": True,
        "item_attributes": True,
        "l2": 1e-3,
    },
    "data": {"dataset": "synthetic", "synthetic": {"users": 300, "items": 150, "positives_per_user": 20}},
    "training": {
        "epochs": 12,
        "patience": 4,
        "batch_size": 512,
        "learning_rate": 2e-2,
        "jit_compile": False,  # XLA compiles longer than these models train
        "calibrate": True,
        "unknown_user_rate": 0.2,
    },
    "evaluation": {"floors": ["popularity"]},
    "export": {"k_max": 20},
}
TINY = (
    "data.synthetic.users=60",
    "data.synthetic.items=50",
    "data.synthetic.positives_per_user=10",
    "training.epochs=2",
    "model.dim=4",
)
"""Overrides for tests that need a run, but no taste in it."""


def write_config(folder: Path, **sections: dict) -> Path:
    """`folder/config.yaml` with SETTINGS, sections replaced by those given."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({**SETTINGS, **sections}))
    return path


def run_train(config: Path, run_dir: Path, *arguments: str, overrides: Sequence[str] = ()) -> int:
    """`tfkgrec train` in this process; its exit status."""
    settings = ["--set", *overrides] if overrides else []
    return run_main(train.main, ["--config", str(config), "--run-dir", str(run_dir), *settings, *arguments])


@contextmanager
def serving(base: Path, rest: RestOptions | None = None) -> Iterator[ModelServer]:
    """The embedded server over one model's versions."""
    with ModelServer(ModelManager([ModelConfig(base.name, base)]), port=0, poll_seconds=0, rest=rest) as server:
        yield server


@contextmanager
def served(base: Path) -> Iterator[Client]:
    """A client of it."""
    with serving(base) as server:
        with Client(server.address, base.name, timeout=60) as client:
            yield client


def run_process(*command: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, as a user's shell would start it."""
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )


def environment() -> dict[str, str]:
    """This process' own, without the log level: JAX sets one when it is imported."""
    return {name: value for name, value in os.environ.items() if name != LOG_LEVEL}


def trained(model: Section, training: CtrTraining, dataset: Dataset, splits: Splits) -> ModelScorer:
    """A model of these settings after training under protocol C."""
    config = Config(model=model, data=DataConfig("synthetic"), training=training)
    prepared = Prepared(dataset, CtrProtocol(dataset, CtrSplit(), training, config.evaluation, splits))
    built = prepared.model(config)
    fit(built, prepared.protocol, training, verbose=False)
    return prepared.protocol.scorer(built)
