"""The three losses of protocol sequential are numpy's, padding does not count, a bad step changes nothing."""

import keras
import numpy as np
import pytest

from tests.models.ksr.small import ITEMS, ksr, sequences
from tfkgrec.tasks.sequential import SequentialModel


def batch(loss: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    history, rng = sequences(), np.random.default_rng(0)
    inputs = {"history": history, "positive": rng.integers(1, ITEMS, history.shape).astype(np.int32) * (history > 0)}
    if loss == "bpr":
        inputs["negative"] = rng.integers(1, ITEMS, (*history.shape, 2)).astype(np.int32)
    elif loss == "sampled_softmax":
        inputs["negative"] = np.array([2, 5, 9], np.int32)
    return inputs, (history > 0).astype(np.float32)


def reference(loss: str, model, inputs, weight) -> float:
    """The loss of every predicted position, from the scores of all items."""
    scores = np.asarray(model({name: inputs[name] for name in ("history", "positive")}), np.float64)
    losses = []
    for b, t in zip(*np.nonzero(weight), strict=True):
        s, positive = scores[b, t], inputs["positive"][b, t] - 1
        if loss == "bpr":
            losses.append(np.mean([np.log1p(np.exp(s[j - 1] - s[positive])) for j in inputs["negative"][b, t]]))
            continue
        others = range(ITEMS - 1) if loss == "softmax" else [positive, *(inputs["negative"] - 1)]
        seen = [s[positive]] + [s[j] for j in others if j != positive]  # a negative that is the positive is none
        losses.append(np.log(np.sum(np.exp(seen))) - s[positive])
    return float(np.mean(losses))


@pytest.mark.parametrize("loss", ["bpr", "sampled_softmax", "softmax"])
def test_loss_equals_the_reference(loss):
    model, (inputs, weight) = ksr(), batch(loss)
    task = SequentialModel(model, loss)
    assert float(task.compute_loss((inputs, weight))) == pytest.approx(reference(loss, model, inputs, weight), abs=1e-5)


@pytest.mark.parametrize(("loss", "jit"), [("bpr", False), ("sampled_softmax", True)])
def test_a_step_learns_and_logs(loss, jit):
    task = SequentialModel(ksr(train_items=True, train_knowledge=True), loss)
    task.compile(optimizer=keras.optimizers.Adam(0.05), jit_compile=jit)
    task.make_train_function()
    steps = iter([batch(loss)] * 20)
    losses = [{k: float(v) for k, v in task.train_function(steps).items()}["loss"] for _ in range(20)]
    assert losses[-1] < 0.9 * losses[0]  # the mean over the epoch


def test_a_bad_step_changes_nothing_and_shows():
    model = ksr()
    task = SequentialModel(model, "bpr")
    task.compile(optimizer=keras.optimizers.Adam(0.05), jit_compile=False)
    task.optimizer.build(task.trainable_variables)
    model.gru.bias.assign(np.full(model.gru.bias.shape, np.nan))
    before = [w.numpy() for w in model.weights]
    logs = task.train_step(batch("bpr"))
    assert np.isnan(float(logs["loss"]))
    for old, weight in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, weight.numpy())


def test_an_unknown_loss_is_named():
    with pytest.raises(ValueError, match="`loss` should be one of .* Received: 'hinge'"):
        SequentialModel(ksr(), "hinge")
