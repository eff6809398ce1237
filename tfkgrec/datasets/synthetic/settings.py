"""The settings of synthetic data."""

from dataclasses import dataclass

from tfkgrec.config import Section, number


@dataclass(frozen=True)
class WorldSize(Section):
    """Sizes of the synthetic world, and what counts in it (world.py)."""

    users: int = number(600, min=2, max=10_000_000)
    items: int = number(400, min=2, max=10_000_000)
    positives_per_user: float = number(30.0, min=1)  # mean; single users have a half to twice as many
    taste_spread: float = number(2.3, min=0)  # standard deviation of the log-odds from tastes
    popularity_spread: float = number(0.8, min=0)  # and from the films' popularity
    untold: float = number(0.0, min=0, max=1)  # share of a film's character that no attribute tells


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
