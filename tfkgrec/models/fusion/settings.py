"""The settings of fusion."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from tfkgrec import registry
from tfkgrec.config import ModelSettings, SettingError

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class FusionSettings(ModelSettings):
    """Which models are fused."""

    name: Literal["fusion"] = "fusion"
    # a model by name, with its defaults, or the file of a config of its own; relative to this config's file
    members: tuple[str, ...] = ("lightgcn", "hkrm", "dink", "mf", "counts")
    graph: bool = True  # false, to see what it is worth: members see no triple, and those that need some are left out

    def validate(self) -> None:
        if len(self.members) < 2:
            raise SettingError("members", f"expected two or more, found {len(self.members)}")
        for member in self.members:
            known = registry.models()
            if member.endswith(SUFFIXES):
                continue
            if member not in known or known[member].settings is type(self):
                names = ", ".join(name for name, spec in known.items() if spec.settings is not type(self))
                raise SettingError("members", f"expected some of {names}, or files of configs, found {member!r}")
        if len(set(self.members)) < len(self.members):
            twice = next(one for one in self.members if self.members.count(one) > 1)
            raise SettingError("members", f"expected each once, found {twice!r} again")

    def placed(self, folder: Path) -> Self:
        """The same with the files of its members counted from `folder`."""
        members = (str((folder / one).resolve()) if one.endswith(SUFFIXES) else one for one in self.members)
        return replace(self, members=tuple(members))
