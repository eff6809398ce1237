"""Shards: who is in which follows from the raw id and the seed alone; a batch has its part of each."""

import dataclasses

import numpy as np
import pytest

from tests.cases.small_models import small_model
from tfkgrec.config import TrainingConfig
from tfkgrec.data.history import History
from tfkgrec.data.keyed import bucket, mix, text_keys
from tfkgrec.data.shards import Shard
from tfkgrec.errors import InputError


def test_everybody_is_in_one_shard_whoever_else_there_is():
    keys = text_keys([f"user-{n}" for n in range(4000)])
    inside = np.array([Shard(number, 4).users(keys, seed=3) for number in range(4)])
    assert (inside.sum(axis=0) == 1).all()
    assert inside.sum(axis=1) == pytest.approx([1000] * 4, abs=120)  # 4 standard deviations of B(4000, 1/4)
    some = np.random.default_rng(0).permutation(4000)[:500]
    np.testing.assert_array_equal(Shard(2, 4).users(keys[some], seed=3), inside[2][some])
    assert not np.array_equal(Shard(2, 4).users(keys, seed=4), inside[2])


def test_buckets_are_equal_parts_of_the_keys():
    top = np.uint64(2**64 - 1)
    assert bucket(np.array([0, 2**62, 2**63, top], np.uint64), 4).tolist() == [0, 1, 2, 3]
    assert set(bucket(mix(np.arange(100)), 3)) == {0, 1, 2}


def test_a_shard_has_its_part_of_the_batch_and_draws_of_its_own():
    training = TrainingConfig(batch_size=100, seed=5)
    shares = [Shard(number, 3).share(training) for number in range(3)]
    assert [share.batch_size for share in shares] == [33] * 3
    assert len({share.seed for share in shares} | {training.seed}) == 4
    assert Shard().share(training) is training
    with pytest.raises(InputError, match=r"training\.batch_size: .* found 2 for 3 shards"):
        Shard(0, 3).share(TrainingConfig(batch_size=2))


def test_a_history_of_some_users():
    history = History(np.array([1, 2, 3, 4, 5], np.int32), np.array([0, 0, 2, 3, 5]))
    some = history.only(np.array([False, True, False, True]))
    assert [some.of(user).tolist() for user in range(4)] == [[], [1, 2], [], [4, 5]]
    assert history.only(None) is history


@pytest.mark.parametrize("name", ["mf", "hkrm", "sasrec"])
def test_shards_have_every_example_of_an_epoch_once(name):
    """Positives (of sequences: predicted positions) of the shards are those of all users, each in its own shard."""
    small = small_model(name)
    protocol = small.protocol

    def positives(shard: Shard) -> list[tuple[int, ...]]:
        found = []
        for inputs, *others in protocol.batches(small.model, shard).batches(1):
            weight, liked = others[-1], others[0][..., 0] if len(others) == 2 else others[0]
            items = inputs["item"] if "item" in inputs else inputs["positive"]
            owner = inputs.get("owner", inputs.get("user"))
            for place in np.argwhere((weight > 0) & (liked > 0)):
                found.append((int(owner[place[0]]) if owner is not None else -1, int(items[tuple(place)])))
        return sorted(found)

    training = dataclasses.replace(protocol.training, **{"unknown_user_rate": 0.0} if name != "sasrec" else {})
    before, protocol.training = protocol.training, training
    try:
        parts = [positives(Shard(number, 3)) for number in range(3)]
        assert all(parts) and sorted(sum(parts, [])) == positives(Shard())
        users = [{user for user, _ in part} for part in parts]
        assert name == "sasrec" or not (users[0] & users[1] or users[1] & users[2] or users[0] & users[2])
    finally:
        protocol.training = before
