"""The server's wait for SIGTERM, in a process like its own: no thread is there before."""

import signal
import subprocess
import sys
import threading

import pytest

from tfkgrec.serving.stop_signal import NUMBERS, StopSignal

BEGIN = """
import os, signal, sys, threading, time
from tfkgrec.serving.stop_signal import StopSignal

def send(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)

with StopSignal() as stop:
    import numpy
    assert len(os.listdir("/proc/self/task")) > 1, "NumPy has started its threads"
"""


def ended(body):
    """Status and output of a process that runs `body` in a StopSignal, with the threads of NumPy inside."""
    script = BEGIN + "".join(f"    {line}\n" for line in body.splitlines()) + "print('end')\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout.split(), done.stderr


@pytest.mark.parametrize("number", sorted(NUMBERS))
def test_a_signal_ends_the_wait_before_and_during_it(number):
    assert ended(f"send({number})\ntime.sleep(0.1)\nstop.wait()\nprint('stopped')") == (0, ["stopped", "end"], "")
    later = f"threading.Timer(0.2, send, [{number}]).start()\nstop.wait()\nprint('stopped')"
    assert ended(later) == (0, ["stopped", "end"], "")


def test_signals_after_the_first_do_not_cut_the_drain_short():
    body = "send(15)\nstop.wait()\nsend(15, 2)\nthreading.Thread(target=send, args=[2, 15]).start()\ntime.sleep(0.1)"
    assert ended(body + "\nprint('drained')") == (0, ["drained", "end"], "")


def test_other_signals_do_not_end_the_wait():
    body = """signal.signal(signal.SIGUSR1, lambda *_: print("usr1"))
threading.Timer(0.1, send, [signal.SIGUSR1]).start()
threading.Timer(0.3, send, [signal.SIGTERM]).start()
stop.wait()
print("stopped")"""
    status, said, _ = ended(body)
    assert (status, sorted(said)) == (0, ["end", "stopped", "usr1"])


def test_signals_end_the_process_again_afterwards():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with StopSignal():
        assert NUMBERS <= signal.pthread_sigmask(signal.SIG_BLOCK, [])
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)  # left over: it must not end us below
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
    assert not signal.sigpending() & NUMBERS


def test_serve_blocks_them_before_the_first_thread_starts():
    """As `python -m tfkgrec.serve` and `tfkgrec serve` come there; a thread from before would be killed by SIGTERM."""
    look = "import os, tfkgrec.cli, tfkgrec.serve; print(len(os.listdir('/proc/self/task')))"

    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=30)
    assert done.stdout == "1\n", done.stderr
