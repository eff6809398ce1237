"""What the training of several models has in common: by default, and in the presets of their papers."""

GOOD_TRAINING = {
    "epochs": 100,  # patience ends it
    "patience": 8,
    "learning_rate": 5e-3,
    "unknown_user_rate": 0.02,  # unknown users are served, too
    "calibrate": True,
}
"""With negatives drawn afresh, which is the protocols' default: the largest single gain of all settings."""

PLAIN_TRAINING = {
    "optimizer": "adam",
    "learning_rate_decay": 1.0,
    "first_stage": None,
    "negatives": "fixed",
    "negative_pool": "catalogue",
    "calibrate": False,
    "unknown_user_rate": 0.0,
}
"""The papers': Adam at a steady rate, negatives drawn once, nothing that no paper has."""
