"""The console as it is found: letters that its encoding lacks, and output that nobody reads any more."""

import codecs
import contextlib
import io
import json
import os
import sys
import time
import unicodedata

NOBODY_READS = 141
"""Exit status: what a shell says of a program that wrote into a closed pipe, 128 + SIGPIPE."""
MOVES = ("Cc", "Zl", "Zp")
"""Unicode's categories of controls, line separators and paragraph separators."""


def write_any_letter() -> None:
    """From now on a letter that the console's encoding lacks is written as its escape, such as `\\u6620`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def one_line(text: str) -> str:
    """`text` with its line breaks, and whatever else would move the cursor, as escapes such as `\\n`."""
    return "".join(ascii(letter)[1:-1] if unicodedata.category(letter) in MOVES else letter for letter in text)


def json_line(content: object) -> str:
    """`content` as JSON: in ASCII, whose escapes are JSON's own, where the console is not UTF-8."""
    encoding = codecs.lookup(sys.stdout.encoding or "ascii").name
    return json.dumps(content, ensure_ascii=encoding != "utf-8")


def drop_output() -> None:
    """Nobody reads stdout any more: what Python still holds for it, and would flush at its end, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(io.UnsupportedOperation):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class Bar:
    """How far something is, on stderr: a line that is written over on a terminal, elsewhere one now and then.

    Args:
        total: how many there are of it.
        unit: what is counted, such as "users".
        done: how many were done before.
    """

    WIDTH, SECONDS = 20, 10.0  # characters; between two lines where there is no terminal

    def __init__(self, total: int, unit: str, done: int = 0) -> None:
        self.total, self.unit, self.before = total, unit, done
        self.live, self.begun, self.said = sys.stderr.isatty(), time.monotonic(), time.monotonic()

    def show(self, done: int) -> None:
        """So many are done."""
        now = time.monotonic()
        if self.live or done == self.total or now - self.said > self.SECONDS:
            self.said = now
            over, end = ("\r\x1b[K", "\n" if done == self.total else "") if self.live else ("", "\n")
            print(f"{over}{self.text(done, now - self.begun)}", end=end, file=sys.stderr, flush=True)

    def text(self, done: int, seconds: float) -> str:
        """[=====...............] 1,024/4,096 users, 300 a second, 10 s left."""
        bar = f"[{'=' * round(done / max(1, self.total) * self.WIDTH):.<{self.WIDTH}}] {done:,}/{self.total:,}"
        if done == self.before:
            return f"{bar} {self.unit}"
        speed = (done - self.before) / max(seconds, 1e-9)
        left = f", {(self.total - done) / speed:,.0f} s left" if done < self.total else ""
        return f"{bar} {self.unit}, {speed:,.0f} a second{left}"
