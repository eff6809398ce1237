"""The settings of KGCN's own paper for Last.FM, with one hop."""

from tfkgrec.models.common_training import PLAIN_TRAINING
from tfkgrec.registry import Settings

PAPER: Settings = {
    "model": {
        "dim": 16,
        "num_neighbours": 8,
        "aggregator": "sum",
        "l2": 0.0001,
        "item_bias": False,
        "pair_l2": 0.0,
    },
    "training": {
        **PLAIN_TRAINING,
        "epochs": 60,
        "patience": 8,
        "batch_size": 128,
        "items_per_user": 8,
        "learning_rate": 0.0005,
    },
}
