"""The server's wait for SIGTERM ends whichever thread the system gives the signal to."""

import os
import signal
import threading

import pytest

from tfkgrec.serving.stop_signal import NUMBERS, StopSignal


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_given_to_another_thread_ends_the_wait(number):
    with StopSignal() as stop:
        sender = threading.Timer(0.2, lambda: signal.pthread_kill(threading.get_ident(), number))
        sender.start()
        stop.wait()
        sender.join()


def test_a_signal_that_came_before_the_wait_ends_it_at_once():
    with StopSignal() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        stop.wait()


def test_other_signals_do_not_end_the_wait():
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda *_: seen.append("usr1"))
    try:
        with StopSignal() as stop:
            os.kill(os.getpid(), signal.SIGUSR1)
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
            stop.wait()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert seen == ["usr1"]


def test_the_handlers_that_were_there_come_back():
    before = [signal.getsignal(number) for number in NUMBERS]
    with StopSignal():
        assert [signal.getsignal(number) for number in NUMBERS] != before
    assert [signal.getsignal(number) for number in NUMBERS] == before
    assert signal.set_wakeup_fd(-1) == -1
