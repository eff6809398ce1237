"""Where commands import TensorFlow: sooner, and without its talk (TF_CPP_MIN_LOG_LEVEL overrides that)."""

import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tfkgrec.progress import note

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"  # 0 everything, 1 no info, 2 errors only, 3 what ends the process


@contextmanager
def quiet_import(level: int = 2) -> Iterator[None]:
    """Import TensorFlow inside this: it talks on stderr meanwhile, before any setting of its own can stop it.

    What comes to stderr is dropped (exceptions pass as ever), and afterwards TensorFlow logs errors only, or what
    `level` lets through. A user who has set TF_CPP_MIN_LOG_LEVEL hears everything that this level lets through.
    """
    if "tensorflow" not in sys.modules:
        note("loading TensorFlow")  # which may take longer than people wait for a sign of life
    with _uncollected():
        yield from _quietly(level)


@contextmanager
def _uncollected() -> Iterator[None]:
    """What an import makes is no garbage: not to look for any costs a quarter less, and later looks pass it over."""
    if "tensorflow" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _quietly(level: int) -> Iterator[None]:
    if LOG_LEVEL in os.environ:
        yield
        return
    os.environ[LOG_LEVEL] = str(level)  # TensorFlow reads it once, on import
    sys.stderr.flush()
    stderr = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
        if "tensorflow" in sys.modules:  # it complains of absent GPUs when it first looks for them
            sys.modules["tensorflow"].config.list_physical_devices()
            logging.getLogger("tensorflow").setLevel(logging.ERROR)
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
        del os.environ[LOG_LEVEL]  # a child process should be as quiet as this one
