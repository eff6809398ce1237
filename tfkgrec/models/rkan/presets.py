"""The settings of RKAN's paper, silent on widths, paths of a pair, the rate and batches: the loss trains the paths."""

from tfkgrec.models.common_training import PLAIN_TRAINING
from tfkgrec.registry import Settings

PAPER: Settings = {
    "model": {
        "dim": 32,
        "num_paths": 16,
        "max_edges": 3,
        "history_length": 30,
        "redraw_paths": True,
        "near_attributes": 16,
        "near_users": 16,
        "pooling": "attention",
        "scale": "dk",
        "score": "embedding",
        "rerank": 200,
        "paths_from": "all",
        "inner_product_in_logit": False,
        "item_bias": False,
        "history_item_dot": False,
        "item_attributes": False,
        "l2": 0.0,
        "dropout": 0.0,
    },
    "training": {
        **PLAIN_TRAINING,
        "epochs": 10,
        "patience": 3,
        "batch_size": 2048,
        "items_per_user": 16,
        "learning_rate": 0.001,
    },
}
