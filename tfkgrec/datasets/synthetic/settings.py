"""The settings of synthetic data."""

from dataclasses import dataclass

from tfkgrec.config import Section, number


@dataclass(frozen=True)
class WorldSize(Section):
    """Sizes of the synthetic world (world.py)."""

    users: int = number(600, min=2)
    items: int = number(400, min=2)
    positives_per_user: float = number(30.0, min=1)  # mean; single users have a half to twice as many


@dataclass(frozen=True)
class SyntheticSettings(Section):
    """Keys of the section `data`."""

    synthetic: WorldSize | None = None  # null: the defaults

    def validate(self) -> None:
        self._fill("synthetic", WorldSize())

    @property
    def size(self) -> WorldSize:
        """`synthetic`, which is never None once checked."""
        return self.synthetic or WorldSize()
