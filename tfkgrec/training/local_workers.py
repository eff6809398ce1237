"""Workers on one machine, one for each GPU: processes as a scheduler would start them, which end together.

Needs no TensorFlow.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tfkgrec.errors import InputError

GPUS, THREADS = "CUDA_VISIBLE_DEVICES", "TF_NUM_INTRAOP_THREADS"
POLL_SECONDS = 0.2
GRACE_SECONDS = 5.0
"""How long the chief may take to say for itself what another has ended of."""


def visible_gpus() -> list[str]:
    """The GPUs of this machine that its environment leaves to us, as CUDA_VISIBLE_DEVICES names them."""
    if GPUS in os.environ:
        return [name for name in os.environ[GPUS].split(",") if name.strip()]
    try:
        told = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return [str(number) for number, _ in enumerate(told.splitlines())]


def number_of_workers(asked: int | None) -> int:
    """As asked for, or one for each GPU, and one without any.

    Raises:
        InputError: more than there are GPUs, where there are some.
    """
    gpus = len(visible_gpus())
    if asked is not None and 0 < gpus < asked:
        raise InputError(f"--workers: expected at most one for each GPU, {gpus}, found {asked}")
    return asked or gpus or 1


def run_workers(command: Sequence[str], count: int) -> int:
    """Start a command that many times, each as one worker of TF_CONFIG, until the chief is done; its exit status.

    The chief, worker 0, speaks on our stdout and stderr; the others are heard only where one of them fails.

    Raises:
        InputError: another worker than the chief failed.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ended:
        logs = [Path(folder, f"worker-{number}") for number in range(count)]
        workers = []
        for number, environment in enumerate(environments(count)):
            output = None if number == 0 else ended.enter_context(logs[number].open("w"))
            workers.append(
                subprocess.Popen(
                    command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,  # Ctrl-C is told by us, once
                    preexec_fn=_end_with_parent,
                )
            )
            ended.callback(workers[-1].wait)
            ended.callback(workers[-1].kill)
        return _wait(workers, logs)


def environments(count: int) -> list[dict[str, str]]:
    """Of every worker: the addresses of all, its own number, and its GPU or its share of the cores."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        cluster = {"worker": [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]}
    gpus, threads = visible_gpus(), str(max(1, (os.cpu_count() or 1) // count))
    found = []
    for number in range(count):
        task = {"cluster": cluster, "task": {"type": "worker", "index": number}}
        own = {GPUS: gpus[number]} if gpus else {THREADS: os.environ.get(THREADS, threads)}
        found.append({**os.environ, "TF_CONFIG": json.dumps(task), **own})
    return found


def _wait(workers: Sequence[subprocess.Popen[bytes]], logs: Sequence[Path]) -> int:
    chief, deadline, failed = workers[0], float("inf"), 0
    while chief.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        if not failed:
            failed = next((number for number, one in enumerate(workers) if one.poll()), 0)
            deadline = time.monotonic() + GRACE_SECONDS if failed and workers[failed].returncode > 0 else deadline
        if failed and workers[failed].returncode < 0:
            break
    if chief.returncode is not None and chief.returncode >= 0:
        return chief.returncode
    failed, status = (failed, workers[failed].returncode) if chief.returncode is None else (0, chief.returncode)
    said = logs[failed].read_text(errors="replace").strip().splitlines() if failed else []
    why = (
        f"signal {signal.Signals(-status).name}" if status < 0 else said[-1].removeprefix("error: ") if said else status
    )
    raise InputError(f"worker {failed}: expected it to train on, found its end: {why}; go on with --resume")


def _end_with_parent() -> None:
    """Linux: whatever ends the command that started it ends a worker."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
