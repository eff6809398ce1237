"""What commands tell while they work: a sign of life at once, phases with their times, bars, lines with the time."""

import contextlib
import datetime
import importlib
import io
import json
import re
import sys
import threading
import time
from pathlib import Path

import pytest

from tfkgrec import progress
from tfkgrec.cli import VERBS, CommandParser, run_main
from tfkgrec.errors import InputError
from tfkgrec.progress import Bar, answering, counted, note, phase, say
from tfkgrec.tf_logging import quiet_import


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def quick(monkeypatch):
    """Bars that wait for nothing."""
    for name, seconds in {"FIRST": 0.0, "SECONDS": 0.0, "LIVE": 0.01}.items():
        monkeypatch.setattr(Bar, name, seconds)


def command(*argv, main):
    def whole(given):
        parser = CommandParser(prog="tfkgrec test")
        parser.parse_args(given)
        return main()

    return run_main(whole, argv)


def test_lines_go_to_stdout_and_beside_an_answer_to_stderr(capsys):
    def main():
        answering()
        say("beside")
        print("answer")

    say("before")
    assert command(main=main) == 0
    say("after")
    assert capsys.readouterr() == ("before\nanswer\nafter\n", "beside\n")


def test_a_phase_that_hangs_is_shown_with_the_time_it_takes_and_told_at_its_end(capsys, quick, monkeypatch):
    monkeypatch.setattr(progress, "WORTH_TELLING", 0.0)
    with phase("waiting"):
        time.sleep(0.1)
    out, err = capsys.readouterr()
    assert re.fullmatch(r"waiting: 0\.\d s\n", out) and err.startswith("waiting  0.0 s\n") and err.count("\n") > 1
    assert not [thread for thread in threading.enumerate() if "_tick_until" in thread.name]


def test_the_innermost_bar_alone_is_shown_and_what_is_quick_is_not(capsys, quick):
    with phase("outer"):
        for _ in counted(range(0, 10, 4), "users", "inner"):
            time.sleep(0.05)
    out, err = capsys.readouterr()
    assert out == "" and "outer  " not in err  # it took less than a second
    assert "outer: inner  [" in err and "] 8/10 users, " in err and " left" in err
    with phase("quick"):
        pass
    assert capsys.readouterr().out == ""


def test_an_exception_inside_leaves_no_bar_behind(capsys, quick):
    with contextlib.suppress(InputError), phase("outer"):
        bars = contextlib.ExitStack()
        bars.enter_context(progress.shown(Bar(3, "steps", title="left open")))
        raise InputError("no")
    with phase("next"):
        time.sleep(0.05)
    assert "left open" not in capsys.readouterr().err.partition("next")[2]


def test_on_a_terminal_a_bar_is_written_over_and_gone_before_a_line(monkeypatch, quick):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    with phase("work", 4, "steps") as bar:
        bar.show(2)
        time.sleep(0.1)  # the bar ticks by itself
        say("a line")
    assert "\n" not in sys.stderr.getvalue() and sys.stderr.getvalue().endswith("\r\x1b[K")
    assert "\r\x1b[Kwork  [==========..........] 2/4 steps" in sys.stderr.getvalue()


def test_text_has_the_time_before_every_line(capsys):
    assert command("--log-format", "text", main=lambda: say("\ntwo\nlines")) == 0
    for line, told in zip(capsys.readouterr().out.splitlines(), ("two", "lines"), strict=True):
        stamp, _, rest = line.partition(" ")
        age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(stamp)
        assert rest == told and 0 <= age.total_seconds() < 60


def test_json_is_an_object_a_line_with_fields_phases_and_the_error(capsys, quick):
    def main():
        with phase("work", 4, "steps") as bar:
            bar.show(2)
            time.sleep(0.1)
        say("epoch 1", epoch=1, loss=0.5)
        note("beside")
        raise InputError("a\nb")

    assert command("--log-format", "json", main=main) == 2
    out, err = ([json.loads(line) for line in text.splitlines()] for text in capsys.readouterr())
    assert [line["message"] for line in out] == [f"work: {progress.took(out[0]['seconds'])}", "epoch 1"]
    assert out[0]["phase"] == "work" and out[0]["seconds"] > 0.09
    assert (out[1]["epoch"], out[1]["loss"]) == (1, 0.5)
    assert {"done": 2, "total": 4, "unit": "steps"}.items() <= next(line for line in err if line.get("done")).items()
    assert [line["message"] for line in err[-2:]] == ["beside", "error: a b"] and err[-1]["level"] == "error"
    say("plain again")
    assert capsys.readouterr().out == "plain again\n"


def test_times_are_told_as_people_say_them():
    assert [progress.took(s) for s in (0.04, 9.94, 9.96, 61, 3660)] == [
        "0.0 s",
        "9.9 s",
        "10 s",
        "1 min 01 s",
        "1 h 01 min",
    ]


def test_loading_tensorflow_is_told_before_it_begins(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "tensorflow")
    with quiet_import():
        assert capsys.readouterr() == ("", "loading TensorFlow\n")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_gives_a_sign_of_life(verb):
    """Whatever it does that may take long is told when it begins, or is a phase, which shows itself after seconds."""
    source = Path(importlib.import_module(VERBS[verb][0]).__file__).read_text()
    assert re.search(r"with (quiet_import|phase)\(", source)


def test_every_verb_takes_a_log_format(capsys):
    for module, _ in VERBS.values():
        with pytest.raises(SystemExit):
            importlib.import_module(module).main(["stats", "--help"] if module.endswith("data_stats") else ["--help"])
        assert "--log-format {text,json}" in capsys.readouterr().out, module
