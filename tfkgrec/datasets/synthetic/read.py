"""Synthetic data as a dataset: the world without its truth."""

import dataclasses

from tfkgrec.config import DataConfig
from tfkgrec.data.records import RawData
from tfkgrec.datasets.synthetic.settings import SyntheticSettings
from tfkgrec.datasets.synthetic.world import draw_world


def read(data: DataConfig, seed: int) -> RawData:
    """Draw the world that `data` and the seed describe."""
    settings = data.source if isinstance(data.source, SyntheticSettings) else SyntheticSettings()
    return draw_world(**dataclasses.asdict(settings.size), seed=seed)[0]
