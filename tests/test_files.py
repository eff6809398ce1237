"""What a killed process leaves is swept away by whoever writes the same file next, and by nobody else."""

import os
import socket
import subprocess
import sys

import pytest

from tests.data.small import dataset
from tfkgrec.errors import InputError
from tfkgrec.files import aside_of, read_arrays, read_json, write_text
from tfkgrec.runs.id_files import check_id_files, write_id_files
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


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_damaged_json_is_one_line(tmp_path, content):
    (tmp_path / "data.json").write_bytes(content)
    with pytest.raises(
        InputError, match=r"data.json: expected the file as it was written, found a damaged one \(\w+: .+\)$"
    ):
        read_json(tmp_path / "data.json")


def test_damaged_arrays_and_files_that_are_gone_are_one_line(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match="a.npz: expected the file as it was written, found a damaged one"):
        read_arrays(tmp_path / "a.npz")
    with pytest.raises(InputError, match="b.npz: expected this file, found none"):
        read_arrays(tmp_path / "b.npz")


def test_files_of_ids_fit_each_other(tmp_path):
    world = dataset()
    write_id_files(tmp_path, world, world.seen_items)
    check_id_files(tmp_path, world.items.size)
    for name in ("users.txt", "items.txt", "facts.txt", "entity_names.txt"):
        whole = (tmp_path / name).read_text()
        (tmp_path / name).write_text(whole.split("\n", 1)[0] + "\n")
        with pytest.raises(InputError, match=rf"{name}: expected a line for each of \d+, found 1"):
            check_id_files(tmp_path, world.items.size)
        (tmp_path / name).write_text(whole)
