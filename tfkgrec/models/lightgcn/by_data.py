"""What LightGCN leaves to the data."""

import dataclasses

from tfkgrec.models.data_size import DataSize
from tfkgrec.models.lightgcn.settings import LightgcnSettings

ENOUGH = 12  # training positives of a user in the mean


def by_data(settings: LightgcnSettings, size: DataSize) -> LightgcnSettings:
    """Where users have few positives, they need those of others from further away, and vectors that are held tighter.

    The values are those chosen on validation of Last.FM and Book-Crossing (7 and 3 positives) and MovieLens-1M (37).
    """
    few = size.positives_per_user < ENOUGH
    if settings.num_layers is None:
        settings = dataclasses.replace(settings, num_layers=3 if few else 2)
    if settings.l2 is None:
        settings = dataclasses.replace(settings, l2=3e-2 if few else 3e-3)
    return settings
