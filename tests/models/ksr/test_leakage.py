"""KSR's position t knows the items up to t: not the one it predicts, nor any after it (docs/design-rules.md).

The check is also run on a memory and a recurrence that do look ahead, to show that it would notice.
"""

import numpy as np
import pytest
from keras import ops

from tests.models.ksr.small import ITEMS, T, ksr

VARIANTS = {
    "paper": {},
    "learned": {"train_items": True, "train_knowledge": True, "gate_bias": True, "slot_write": "own"},
    "shared values": {"shared_values": True},
    "entity on the item's side": {"knowledge": "item"},
    "gru": {"knowledge": "none"},
}


def seen_of_later_items(model) -> float:
    """How much the query before an item moves when that item, and those after it, are others."""
    rng = np.random.default_rng(0)
    history = np.array([rng.permutation(np.arange(1, ITEMS))[:T] for _ in range(6)], np.int32)
    moved = []
    for t in range(1, T):
        other = history.copy()
        other[:, t:] = other[:, t:] % (ITEMS - 1) + 1
        # As in training: position t - 1 reads history up to t - 1 and is asked for history[t].
        found, wanted = (np.asarray(model.queries(h))[:, :t] for h in (history, other))
        moved.append(np.abs(found - wanted).max())
    return max(moved)


@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)
def test_no_position_knows_what_it_is_asked_for(settings):
    assert seen_of_later_items(ksr(**settings)) == 0


def ahead(history):
    """Every step moved one to the left: at step t stands the item of t + 1."""
    return ops.concatenate([history[:, 1:], ops.zeros_like(history[:, :1])], axis=1)


def test_the_check_notices_a_write_before_its_time():
    model = ksr()
    writes = model._writes
    model._writes = lambda history: writes(ahead(history))
    assert seen_of_later_items(model) > 1e-3


def test_the_check_notices_a_recurrence_that_runs_ahead():
    model = ksr(knowledge="none")
    hidden = model._hidden
    model._hidden = lambda history, training=False: hidden(ahead(ops.convert_to_tensor(history)), training)
    assert seen_of_later_items(model) > 1e-3
