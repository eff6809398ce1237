"""Waits for the signal that ends a server.

A `threading.Event` set in a signal handler can fail twice: the handler may interrupt the very lock that `set` needs,
and a signal that the system gives to another thread does not wake the main one. A byte on a socket does neither.
"""

import signal
import socket
from types import TracebackType
from typing import Self

NUMBERS = (signal.SIGTERM, signal.SIGINT)


class StopSignal:
    """In a `with`, SIGTERM and SIGINT no longer end the process but `wait`; main thread only.

    Raises:
        ValueError: entered outside the main thread.
    """

    def __enter__(self) -> Self:
        self._read, self._write = socket.socketpair()
        self._write.setblocking(False)  # what a signal handler must never do
        self._wakeup_before = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._handlers_before = [signal.signal(number, lambda *_: None) for number in NUMBERS]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in zip(NUMBERS, self._handlers_before, strict=True):
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._read.close()
        self._write.close()

    def wait(self) -> None:
        """Return once one of the signals has come, before or during the call."""
        while self._read.recv(1)[0] not in NUMBERS:  # every signal that Python handles writes its number
            pass
