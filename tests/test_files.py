"""What a killed process leaves is swept away by whoever writes the same file next, and by nobody else."""

import os
import socket
import subprocess
import sys

import pytest

from tfkgrec.files import aside_of, write_text
from tfkgrec.training.run_directory import RunDirectory


@pytest.fixture(scope="module")
def dead() -> int:
    """A process that is no more."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_leftovers_of_the_dead_go_and_those_of_the_living_stay(tmp_path, dead):
    host = socket.gethostname()
    names = {
        f".{host}-{dead}.m.json": False,
        f".{host}-{dead}.other.json": True,
        f".{host}-{os.getppid()}.m.json": True,
    }
    names |= {f".elsewhere-{dead}.m.json": True, f".{host}-x.m.json": True}
    for name in names:
        (tmp_path / name).write_text("half")
    (tmp_path / f".{host}-{dead}.m").mkdir()
    write_text(tmp_path / "m.json", "{}")
    assert {name: (tmp_path / name).exists() for name in names} == names
    assert aside_of(tmp_path / "m") == tmp_path / f".{host}-{os.getpid()}.m"
    assert not (tmp_path / f".{host}-{dead}.m").exists()


@pytest.mark.parametrize(("left", "goes_on"), [(["vocabularies", ".x-1.data.json"], False), (["config.yaml"], True)])
def test_a_run_killed_before_its_settings_were_written_begins_anew(tmp_path, left, goes_on):
    for name in left:
        (tmp_path / name).touch()
    assert RunDirectory(tmp_path).check_start(resume=True) is goes_on
