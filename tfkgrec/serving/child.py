"""A server in a child process, as an operator starts one: needs no TensorFlow in the process that asks."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tfkgrec.errors import InputError

SECONDS_TO_END = 120.0  # a server that has not drained by then is killed


@dataclass(frozen=True)
class ChildServer:
    """Where it answers, host:port (`rest_address` is "" without REST), and its process."""

    address: str
    rest_address: str
    process: subprocess.Popen[str]


@contextmanager
def child_server(*flags: str, log: Path | None = None) -> Iterator[ChildServer]:
    """Start `tfkgrec serve` on a free port of the loopback, and end it after.

    Args:
        flags: of `tfkgrec serve`, such as "--model-base-path=export/dink".
        log: file for what it says on stderr; None leaves it on ours.

    Raises:
        InputError: it did not start; the message has the last line of `log`.
    """
    command = [sys.executable, "-m", "tfkgrec.serve", "--port=0", *flags]
    errors = log.open("w", encoding="utf-8") if log else None
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        if errors:
            errors.close()
        try:
            line = process.stdout.readline() if process.stdout else ""
            found = re.fullmatch(r"serving .*? on (\S+?)(?:, REST on (\S+))?\n", line)
            if found is None:
                where, said = (log, _last_line(log)) if log else ("tfkgrec serve", repr(line))
                raise InputError(f"{where}: expected the server to start, found: {said}")
            yield ChildServer(found.group(1), found.group(2) or "", process)
        finally:
            process.terminate()
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8").strip().splitlines()
    return lines[-1] if lines else "nothing in it"
