"""The settings of DINK's paper; where it is silent (lambda, the rate, batches, L), what we take for it on Last.FM."""

from tfkgrec.models.common_training import PLAIN_TRAINING
from tfkgrec.registry import Settings

PAPER: Settings = {
    "model": {
        "dim": 16,
        "history_length": 12,
        "num_neighbours": 6,
        "aggregator": "attention",
        "interest_attention": True,
        "mlp_layers": 1,
        "prediction_layers": 0,
        "l2": 1e-06,
        "interest_dim": None,
        "include_center": False,
        "item_bias": False,
        "attribute_bias": False,
        "user_item_dot": False,
        "interest_item_dot": False,
        "history_item_dot": False,
        "item_attributes": False,
        "scale_attention": False,
        "dropout": 0.0,
    },
    "training": {
        **PLAIN_TRAINING,
        "epochs": 40,
        "patience": 5,
        "batch_size": 2048,
        "items_per_user": 8,
        "learning_rate": 0.002,
    },
}
