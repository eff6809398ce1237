"""Small random splits for the evaluation tests."""

import numpy as np

from tfkgrec.data.history import History
from tfkgrec.data.records import Interactions
from tfkgrec.protocols.ctr.split import Splits


def splits(users: int = 12, items: int = 20, seed: int = 0) -> Splits:
    """Every user has labelled pairs in all parts and at least one training positive; item ids run from 1 to `items`."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[tuple[int, int, float]]] = {"train": [], "validation": [], "test": []}
    for user in range(1, users + 1):
        drawn = rng.permutation(np.arange(1, items + 1))[:14]
        for place, item in enumerate(drawn):
            part = "train" if place < 8 else "validation" if place < 11 else "test"
            rows[part].append((user, int(item), 1.0 if place in (0, 8, 11) else float(rng.random() < 0.5)))
    parts = {
        name: Interactions(
            np.array([r[0] for r in pairs], np.int32),
            np.array([r[1] for r in pairs], np.int32),
            np.array([r[2] for r in pairs], np.float32),
        )
        for name, pairs in rows.items()
    }
    train = parts["train"].positives  # user by user still
    offsets = np.concatenate([[0], np.cumsum(np.bincount(train.user, minlength=users + 1))]).astype(np.int64)
    shuffled = {name: pairs.take(rng.permutation(len(pairs))) for name, pairs in parts.items()}
    made = Splits(**shuffled, train_history=History(train.item, offsets), num_item_rows=items + 1)
    made.validate()
    return made
