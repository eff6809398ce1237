"""KSR's WRITE (eqs 7-9): one step on paper, a loop over slots, and what leaves a slot alone."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.harness import set_weights, sigmoid
from tfkgrec.layers.memory_cell import MemoryCell

B, A, D = 3, 4, 5


def cell(**settings) -> MemoryCell:
    made = MemoryCell(A, D, **settings)
    made.build()
    rng = np.random.default_rng(1)
    made.keys.assign(rng.normal(size=(A, D)))
    if made.gate_bias is not None:
        made.gate_bias.assign(rng.normal(size=A))
    return made


def test_one_step_by_hand():
    made = MemoryCell(2, 2)
    made.build()
    set_weights(made, keys=[[1, 0], [0, 1]])
    # e = (.5, .5); u_1 = (1.5, .5), u_2 = (.5, 1.5)                                       (7)
    # V = ((1, 0), (0, 0)): z_1 = sigmoid(1.5) = .8176, z_2 = sigmoid(0) = .5               (8)
    # v_1 = .1824 (1, 0) + .8176 (1.5, .5) = (1.4088, .4088);  v_2 = .5 (.5, 1.5) = (.25, .75)   (9)
    state = [np.array([[1, 0, 0, 0]], np.float32)]
    output, (after,) = made(np.array([[0.5, 0.5, 1, 1]], np.float32), state)
    assert_allclose(after, [[1.4088, 0.4088, 0.25, 0.75]], atol=1e-4)
    assert_array_equal(output, after)
    # the second slot alone is written
    assert_allclose(made(np.array([[0.5, 0.5, 0, 1]], np.float32), state)[0], [[1, 0, 0.25, 0.75]], atol=1e-4)


def test_read_by_hand():
    made = MemoryCell(2, 2, emit_read=True)
    made.build()
    set_weights(made, keys=[[1, 0], [0, 1]])
    # V after the write as above; m = .25 v_1 + .75 v_2 = (.3522 + .1875, .1022 + .5625)
    state = [np.array([[1, 0, 0, 0]], np.float32)]
    read, (after,) = made(np.array([[0.5, 0.5, 1, 1, 0.25, 0.75]], np.float32), state)
    assert_allclose(read, [[0.5397, 0.6647]], atol=1e-4)
    assert_allclose(after, [[1.4088, 0.4088, 0.25, 0.75]], atol=1e-4)


@pytest.mark.parametrize("bias", [False, True])
def test_equals_the_reference_over_a_sequence(bias):
    rng, made = np.random.default_rng(0), cell(gate_bias=bias)
    entity, written = rng.normal(size=(B, 6, D)), rng.integers(0, 2, (B, 6, A))
    run = keras.layers.RNN(made, return_sequences=True)
    found = run(np.concatenate([entity, written], axis=-1).astype(np.float32))
    offset = made.gate_bias.numpy() if bias else np.zeros(A)
    for row in range(B):
        values = np.zeros((A, D))
        for t in range(6):
            for a in range(A):
                update = entity[row, t] + made.keys.numpy()[a]  # (7)
                z = sigmoid(values[a] @ update + offset[a]) * written[row, t, a]  # (8)
                values[a] = (1 - z) * values[a] + z * update  # (9)
            assert_allclose(found[row, t], values.ravel(), atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"train_keys": True}, {"gate_bias": True, "emit_read": True}])
def test_only_what_is_asked_for_is_learned(settings):
    made = cell(**settings)
    learned = {w.name for w in made.trainable_weights}
    assert learned == {name for name, on in (("keys", "train_keys"), ("gate_bias", "gate_bias")) if settings.get(on)}
    assert made.get_config().items() >= settings.items()
    assert MemoryCell.from_config(made.get_config()).get_config() == made.get_config()


def test_bad_arguments():
    with pytest.raises(ValueError, match="`num_slots` and `dim` should be at least 1. Received: 0, 5"):
        MemoryCell(0, 5)
