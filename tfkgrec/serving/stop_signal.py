"""Waits for the signal that ends a server."""

import signal
from typing import Self

NUMBERS = frozenset({signal.SIGTERM, signal.SIGINT})


class StopSignal:
    """In a `with`, SIGTERM and SIGINT no longer end the process but `wait`, whenever they come.

    They are blocked, as they are in every thread that is started inside. A thread that was there before would still
    take them: enter before the first one is started (importing NumPy or TensorFlow starts some).
    """

    def __enter__(self) -> Self:
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)
        return self

    def __exit__(self, *error: object) -> None:
        while pending := NUMBERS & signal.sigpending():  # somebody who did not want to wait for the end
            signal.sigwait(pending)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)

    def wait(self) -> None:
        """Return once one of the signals has come, before or during the call."""
        signal.sigwait(NUMBERS)
