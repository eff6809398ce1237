"""The settings of KSR's paper: fixed vectors from BPR and TransE, BPR loss, AdaGrad; where it is silent, ours."""

from tfkgrec.registry import Settings

PAPER: Settings = {
    "model": {
        "dim": 50,
        "item_dim": 256,
        "hidden_dim": 256,
        "history_length": 100,
        "gamma": 10.0,
        "knowledge": "memory",
        "score": "mlp",
        "shared_values": False,
        "train_items": False,
        "train_knowledge": False,
        "query_layers": 1,
        "output_layers": 1,
        "min_relation_triples": 1000,
        "output_dim": None,
        "slot_write": "every",
        "gate_bias": False,
        "item_bias": False,
        "dropout": 0.0,
    },
    "training": {
        "loss": "bpr",
        "num_negatives": 4,
        "target": "next",
        "predict_first": False,
        "optimizer": "adagrad",
        "epochs": 12,
        "patience": 6,
        "batch_size": 1600,
        "learning_rate": 0.3,
        "learning_rate_decay": 0.82,
        "first_stage": None,
    },
    "pretraining": {
        "knowledge": "transe",
        "epochs": 60,
        "min_relation_triples": 1000,  # the paper's 5,000 are of 63 million triples' Freebase; as the slots have it
        "items": "bpr",
        "item_dim": 256,
        "item_epochs": 60,
    },
}
