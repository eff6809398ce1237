"""Ripple sets tell nothing about the label of the pair they are read for (docs/design-rules.md)."""

from typing import Any

import keras
import numpy as np
import pytest

from tests.test_leakage import LENGTHS, NEGATIVES, no_length_care, no_mask
from tfkgrec.data.assemble import assemble
from tfkgrec.datasets.synthetic.world import draw_world
from tfkgrec.evaluation.ctr import auc_within
from tfkgrec.layers.masked import leave_out
from tfkgrec.models.build import build_model
from tfkgrec.models.ekpnet.model import EKPNet
from tfkgrec.models.ekpnet.settings import EkpnetSettings
from tfkgrec.protocols.ctr.batches import TrainingBatches
from tfkgrec.protocols.ctr.split import split_ctr

DATASET = assemble(draw_world(150, 80, 20, seed=0)[0], 0, inverse_relations=True)
SPLITS = split_ctr(DATASET, 0)


def make(length: int = 10, **settings: Any) -> EKPNet:
    keras.utils.set_random_seed(0)
    sizes = {"dim": 3, "history_length": length, "num_hops": 2, "triples_per_item": 3}
    model = build_model(EkpnetSettings(**{**sizes, **settings}), DATASET, SPLITS.train_history, 0)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    return model


def batches(negatives: str, length: int = 10) -> TrainingBatches:
    return TrainingBatches(SPLITS, 64, 4, length, negatives, seed=0)


def seen_triples(negatives: str, length: int, see=leave_out, epochs: int = 8) -> dict[str, np.ndarray]:
    """Every labelled pair of some epochs: how many triples a hop it sees, and whether its target is the seed of one."""
    model = make(length)
    table = model.ripples.numpy()
    parts: dict[str, list[np.ndarray]] = {"user": [], "label": [], "hop 1": [], "hop 2": [], "own": [], "tail": []}
    for epoch in range(epochs):
        for inputs, label, weight in batches(negatives, length).batches(epoch):
            visible = np.asarray(see(inputs["history"], inputs["item"], inputs["left_out"]))  # [G, M, T]
            tails = table[inputs["history"], :, 2]  # [G, T, P, n]
            count = np.einsum("gmt,gtp->gmp", visible.astype(int), (tails > 0).sum(axis=3))
            own = visible & (inputs["history"][:, None] == inputs["item"][:, :, None])
            among = (tails[:, None] == inputs["item"][:, :, None, None, None]).any(axis=(3, 4)) & visible
            columns = {
                "user": np.broadcast_to(inputs["user"][:, None], weight.shape),
                "label": label[..., 0],
                "hop 1": count[..., 0],
                "hop 2": count[..., 1],
                "own": own.any(axis=2),
                "tail": among.any(axis=2),
            }
            for name, values in columns.items():
                parts[name].append(values[weight > 0])
    return {name: np.concatenate(values) for name, values in parts.items()}


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("negatives", NEGATIVES)
def test_a_target_is_never_the_seed_of_its_own_triples(negatives, length):
    assert not seen_triples(negatives, length, epochs=2)["own"].any()
    assert seen_triples(negatives, length, no_mask, 2)["own"].any()  # without the mask it would be


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("negatives", NEGATIVES)
def test_counts_of_triples_tell_nothing_within_a_user(negatives, length):
    found = seen_triples(negatives, length)
    for hop in ("hop 1", "hop 2"):
        assert np.ptp(found[hop]) > 2
        assert auc_within(found["label"], found[hop], found["user"]) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("negatives", NEGATIVES)
def test_the_check_of_counts_notices_a_leak(negatives):
    found = seen_triples(negatives, 40, no_length_care)
    assert not found["own"].any()  # the first check is content with it
    for hop in ("hop 1", "hop 2"):
        assert auc_within(found["label"], -found[hop], found["user"]) > 0.7


def test_a_training_positive_may_be_a_later_tail():
    """A first-hop rule over the whole history would strike it out, and thereby tell the label."""
    found = seen_triples("fresh", 40)
    share = [found["tail"][found["label"] == label].mean() for label in (0, 1)]
    assert min(share) > 0.1  # under that rule the second would be 0
