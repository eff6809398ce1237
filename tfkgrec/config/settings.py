"""All settings of a run, and the checks that look at more than one section."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfkgrec import registry
from tfkgrec.config.data import DataConfig, protocol_named
from tfkgrec.config.model import ModelSettings
from tfkgrec.config.presets import of_section
from tfkgrec.config.pretraining import PretrainingConfig
from tfkgrec.config.section import Section, SettingError, choice, chosen
from tfkgrec.config.training import EvaluationConfig, ExportConfig, TrainingConfig
from tfkgrec.config.yaml_text import dump

RENAMED = {
    "training.predict": "training.target (next | any_future)",
    "training.negatives_from": "training.negative_pool (catalogue | train_positives)",
}
"""Keys of version 0.1 that are called otherwise now."""


@dataclass(frozen=True)
class Config(Section):
    """All settings of a run. `published` and `comments` are carried for people, not used."""

    model: ModelSettings
    data: DataConfig
    pretraining: PretrainingConfig | None = None  # null: the model starts from random vectors
    training: TrainingConfig = chosen(TrainingConfig)  # the protocol's kind
    evaluation: EvaluationConfig = chosen(EvaluationConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    published: dict[str, float | str] = field(default_factory=dict)  # the paper's figures: {auc: 0.817, acc: 0.752}
    comments: tuple[str, ...] = ()

    @classmethod
    def chosen(cls, raw: Mapping[str, Any]) -> dict[str, type[Section]]:
        kinds: dict[str, type[Section]] = {}
        model, data = raw.get("model"), raw.get("data")
        if isinstance(model, Mapping):
            kinds["model"] = registry.models()[choice("model.name", model.get("name"), registry.models())].settings
        if isinstance(data, Mapping):
            try:
                protocol = protocol_named(data.get("protocol", "ctr"))
            except SettingError as error:
                raise SettingError(f"data.{error.key}", error.problem) from None
            kinds |= {"training": protocol.training, "evaluation": protocol.evaluation}
        return kinds

    def validate(self) -> None:
        protocol, model = registry.protocol(self.data.protocol), registry.model(self.model.name)
        if protocol.name not in model.protocols:
            wanted = " or ".join(model.protocols)
            raise SettingError("data.protocol", f"expected {wanted} for model {model.name}, found {protocol.name}")
        training: dict[str, Any] = {**of_section(model.defaults, "training", protocol)}
        self._fill("training", protocol.training(**training))
        self._fill("evaluation", protocol.evaluation())
        for name, kind in (("training", protocol.training), ("evaluation", protocol.evaluation)):
            if not isinstance(getattr(self, name), kind):
                found = type(getattr(self, name)).__name__
                raise SettingError(name, f"expected {kind.__name__} with data.protocol {protocol.name}, found {found}")
        asked = self.evaluation.floors
        for name in asked or ():
            if name not in protocol.baselines:
                expected = f"expected some of {', '.join(protocol.baselines)} with data.protocol {protocol.name}"
                raise SettingError("evaluation.floors", f"{expected}, found {name}")
        if asked is None:
            evaluation = dataclasses.replace(self.evaluation, floors=protocol.baselines)
            object.__setattr__(self, "evaluation", evaluation)

    def check_run(self) -> None:
        """What training of the model needs beyond sections that are right in themselves: every setting is read.

        Raises:
            SettingError: a final fit that the protocol has not, a stage or vectors that the model would not take, or
                none where it must have some.
        """
        model, pretraining = registry.model(self.model.name), self.pretraining
        if self.training.final_fit and registry.protocol(self.data.protocol).whole is None:
            problem = f"expected false with data.protocol {self.data.protocol}, which always holds some out, found true"
            raise SettingError("training.final_fit", problem)
        if getattr(self.data.split, "history", None) == "whole" and not model.whole_histories:
            problem = f"expected random or newest for model {model.name}, which reads no whole histories, found whole"
            raise SettingError("data.history", problem)
        if self.training.first_stage is not None and model.stages < 2:
            problem = f"expected null for model {model.name}, which learns in one stage, found settings"
            raise SettingError("training.first_stage", problem)
        given = frozenset[str]()
        if pretraining is not None:
            if not model.takes_vectors:
                problem = f"expected null for model {model.name}, which takes no pre-trained vectors, found settings"
                raise SettingError("pretraining", problem)
            for part in ("knowledge", "items"):
                if getattr(pretraining, part) is not None and part not in model.takes_vectors:
                    problem = f"expected null for model {model.name}, which takes no vectors of {part}, found "
                    raise SettingError(f"pretraining.{part}", problem + str(getattr(pretraining, part)))
            file = pretraining.vectors is not None  # may hold both
            given = frozenset(part for part in model.takes_vectors if file or getattr(pretraining, part) is not None)
        try:
            self.model.check_vectors(given)
        except SettingError as error:
            raise SettingError(f"model.{error.key}", error.problem) from None

    def to_yaml(self) -> str:
        """Text that `load_config` reads back to an equal `Config`."""
        return dump(self.to_dict())


def elsewhere(keys: tuple[str, ...], raw: Mapping[str, Any]) -> str | None:
    """Why a key that its section does not have is no typing error: another name now, or another protocol's."""
    name = ".".join(keys)
    if name in RENAMED:
        return f"expected its new name {RENAMED[name]}"
    if len(keys) != 2:
        return None
    section, key = keys
    data = raw.get("data")
    own = protocol_named(data.get("protocol", "ctr")).name if isinstance(data, Mapping) else "ctr"
    kinds = {"training": "training", "evaluation": "evaluation", "data": "split"}
    if section in kinds:
        specs = registry.protocols().values()
        others = [spec.name for spec in specs if key in _keys(getattr(spec, kinds[section]))]
        if others:
            return f"expected only with data.protocol {' or '.join(others)}, found data.protocol {own}"
    if section == "data" and isinstance(data, Mapping):
        sources = [spec.name for spec in registry.datasets().values() if spec.settings and key in _keys(spec.settings)]
        if sources:
            return f"expected only with dataset: {' or '.join(sources)}, found dataset: {data.get('dataset')}"
    return None


def _keys(section: type[Section]) -> Iterable[str]:
    return {spec.name for spec in dataclasses.fields(section)}
