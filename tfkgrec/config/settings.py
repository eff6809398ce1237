"""All settings of a run, and the checks that look at more than one section."""

import dataclasses
from dataclasses import dataclass, field

from tfkgrec.config.data import DataConfig
from tfkgrec.config.models import ModelSettings
from tfkgrec.config.pretraining import PretrainingConfig
from tfkgrec.config.section import Section, SettingError
from tfkgrec.config.training import FLOORS, EvaluationConfig, ExportConfig, TrainingConfig
from tfkgrec.config.yaml_text import dump

# The protocols whose batches hold what a model reads, and leave out what it must not; the other models: C and R.
PROTOCOLS = {"ksr": ("S",), "rkan": ("R",)}


@dataclass(frozen=True)
class Config(Section):
    """All settings of a run. `published` and `comments` are carried for people, not used."""

    model: ModelSettings
    data: DataConfig
    pretraining: PretrainingConfig | None = None  # null: the model starts from random vectors
    training: TrainingConfig = field(default_factory=TrainingConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    published: dict[str, float | str] = field(default_factory=dict)  # the paper's figures: {auc: 0.817, acc: 0.752}
    comments: tuple[str, ...] = ()

    def settle(self) -> None:
        protocol, model = self.data.protocol, self.model.name
        wanted = PROTOCOLS.get(model, ("C", "R"))
        if protocol not in wanted:
            raise SettingError("data.protocol", f"expected {' or '.join(wanted)} for model {model}, found {protocol}")
        if protocol != "C" and self.training.negatives_from != "catalogue":
            found = self.training.negatives_from
            raise SettingError(
                "training.negatives_from", f"expected catalogue with data.protocol {protocol}, found {found}"
            )
        offered, asked = FLOORS[protocol], self.evaluation.floors
        for name in asked or ():
            if name not in offered:
                expected = f"expected some of {', '.join(offered)} with data.protocol {protocol}"
                raise SettingError("evaluation.floors", f"{expected}, found {name}")
        if asked is None:
            object.__setattr__(self, "evaluation", dataclasses.replace(self.evaluation, floors=offered))

    def to_yaml(self) -> str:
        """Text that `load_config` reads back to an equal `Config`."""
        return dump(self.to_dict())
