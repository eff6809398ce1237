"""The settings of HKRM's paper; where it is silent (the query's length, the margin, epochs), what we take."""

from tfkgrec.models.common_training import PLAIN_TRAINING
from tfkgrec.registry import Settings

PAPER: Settings = {
    "model": {
        "fields": None,
        "max_fields": 12,
        "max_values": 8,
        "dim": 50,
        "history_length": 20,
        "combine": "sum",
        "attribute_output": "linear",
        "level": "both",
        "distance_loss": "positive_only",
        "margin": 1.0,
        "distance_weight": 1.0,
        "l2": 1e-07,
        "initial_spread": None,
        "item_bias": False,
        "attribute_bias": False,
        "item_attributes": False,
        "user_item_dot": False,
        "dropout": 0.0,
        "pair_l2": 0.0,
    },
    "data": {"history": "whole"},  # |q| is the length of the history, and no cap is stated
    "training": {
        **PLAIN_TRAINING,
        "epochs": 20,
        "patience": 3,
        "batch_size": 1024,
        "items_per_user": 16,
        "learning_rate": 0.01,
    },
}
