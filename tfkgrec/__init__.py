"""Knowledge-graph recommenders in Keras: trained with TFRS, explained, served by TF Serving.

What a notebook imports, each name loaded when it is first asked for, so that `import tfkgrec` costs nothing and a
client needs no TensorFlow:

    import tfkgrec

    m = tfkgrec.fit(ratings, triples, model="hkrm", names=movies)   # data frames or files; m is a TrainedModel
    m.recommend(users, k=10)

    config = tfkgrec.load_config("configs/dink/lastfm.yaml", ["training.epochs=5"])   # the same, part by part
    data = tfkgrec.prepare(config)
    model = data.model(config)
    fitted = tfkgrec.fit_model(model, data.protocol, config.training)

These names are stable: docs/stability.md says what that means, and how a name goes.
"""

import importlib
from typing import TYPE_CHECKING, Any

from tfkgrec.keras_names import register_with_keras

__version__ = "0.2.0"

if TYPE_CHECKING:
    from tfkgrec.client import AsyncClient as AsyncClient
    from tfkgrec.client import Client as Client
    from tfkgrec.client import Tls as Tls
    from tfkgrec.config import Config as Config
    from tfkgrec.config import build_config as build_config
    from tfkgrec.config import load_config as load_config
    from tfkgrec.errors import InputError as InputError
    from tfkgrec.runs.run import evaluate_run as evaluate_run
    from tfkgrec.runs.run import load_run as load_run
    from tfkgrec.runs.run import prepare as prepare
    from tfkgrec.runs.run import train_run as train_run
    from tfkgrec.trained import TrainedModel as TrainedModel
    from tfkgrec.trained import fit as fit
    from tfkgrec.trained import load as load
    from tfkgrec.training.run_directory import RunDirectory as RunDirectory
    from tfkgrec.training.trainer import fit as fit_model  # noqa: F401

_HOMES = {
    "AsyncClient": "tfkgrec.client",
    "Client": "tfkgrec.client",
    "Config": "tfkgrec.config",
    "InputError": "tfkgrec.errors",
    "RunDirectory": "tfkgrec.training.run_directory",
    "Tls": "tfkgrec.client",
    "build_config": "tfkgrec.config",
    "evaluate_run": "tfkgrec.runs.run",
    "TrainedModel": "tfkgrec.trained",
    "fit": "tfkgrec.trained",
    "fit_model": "tfkgrec.training.trainer:fit",
    "load": "tfkgrec.trained",
    "load_config": "tfkgrec.config",
    "load_run": "tfkgrec.runs.run",
    "prepare": "tfkgrec.runs.run",
    "train_run": "tfkgrec.runs.run",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, own = _HOMES[name].partition(":")
    return getattr(importlib.import_module(module), own or name)


def __dir__() -> list[str]:
    return sorted(__all__)


register_with_keras()
