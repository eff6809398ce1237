"""Versions on disk: whole or not there, never overwritten, whatever kills the process that writes them."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from tfkgrec.errors import InputError
from tfkgrec.savedmodel.publish import publish, sweep, writing_folder
from tfkgrec.serving.lifecycle.versions import find_versions

KILLED = """
import os, signal, sys
from pathlib import Path
from tfkgrec.savedmodel.publish import publish, writing_folder
with writing_folder(Path(sys.argv[1])) as aside:
    aside.mkdir()
    (aside / "saved_model.pb").write_bytes(b"half of it")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write(aside, text="whole"):
    aside.mkdir()
    (aside / "saved_model.pb").write_text(text)


def test_versions_count_up_and_nothing_else_is_left(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "7").mkdir()
    for wanted in ("8", "9"):
        with writing_folder(tmp_path) as aside:
            write(aside)
            assert publish(aside, tmp_path).name == wanted
    assert sorted(path.name for path in tmp_path.iterdir()) == ["7", "8", "9", "notes"]


def test_a_version_that_exists_is_not_overwritten(tmp_path):
    with writing_folder(tmp_path) as aside:
        write(aside, "first")
        publish(aside, tmp_path, 3)
    with writing_folder(tmp_path) as aside, pytest.raises(InputError, match="/3: expected a new version"):
        write(aside, "second")
        publish(aside, tmp_path, 3)
    assert (tmp_path / "3" / "saved_model.pb").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["3"]


def test_leading_zeros_are_the_same_version_as_tf_serving_reads_it(tmp_path):
    (tmp_path / "00000003").mkdir()
    with writing_folder(tmp_path) as aside, pytest.raises(InputError, match="/3: expected a new version"):
        write(aside)
        publish(aside, tmp_path, 3)
    with writing_folder(tmp_path) as aside:
        write(aside)
        assert publish(aside, tmp_path).name == "4"


def test_a_number_that_another_export_takes_first_is_left_to_it(tmp_path, monkeypatch):
    rename = os.rename
    taken = []

    def beaten(source, target):
        if not taken:
            taken.append(target)
            write(target, "the other's")
        rename(source, target)

    monkeypatch.setattr(os, "rename", beaten)
    with writing_folder(tmp_path) as aside:
        write(aside, "ours")
        assert publish(aside, tmp_path).name == "2"
    assert (tmp_path / "1" / "saved_model.pb").read_text() == "the other's"


def test_a_killed_export_leaves_no_version_and_the_next_one_sweeps_up(tmp_path):
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], timeout=60)
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".writing-") and (left / "saved_model.pb").exists()
    assert find_versions(tmp_path) == {}
    with writing_folder(tmp_path) as aside:
        write(aside)
        publish(aside, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_what_is_still_being_written_here_or_elsewhere_is_not_swept(tmp_path):
    host = socket.gethostname()
    ours, theirs = tmp_path / f".writing-{host}-{os.getppid()}", tmp_path / ".writing-another-host-4194303"
    gone = tmp_path / f".writing-{host}-{dead_process()}"
    for folder in (ours, theirs, gone):
        folder.mkdir()
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([ours, theirs])


def dead_process():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid
