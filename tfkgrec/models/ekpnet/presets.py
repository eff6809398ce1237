"""The settings of EKPNet's paper (Table 2, MovieLens-1M): two stages from TransE vectors."""

from tfkgrec.models.common_training import PLAIN_TRAINING
from tfkgrec.registry import Settings

PAPER: Settings = {
    "model": {
        "dim": 16,
        "num_hops": 2,
        "history_length": 32,  # without whole histories: N = 32 items with one triple each
        "triples_per_item": 1,
        "semantic_attention": True,
        "feature_exploration": True,
        "exploration_layers": 3,
        "activation": "tanh",
        "lambda1": 0.001,
        "lambda2": 1e-07,
        "lambda3": 1e-07,
        "first_lambda1": 0.01,
        "first_lambda2": 0.005,
        "first_lambda3": 0.0,
        "residual_semantics": False,
        "item_bias": False,
        "attribute_bias": False,
        "history_hop": False,
        "item_attributes": False,
        "user_item_dot": False,
        "ripple_item_dot": False,
        "l2": 0.0,
        "dropout": 0.0,
    },
    "training": {
        **PLAIN_TRAINING,
        "first_stage": {"epochs": 20, "patience": 5, "learning_rate": 0.01},
        "epochs": 20,
        "patience": 5,
        "batch_size": 2048,
        "items_per_user": 8,
        "learning_rate": 0.005,
    },
    # S^0 is the whole history; where only items are heads, hop 2 is empty without inverse relations
    "data": {"history": "whole", "inverse_relations": True},
    "pretraining": {"knowledge": "transe"},
}
