"""Where fresh negatives come from, if the settings leave it to the data: what validation says of items without any."""

import dataclasses

import numpy as np
import pytest
import yaml

from tests.data import small
from tfkgrec.config import EvaluationConfig, build_config
from tfkgrec.data.records import Interactions
from tfkgrec.protocols.ctr.pool import negative_pool
from tfkgrec.protocols.ctr.protocol import CtrProtocol
from tfkgrec.protocols.ctr.settings import CtrSplit, CtrTraining
from tfkgrec.runs.run import prepare

POPULARITY = np.array([0, 0, 1, 9])  # items 1 to 3 with none, one and nine training positives


def pairs(never: int, once: int, of: int = 100) -> Interactions:
    """`of` pairs each of items 1 and 2, so many of them positive."""
    label = np.concatenate([np.arange(of) < count for count in (never, once)]).astype(np.float32)
    item = np.repeat([1, 2], of).astype(np.int32)
    return Interactions(np.ones(2 * of, np.int32), item, label)


def test_unknown_where_items_without_positives_are_liked_more_often_than_those_with_one():
    assert negative_pool(POPULARITY, pairs(never=34, once=15)) == "train_positives"  # as on Last.FM
    assert negative_pool(POPULARITY, pairs(never=6, once=11)) == "catalogue"


def test_too_few_to_tell():
    assert negative_pool(POPULARITY, pairs(never=30, once=1, of=40)) == "catalogue"


@pytest.mark.parametrize(
    ("given", "negatives", "found"),
    [(None, "fresh", "catalogue"), (None, "fixed", "catalogue"), ("train_positives", "fresh", "train_positives")],
)
def test_a_protocol_has_it_decided(given, negatives, found):
    training = CtrTraining(negatives=negatives, negative_pool=given)
    protocol = CtrProtocol(small.dataset(), CtrSplit(), training, EvaluationConfig())
    assert protocol.training == dataclasses.replace(training, negative_pool=found)


def test_config_yaml_will_say_it():
    world = {"users": 60, "items": 50, "positives_per_user": 10}
    config = build_config({"model": {"name": "mf"}, "data": {"dataset": "synthetic", "synthetic": world}})
    settled = prepare(config).settled(config)
    assert (config.training.negative_pool, settled.training.negative_pool) == (None, "catalogue")
    assert build_config(yaml.safe_load(settled.to_yaml())) == settled
