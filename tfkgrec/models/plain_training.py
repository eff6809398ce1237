"""What the papers' training has in common: Adam at a steady rate, negatives drawn once, nothing that no paper has."""

PLAIN_TRAINING = {
    "optimizer": "adam",
    "learning_rate_decay": 1.0,
    "first_stage": None,
    "negatives": "fixed",
    "negative_pool": "catalogue",
    "calibrate": False,
    "unknown_user_rate": 0.0,
}
