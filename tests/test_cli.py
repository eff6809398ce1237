"""The console script: which module a verb reaches, what it imports, and what a person sees when something fails."""

import argparse
import errno
import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from tfkgrec import __version__, cli
from tfkgrec.errors import InputError

HELP = """
import sys, time
from tfkgrec import cli
try:
    cli.main(sys.argv[1:])
except SystemExit as stop:
    heavy = {"tensorflow", "tensorflow_serving", "tensorflow_recommenders", "keras", "jax", "numba", "aiohttp"}
    print(stop.code, time.process_time(), *sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "argv",
    [[], *([verb] for verb in cli.VERBS), ["benchmark", "serving"]],
    ids=lambda argv: " ".join(argv) or "no verb",
)
def test_help_comes_without_tensorflow_and_at_once(argv):
    done = subprocess.run([sys.executable, "-c", HELP, *argv, "--help"], capture_output=True, text=True, check=True)
    status, seconds, *heavy = done.stderr.split()
    assert (status, heavy) == ("0", [])
    assert float(seconds) < 1  # of CPU
    assert done.stdout.startswith(" ".join(["usage: tfkgrec", *argv]))


def test_help_names_the_verbs_and_version_the_version(capsys):
    for flag, text in (("--help", f"{'recommend':15}  what to show"), ("--version", f"tfkgrec {__version__}\n")):
        with pytest.raises(SystemExit) as stop:
            cli.main([flag])
        assert stop.value.code == 0
        assert text in capsys.readouterr().out


def test_without_a_verb_all_are_listed(capsys):
    assert cli.main([]) == 0
    bare = capsys.readouterr().out
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert bare == capsys.readouterr().out
    assert set(cli.VERBS) <= {line.split()[0] for line in bare.split("verbs:\n")[1].splitlines()}
    done = subprocess.run([sys.executable, "-m", "tfkgrec"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == bare.split()  # the width of lines is the terminal's


def test_an_unknown_verb_is_exit_2(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["trian"])
    assert stop.value.code == 2
    assert "invalid choice: 'trian'" in capsys.readouterr().err


def test_the_verb_gets_the_rest_of_the_arguments(monkeypatch):
    got = []
    module = types.ModuleType("tfkgrec.train")
    module.main = lambda argv: got.append(list(argv)) or 3
    monkeypatch.setitem(sys.modules, "tfkgrec.train", module)
    assert cli.main(["train", "--config", "c.yaml", "--help", "--set", "a.b=1"]) == 3
    assert got == [["--config", "c.yaml", "--help", "--set", "a.b=1"]]


def _raise(error: BaseException):
    def main(argv):
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (
            InputError("c.yaml:3: training.epochs: expected x,\n found y"),
            2,
            "c.yaml:3: training.epochs: expected x, found y",
        ),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(errno.ENOSPC, "No space left on device", "export/x"), 2, "export/x: No space left on device"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "/runs"), 2, "/runs: Permission denied"),
        # What h5py and TensorFlow raise on a full disk are errors of their own with the reason in the text.
        (
            OSError("Can't write (file write failed: errno = 28, 'No space left on device')"),
            2,
            "No space left on device",
        ),
        (RuntimeError("a.data-00000: No space left on device [Op:SaveV2]"), 2, "No space left on device"),
    ],
)
def test_what_people_can_mend_is_one_line(error, status, line, capsys):
    assert cli.run_main(_raise(error), []) == status
    assert capsys.readouterr() == ("", f"error: {line}\n")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_every_letter_reaches_every_console(encoding):
    """A report, a name or an explanation may hold any; what an encoding lacks is escaped, in JSON by JSON's escapes."""
    said = "film \u6620\u753b \u00e9 \U0001f600"
    script = (
        "from tfkgrec import cli, console; from tfkgrec.errors import InputError\n"
        f"def main(argv): print({said!r}); print(console.json_line([{said!r}])); raise InputError({said!r})\n"
        "raise SystemExit(cli.run_main(main, []))"
    )
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=False)
    plain, as_json = done.stdout.decode(encoding).splitlines()
    assert plain == said.encode(encoding, "backslashreplace").decode(encoding)
    assert json.loads(as_json) == [said]
    assert (done.returncode, done.stderr.decode(encoding)) == (2, f"error: {plain}\n")


def test_a_closed_pipe_ends_without_a_word():
    script = "import sys; from tfkgrec import cli\nsys.exit(cli.run_main(lambda argv: print('line\\n' * 100_000), []))"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"line\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError("another"), FileNotFoundError(errno.ENOENT, "a", "b")])
def test_our_own_faults_keep_their_traceback(error):
    with pytest.raises(type(error)):
        cli.run_main(_raise(error), [])


def test_status_of_main_is_the_exit_status():
    assert cli.run_main(lambda argv: None, []) == 0
    assert cli.run_main(lambda argv: 5, []) == 5


def test_config_arguments(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("model: {name: mf}\ndata: {dataset: lastfm}\n")
    parser = argparse.ArgumentParser()
    cli.add_config_arguments(parser)
    argv = ["--config", str(path), "--set", "model.dim=8", "model.l2=0", "--set", "training.epochs=2", "--seed", "7"]
    config = cli.config_from(parser.parse_args([*argv, "--data-dir", str(tmp_path)]))
    assert (config.model.dim, config.model.l2, config.training.epochs, config.training.seed) == (8, 0.0, 2, 7)
    assert config.data.data_dir == Path(tmp_path)
    with pytest.raises(InputError, match=r"^--set training\.seed=-1: training\.seed: expected an integer"):
        cli.config_from(parser.parse_args(["--config", str(path), "--seed", "-1"]))
