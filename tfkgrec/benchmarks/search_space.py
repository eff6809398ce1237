"""What a search may choose: a file of settings, each with its values or its range."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tfkgrec.errors import InputError

if TYPE_CHECKING:
    from optuna import Trial

KINDS = ("log", "uniform", "int")
MEANT = "expected a list of values, or log, uniform or int with [lowest, highest]"


@dataclass(frozen=True)
class Choice:
    """One setting: `one_of` some values, or a range of a kind."""

    key: str
    kind: str
    values: tuple[Any, ...]

    def suggest(self, trial: "Trial") -> Any:
        """A value for this trial."""
        if self.kind == "one_of":
            return trial.suggest_categorical(self.key, self.values)
        low, high = self.values
        if self.kind == "int":
            return trial.suggest_int(self.key, low, high)
        return trial.suggest_float(self.key, low, high, log=self.kind == "log")


def read_space(path: Path) -> list[Choice]:
    """The choices of a file such as

        model.dim: [16, 32, 64]
        model.l2: {log: [1e-6, 1e-2]}
        model.dropout: {uniform: [0, 0.5]}
        model.num_layers: {int: [1, 4]}

    Raises:
        InputError: one line, with the key.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: expected a file of settings to choose, found: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected YAML, found: {str(error).splitlines()[0]}") from None
    if not isinstance(found, Mapping) or not found:
        raise InputError(f"{path}: expected lines such as model.dim: [16, 32], found {found!r}")
    return [_choice(path, str(key), value) for key, value in found.items()]


def _choice(path: Path, key: str, value: object) -> Choice:
    if isinstance(value, list) and value and all(isinstance(v, str | int | float | bool | None) for v in value):
        return Choice(key, "one_of", tuple(value))
    if isinstance(value, Mapping) and len(value) == 1:
        (kind, limits), *_ = value.items()
        if kind in KINDS and isinstance(limits, list) and len(limits) == 2:
            return Choice(key, str(kind), _range(path, key, str(kind), limits))
    raise InputError(f"{path}: {key}: {MEANT}, found {value!r}")


def _range(path: Path, key: str, kind: str, limits: list[Any]) -> tuple[Any, Any]:
    """YAML reads 1e-6 as a text."""
    try:
        low, high = (int(v) if kind == "int" else float(v) for v in limits)
    except (TypeError, ValueError):
        raise InputError(f"{path}: {key}: {MEANT}, found {limits!r}") from None
    if not low < high or (kind == "log" and low <= 0):
        raise InputError(f"{path}: {key}: expected the lower first{' and above 0' * (kind == 'log')}, found {limits!r}")
    return low, high
