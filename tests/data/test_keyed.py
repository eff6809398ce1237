"""Keyed hashes: the published values, and that a key depends on nothing but what it is made of."""

import hashlib

import numpy as np

from tfkgrec.data.keyed import mix, text_keys, uniform

GAMMA, WORD = 0x9E3779B97F4A7C15, 2**64


def plain_step(state: int) -> int:
    """splitmix64 in whole numbers of Python."""
    mixed = (state + GAMMA) % WORD
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % WORD
    return mixed ^ (mixed >> 31)


def test_draws_of_splitmix64_as_published():
    """The first draws of the reference implementation from seed 1234567."""
    states = np.array([(1234567 + i * GAMMA) % WORD for i in range(3)], np.uint64)
    assert mix(states).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_mix_is_a_chain_of_steps():
    split = int.from_bytes(hashlib.blake2b(b"split", digest_size=8).digest(), "little")
    keys = np.array([0, 5, WORD - 1], np.uint64)
    expected = [plain_step(plain_step(plain_step(int(key)) ^ 2026) ^ split) for key in keys]
    assert mix(keys, 2026, "split").tolist() == expected
    assert mix(keys[:, None], np.arange(4)).shape == (3, 4)


def test_keys_of_texts_are_their_digests_wherever_they_stand():
    texts = np.array(["u1", "né", "", "u1"], dtype=object)
    expected = [int.from_bytes(hashlib.blake2b(t.encode(), digest_size=8).digest(), "little") for t in texts]
    assert text_keys(texts).tolist() == expected
    assert text_keys(texts[::-1]).tolist() == expected[::-1]
    assert text_keys([]).shape == (0,)


def test_uniform_is_below_one_and_even():
    assert uniform(np.array([0, WORD - 1], np.uint64)).tolist() == [0.0, 1 - 2.0**-53]
    counts = np.histogram(uniform(mix(np.arange(100_000), 1)), bins=10, range=(0, 1))[0]
    assert np.abs(counts - 10_000).max() < 5 * np.sqrt(10_000 * 0.9)


def test_order_seed_and_purpose_count():
    keys = np.arange(10_000)
    mixed = [mix(keys, 1, 2), mix(keys, 2, 1), mix(keys, 1, "split"), mix(keys, 1, "order")]
    assert len(np.unique(np.concatenate(mixed))) == 40_000
