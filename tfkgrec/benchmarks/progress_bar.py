"""How far a benchmark is: done, left, which runs are on, how long the rest will take."""

import sys
import time
from collections.abc import Sequence

from tfkgrec.benchmarks.plan import PlannedRun, duration, seconds_left
from tfkgrec.progress import log_format, say

WIDTH = 20  # characters


class RunsBar:
    """A line that is written over on a terminal, and a line for every run elsewhere. Runs write to logs of their own.

    Args:
        runs: what is to be done.
        workers: runs side by side.
    """

    def __init__(self, runs: Sequence[PlannedRun], workers: int = 1) -> None:
        self.runs, self.workers = {run.name: run for run in runs}, workers
        self.live = sys.stdout.isatty() and log_format() is None
        self.done: dict[str, float] = {}  # name -> seconds
        self.on: dict[str, float] = {}  # name -> when it began

    def begin(self, name: str) -> None:
        """A run begins."""
        self.on[name] = time.monotonic()
        self._show(f"begins: {name}")

    def end(self, name: str, said: str) -> None:
        """A run has ended, well or not: what is said of it."""
        self.done[name] = time.monotonic() - self.on.pop(name)
        self._show(f"{name}: {said}", stays=True)

    def text(self) -> str:
        """Done of all, and what is left."""
        left = [run for name, run in self.runs.items() if name not in self.done]
        seconds = self._seconds(left)
        share = len(self.done) / max(1, len(self.runs))
        bar = f"[{'=' * round(share * WIDTH):.<{WIDTH}}] {len(self.done)}/{len(self.runs)} done, {len(left)} left"
        return bar if seconds is None else f"{bar}, about {duration(seconds)}"

    def _seconds(self, left: Sequence[PlannedRun]) -> float | None:
        """Of what is left: as planned, or as much longer as what is done took than was planned for it."""
        planned = seconds_left(left, self.workers)
        if not self.done or not left:
            return planned
        taken, expected = list(self.done.values()), [self.runs[name].seconds for name in self.done]
        known = [one for one in expected if one is not None]
        if planned is None or len(known) < len(expected):
            return sum(taken) / len(taken) * len(left) / self.workers
        return planned * sum(taken) / sum(known)

    def _show(self, event: str, stays: bool = False) -> None:
        if not self.live:
            say(f"{self.text()}; {event}", done=len(self.done), runs=len(self.runs))
            return
        over = "\r\x1b[K"  # from the line's begin, what stood there taken away
        line = f"{over}{event}\n" if stays else over
        print(f"{line}{self.text()}{f'; on: {next(iter(self.on))}' if self.on else ''}"[:200], end="", flush=True)
        if len(self.done) == len(self.runs):
            print(flush=True)
