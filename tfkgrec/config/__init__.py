"""Settings: YAML file + `--set section.key=value` -> one frozen, checked `Config`.

Every setting stands once, in data, models, pretraining or training, with its type, its default and its limits beside
it; the checks (section) read those declarations.
A mistake anywhere is one `InputError` line saying where (file and line, or the `--set`), which key,
what was expected and what was found.

    config = load_config("configs/dink/lastfm.yaml", ["training.epochs=3", "model.aggregator=sum"])
    config.model.dim, config.training.learning_rate
    Config(model=DinkSettings(dim=8), data=DataConfig("lastfm"))     # the same checks, without a file
"""

from tfkgrec.config.data import KNOWLEDGE_GRAPHS, ColumnsConfig, DataConfig, SyntheticConfig
from tfkgrec.config.load import build_config, load_config
from tfkgrec.config.models import (
    MODEL_SETTINGS,
    DinkSettings,
    EkpnetSettings,
    HkrmSettings,
    KgcnSettings,
    KsrSettings,
    MfSettings,
    ModelSettings,
    RkanSettings,
)
from tfkgrec.config.pretraining import PretrainingConfig
from tfkgrec.config.section import Section
from tfkgrec.config.settings import PROTOCOLS, Config
from tfkgrec.config.training import FLOORS, EvaluationConfig, ExportConfig, Floor, StageConfig, TrainingConfig

__all__ = [
    "FLOORS",
    "KNOWLEDGE_GRAPHS",
    "MODEL_SETTINGS",
    "PROTOCOLS",
    "ColumnsConfig",
    "Config",
    "DataConfig",
    "DinkSettings",
    "EkpnetSettings",
    "EvaluationConfig",
    "ExportConfig",
    "Floor",
    "HkrmSettings",
    "KgcnSettings",
    "KsrSettings",
    "MfSettings",
    "ModelSettings",
    "PretrainingConfig",
    "RkanSettings",
    "Section",
    "StageConfig",
    "SyntheticConfig",
    "TrainingConfig",
    "build_config",
    "load_config",
]
