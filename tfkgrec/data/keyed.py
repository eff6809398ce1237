"""Keyed hashes: a number for a thing that depends on what it is called and on the seed, not on where it stands.

A draw from a generator depends on how many were drawn before it, and so on the order of a file's rows. A hash of
(name, seed, purpose) does not. The same on every machine and in every version of NumPy.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)  # what splitmix64 adds to its state


def text_keys(texts: Sequence[str] | np.ndarray) -> np.ndarray:
    """The 64-bit key of every text, uint64 (N,): BLAKE2b of its UTF-8 bytes, read as little-endian."""
    distinct: dict[str, bytes] = {}
    for text in texts:
        if text not in distinct:
            distinct[text] = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return np.frombuffer(b"".join(distinct[text] for text in texts), dtype="<u8").astype(np.uint64)


def mix(key: int | np.ndarray, *more: int | str | np.ndarray) -> np.ndarray:
    """One key, uint64, from several: ids' keys, a seed, draws' numbers, a word for the purpose. Their order counts.

    Args:
        key: whole numbers, taken modulo 2^64.
        more: likewise, or a word; arrays are broadcast against each other.

    Returns:
        uint64 of the broadcast shape, at least (1,).
    """
    mixed = _step(_as_keys(key))
    for one in more:
        mixed = _step(mixed ^ _as_keys(one))
    return mixed


def uniform(keys: np.ndarray) -> np.ndarray:
    """float64 in [0, 1) of the keys' shape: their upper 53 bits, all that a float64 can hold."""
    return (keys >> np.uint64(11)).astype(np.float64) * 2.0**-53


def bucket(keys: np.ndarray, buckets: int) -> np.ndarray:
    """Which of so many buckets every key falls into, int64 of the keys' shape: shards of users, parts of a file.

    Equal ranges of keys, so buckets lie in the keys' order; in whole numbers, as a product of floats may round up.
    """
    numbers: np.ndarray = (keys >> np.uint64(32)) * np.uint64(buckets) >> np.uint64(32)
    return numbers.astype(np.int64)


def _step(state: np.ndarray) -> np.ndarray:
    """What splitmix64 (Steele, Lea and Flood, 2014) draws from this state; one to one."""
    mixed = state + GOLDEN_GAMMA
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _as_keys(value: int | str | np.ndarray) -> np.ndarray:
    """uint64, never a scalar: NumPy warns when a scalar wraps round, and wrapping is what is wanted."""
    if isinstance(value, str):
        return text_keys([value])
    if isinstance(value, int):
        return np.array([value % 2**64], np.uint64)
    return np.atleast_1d(value).astype(np.uint64)
