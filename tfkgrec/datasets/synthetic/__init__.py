"""Synthetic data with a known best possible AUC."""

from tfkgrec.datasets.synthetic.settings import SyntheticSettings
from tfkgrec.registry import DatasetSpec

SPEC = DatasetSpec(
    name="synthetic",
    title="synthetic data",
    read="tfkgrec.datasets.synthetic.read:read",
    settings=SyntheticSettings,
    synthetic=True,
)
