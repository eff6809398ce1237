"""Settings: YAML file + `--set section.key=value` -> one frozen, checked `Config`.

Here is the engine, and what every run has. A model's settings stand in its folder, a protocol's and a dataset's in
theirs, each setting once, with its type, its default and its limits beside it; the checks (section) read those
declarations. A mistake anywhere is one `InputError` line saying where (file and line, or the `--set`), which key, what
was expected and what was found. So is a key that nothing would read.

    config = load_config("configs/dink/lastfm.yaml", ["training.epochs=3", "model.aggregator=sum"])
    config.model.dim, config.training.learning_rate
    Config(model=DinkSettings(dim=8), data=DataConfig("lastfm"))     # the same checks, without a file
"""

from tfkgrec.config.data import DataConfig, NoSettings
from tfkgrec.config.load import build_config, load_config
from tfkgrec.config.model import ModelSettings
from tfkgrec.config.pretraining import PretrainingConfig
from tfkgrec.config.section import Section, SettingError, number
from tfkgrec.config.settings import Config
from tfkgrec.config.training import EvaluationConfig, ExportConfig, StageConfig, TrainingConfig

__all__ = [
    "Config",
    "DataConfig",
    "EvaluationConfig",
    "ExportConfig",
    "ModelSettings",
    "NoSettings",
    "PretrainingConfig",
    "Section",
    "SettingError",
    "StageConfig",
    "TrainingConfig",
    "build_config",
    "load_config",
    "number",
]
