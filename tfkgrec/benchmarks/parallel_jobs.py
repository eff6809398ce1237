"""Commands side by side, each in a process with a log of its own; one that fails does not stop the others."""

import subprocess
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tfkgrec.errors import InputError


@dataclass(frozen=True)
class Job:
    """A command with a name for people, and the file that takes what it prints."""

    name: str
    command: Sequence[str]
    log: Path


class Watcher(Protocol):
    """What is told of every job, by any thread, one call at a time."""

    def begin(self, name: str) -> None: ...

    def end(self, name: str, said: str) -> None: ...


def run_jobs(jobs: Sequence[Job], workers: int, watcher: Watcher) -> None:
    """Run the jobs in their order, `workers` at a time; the watcher is told of each.

    Raises:
        InputError: some failed; the first one's log and what it ends with. The others were run all the same.
    """
    failed: list[Job] = []
    one_at_a_time = threading.Lock()

    def run(job: Job) -> None:
        with one_at_a_time:
            watcher.begin(job.name)
        status, seconds = _run(job)
        with one_at_a_time:
            if status:
                failed.append(job)
            watcher.end(job.name, f"failed ({status}), see {job.log}" if status else f"{seconds:.0f} s")

    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(run, job) for job in jobs]
        try:
            for future in as_completed(running):
                future.result()
        except BaseException:  # Ctrl-C: the processes have had it too; none is to follow them
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failed:
        last = failed[0].log.read_text(errors="replace").strip().rpartition("\n")[2]
        raise InputError(f"{len(failed)} of {len(jobs)} runs failed; the first, {failed[0].log}, ends: {last}")


def _run(job: Job) -> tuple[int, float]:
    """Exit status and seconds."""
    job.log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with job.log.open("w") as log:
        done = subprocess.run(job.command, stdout=log, stderr=subprocess.STDOUT, check=False)
    return done.returncode, time.monotonic() - started
