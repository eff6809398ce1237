"""What the settings of all models have in common."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tfkgrec.config.section import Section


@dataclass(frozen=True)
class ModelSettings(Section):
    """Settings of a model; a subclass begins with `name: Literal["<name>"] = "<name>"`.

    The defaults are to do well on data never seen; the paper's settings are `preset: paper` (config/presets.py).
    """

    name: str

    def check_vectors(self, given: frozenset[str]) -> None:
        """Raise `SettingError` unless these settings can do with the pre-trained vectors that will be there.

        Args:
            given: "knowledge", "items", both or neither.
        """

    def placed(self, folder: Path) -> Self:
        """The same with relative paths, of a model whose settings have any, counted from `folder`."""
        return self

    def hyperparameters(self) -> dict[str, Any]:
        """All but the name."""
        return {spec.name: getattr(self, spec.name) for spec in dataclasses.fields(self) if spec.name != "name"}
