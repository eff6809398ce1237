"""A process that asks has no TensorFlow and starts at once."""

import subprocess
import sys

import pytest

import tfkgrec

MEASURE = """
import sys, time
{before}
{statement}
heavy = {{"tensorflow", "tensorflow_serving", "keras", "pandas", "scipy", "jax"}} & set(sys.modules)
print(time.process_time(), *sorted(heavy))
"""


def run(statement, before=""):
    """CPU seconds since the process began, and the heavy packages that are imported."""
    script = MEASURE.format(statement=statement, before=before)
    seconds, *heavy = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    ).stdout.split()
    return float(seconds), heavy


@pytest.mark.parametrize(
    "statement",
    [
        "from tfkgrec import AsyncClient, Client",
        "from tfkgrec.client import Client, Unavailable",
        "import tfkgrec.recommend, tfkgrec.client",
        "import tfkgrec.explain, tfkgrec.client",
    ],
)
def test_the_import_takes_under_half_a_second_and_no_tensorflow(statement):
    seconds, heavy = run(statement)
    assert heavy == []
    # Of CPU time, the interpreter's start included; another time where the machine was busy.
    assert seconds < 0.5 or min(run(statement)[0] for _ in range(5)) < 0.5


def test_the_commands_answer_without_tensorflow():
    """What imports TensorFlow in the course of a call would show here."""
    ask = (
        "from tfkgrec.{verb} import main\n"
        "assert main(['--target', '127.0.0.1:1', '--model', 'm', '--user', 'u', '--timeout', '1', *{rest}]) == 1"
    )
    assert run(ask.format(verb="recommend", rest=[]))[1] == []
    assert run(ask.format(verb="explain", rest=["--item", "i"]))[1] == []


def test_the_package_itself_imports_nothing():
    assert run("import tfkgrec; assert 'grpc' not in sys.modules and 'numpy' not in sys.modules")[1] == []
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        tfkgrec.Nothing  # noqa: B018


@pytest.mark.parametrize("name", tfkgrec.__all__)
def test_every_public_name_is_there(name):
    assert getattr(tfkgrec, name) is not None
