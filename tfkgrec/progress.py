"""What a command tells while it works: lines, phases with their times, bars; with a time before each, if asked for.

Lines go to stdout. How far a phase is goes to stderr: written over on a terminal, elsewhere a line now and then.
"""

import contextlib
import datetime
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from typing import ClassVar, TextIO

from tfkgrec.console import json_line

TEXT, JSON = LOG_FORMATS = ("text", "json")
WORTH_TELLING = 1.0
"""Seconds: shorter phases get no line, unless lines have times."""

_LOCK = threading.RLock()


class _Console:
    """The process' one."""

    log_format: str | None = None
    answers = False  # stdout is for what was asked
    bar_stands = False  # in the terminal's last line
    said = 0.0  # when anything was said last, by the monotonic clock
    under_way: ClassVar[list["Bar"]] = []  # the innermost last: the only one that is shown


def log_in(log_format: str | None) -> None:
    """From now on lines and bars have a time before them (`TEXT`), or are objects of JSON; None: neither."""
    _Console.log_format = log_format


def log_format() -> str | None:
    """The one that was asked for."""
    return _Console.log_format


def stamped(message: str, /, **fields: object) -> str:
    """`message` as the log format has it; `fields` are for programs that read JSON."""
    if _Console.log_format is None:
        return message
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    if _Console.log_format == JSON:
        return json_line({"time": now, "message": message.strip("\n"), **fields})
    return "\n".join(f"{now} {line}".rstrip() for line in message.strip("\n").split("\n"))


def answering(answers: bool = True) -> None:
    """From now on stdout is for an answer, perhaps to a program: what is said beside it goes to stderr."""
    _Console.answers = answers


def say(message: str, /, **fields: object) -> None:
    """A line for people, or several, on stdout."""
    _write(sys.stderr if _Console.answers else sys.stdout, message, fields)


def note(message: str, /, **fields: object) -> None:
    """The same on stderr, where stdout is for answers."""
    _write(sys.stderr, message, fields)


def _write(stream: TextIO, message: str, fields: dict[str, object]) -> None:
    with _LOCK:
        _wipe()
        print(stamped(message, **fields), file=stream, flush=True)
        _Console.said = time.monotonic()


def _wipe() -> None:
    """Take the bar away that stands in the terminal's last line."""
    if _Console.bar_stands:
        _Console.bar_stands = False
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


class Bar:
    """How far something is.

    Args:
        total: how many there are of it; 0: nobody knows, so that only time passes.
        unit: what is counted, such as "users".
        done: how many were done before.
        title: what is done.
        ends: whether a line says that all are done, however quick that was.
    """

    WIDTH = 20  # characters
    FIRST, SECONDS, LIVE = 3.0, 10.0, 0.2  # of silence until a first line, until others, and on a terminal

    def __init__(self, total: int, unit: str, done: int = 0, title: str = "", ends: bool = True) -> None:
        self.total, self.unit, self.before, self.done = total, unit, done, done
        self.title, self.ends = title, ends
        self.begun = time.monotonic()
        self.pause = self.FIRST

    def show(self, done: int) -> None:
        """So many are done."""
        self.done = done
        self.tick(last=self.ends and done == self.total)

    def tick(self, last: bool = False) -> None:
        """Show it where it is time to."""
        with _LOCK:
            now = time.monotonic()
            live = _Console.log_format is None and sys.stderr.isatty()
            hidden = bool(_Console.under_way) and _Console.under_way[-1] is not self
            silence = now - max(self.begun, _Console.said)
            if hidden or not (last or silence > (self.LIVE if live else self.pause)):
                return
            _Console.said, self.pause = now, self.SECONDS
            around = "".join(f"{bar.title}: " for bar in _Console.under_way[:-1])
            text = around + self.text(self.done, now - self.begun)
            if live:
                _Console.bar_stands = not last
                line = text if last else text[: shutil.get_terminal_size().columns - 1]
                print(f"\r\x1b[K{line}", end="\n" if last else "", file=sys.stderr, flush=True)
            else:
                fields = {"done": self.done, "total": self.total, "unit": self.unit} if self.total else {}
                print(stamped(text, **fields), file=sys.stderr, flush=True)

    def text(self, done: int, seconds: float) -> str:
        """[=====...............] 1,024/4,096 users, 300 a second, 10 s left."""
        title = f"{self.title}  " if self.title else ""
        if not self.total:
            return f"{title}{took(seconds)}"
        bar = f"{title}[{'=' * round(done / self.total * self.WIDTH):.<{self.WIDTH}}] {done:,}/{self.total:,}"
        if done == self.before:
            return f"{bar} {self.unit}, {took(seconds)}"
        speed = (done - self.before) / max(seconds, 1e-9)
        left = f", {took((self.total - done) / speed)} left" if done < self.total else f", {took(seconds)}"
        return f"{bar} {self.unit}{f', {speed:,.0f} a second' if speed >= 1 else ''}{left}"


@contextlib.contextmanager
def phase(title: str, total: int = 0, unit: str = "") -> Iterator[Bar]:
    """What may take long: shown while it goes on, even where nobody calls `show`, and how long it took at its end."""
    bar, stop = Bar(total, unit, title=title, ends=False), threading.Event()
    ticking = threading.Thread(target=_tick_until, args=(stop,), daemon=True)
    with shown(bar):
        ticking.start()
        try:
            yield bar
        finally:
            stop.set()
            ticking.join()
    seconds = time.monotonic() - bar.begun
    if seconds >= WORTH_TELLING or _Console.log_format is not None:
        say(f"{title}: {took(seconds)}", phase=title, seconds=round(seconds, 3))


@contextlib.contextmanager
def shown(bar: Bar) -> Iterator[None]:
    """It is shown in the place of those around it, which come back afterwards."""
    with _LOCK:
        _Console.under_way.append(bar)
    try:
        yield
    finally:
        with _LOCK:
            if bar in _Console.under_way:  # and those that an exception left inside
                del _Console.under_way[_Console.under_way.index(bar) :]
            _wipe()


def _tick_until(stop: threading.Event) -> None:
    while not stop.wait(Bar.LIVE):
        with _LOCK:
            if _Console.under_way:
                _Console.under_way[-1].tick()


def counted(steps: range, unit: str, title: str) -> Iterator[int]:
    """The steps of a loop, with a bar up to their end."""
    bar = Bar(steps.stop, unit, title=title, ends=False)
    with shown(bar):
        for step in steps:
            yield step
            bar.show(min(step + steps.step, steps.stop))


def took(seconds: float) -> str:
    """For people: "0.4 s", "40 s", "12 min 05 s", "3 h 05 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, over = divmod(minutes, 60)
    return f"{hours} h {over:02d} min" if hours else f"{minutes} min {rest:02d} s"
