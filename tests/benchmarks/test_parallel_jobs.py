"""Jobs run side by side; a failure is told, and stops none of the others."""

import sys

import pytest

from tfkgrec.benchmarks.parallel_jobs import Job, run_jobs
from tfkgrec.errors import InputError


class Told:
    """Keeps what it is told."""

    def __init__(self):
        self.lines: list[str] = []

    def begin(self, name: str) -> None:
        self.lines.append(f"begins: {name}")

    def end(self, name: str, said: str) -> None:
        self.lines.append(f"{name}: {said}")


def _job(folder, name: str, code: str) -> Job:
    return Job(name, [sys.executable, "-c", code], folder / "logs" / f"{name}.log")


def test_as_many_at_once_as_there_are_workers(tmp_path):
    """Each of two waits for the other's sign of life: one after the other, the first would give up."""
    code = (
        "import pathlib, sys, time; me, other = {0!r}, {1!r}\n"
        "pathlib.Path(me).touch()\n"
        "for _ in range(2000):\n"
        "    if pathlib.Path(other).exists(): sys.exit()\n"
        "    time.sleep(0.01)\n"
        "sys.exit('alone')"
    )
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    run_jobs([_job(tmp_path, "a", code.format(one, two)), _job(tmp_path, "b", code.format(two, one))], 2, Told())


def test_a_failure_is_told_and_the_others_are_run(tmp_path):
    told = Told()
    bad = _job(tmp_path, "bad", "import sys; print('fine so far'); sys.exit('error: no such column')")
    good = [_job(tmp_path, name, f"print({name!r})") for name in ("first", "last")]
    with pytest.raises(InputError, match=r"1 of 3 runs failed; the first, .*bad.log, ends: error: no such column"):
        run_jobs([good[0], bad, good[1]], 1, told)
    assert [job.log.read_text() for job in good] == ["first\n", "last\n"]
    assert len(told.lines) == 6 and told.lines[2] == "begins: bad"
    assert told.lines[3].startswith("bad: failed (1), see ")
