"""The peak of resident memory, from a moment on."""

import sys

import numpy as np
import pytest

from tfkgrec.training.memory import forget_peak, peak_memory_mb


def test_memory_that_is_held_is_seen():
    forget_peak()
    before = peak_memory_mb()
    held = np.ones(30_000_000)  # 240 MB
    assert peak_memory_mb() > before + 0.9 * held.nbytes / 1e6


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is that of the whole process elsewhere")
def test_what_was_before_is_forgotten():
    held = np.ones(30_000_000)
    high = peak_memory_mb()
    size = held.nbytes / 1e6
    del held
    forget_peak()
    assert peak_memory_mb() < high - 0.9 * size
