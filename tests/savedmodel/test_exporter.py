"""What an export leaves on disk: whole versions, with everything in them, or nothing."""

import re
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.planted import run_process
from tfkgrec import export
from tfkgrec.cli import run_main
from tfkgrec.runtime.examples import example
from tfkgrec.runtime.servable import Servable
from tfkgrec.runtime.warmup import WARMUP_FILE


def test_a_second_export_is_version_2_and_the_first_stays(planted_run, planted_export, tmp_path, capsys):
    repository = tmp_path / "export"
    shutil.copytree(planted_export, repository)
    before = {path: path.read_bytes() for path in (repository / "dink/1").rglob("*") if path.is_file()}
    assert run_main(export.main, [str(planted_run), "--export-dir", str(repository)]) == 0
    assert capsys.readouterr().out == f"export: {repository / 'dink/2'}\n"
    assert sorted(path.name for path in (repository / "dink").iterdir()) == ["1", "2"]
    assert (repository / "cards/dink/2/model_card.md").exists()
    assert all(path.read_bytes() == content for path, content in before.items())


def test_vocabularies_are_assets(planted_run, planted_export):
    assets = planted_export / "dink/1/assets"
    names = ["entity_names.txt", "items.txt", "relation_names.txt", "users.txt"]
    assert sorted(path.name for path in assets.iterdir()) == names
    for name in names:
        assert (assets / name).read_text() == (planted_run / "vocabularies" / name).read_text()


@pytest.fixture
def moved(planted_run, planted_export, tmp_path):
    """A copy of the export elsewhere, while the run and the export that it comes from are out of sight."""
    copy = tmp_path / "moved"
    shutil.copytree(planted_export / "dink/1", copy)
    hidden = [(path, path.with_name(f"{path.name}-hidden")) for path in (planted_run, planted_export)]
    for path, elsewhere in hidden:
        path.rename(elsewhere)
    yield copy
    for path, elsewhere in hidden:
        elsewhere.rename(path)


def test_a_moved_export_still_answers(moved):
    servable = Servable("dink", 1, moved)
    user = (moved / "assets/users.txt").read_text().splitlines()[0]
    found = servable.run("recommend", {"user_id": np.array([user.encode()], object)}, ["item_id", "known_user"])
    servable.close()
    assert found["known_user"].tolist() == [True]
    assert found["item_id"][0, 0].startswith(b"film-")


def test_saved_model_cli_runs_it(moved):
    """TensorFlow's own tool uses the session loader, as TF Serving does."""
    command = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", "run", "--dir", str(moved)]
    arguments = ["--tag_set", "serve", "--signature_def", "serving_default"]
    inputs = ["--input_exprs", 'user_id=["nobody"];item_id=["film-1"]']
    done = run_process(*command, *arguments, *inputs)
    assert done.returncode == 0, done.stderr
    assert re.search(r"Result for output key known_item:\n\[ ?True\]", done.stdout)
    assert re.search(r"Result for output key known_user:\n\[False\]", done.stdout)
    assert re.search(r"Result for output key probability:\n\[0\.\d+\]", done.stdout)


def test_a_savedmodel_that_answers_otherwise_is_not_published(planted_run, tmp_path, monkeypatch, capsys):
    run = Servable.run

    def other(self, key, inputs, outputs):
        found = run(self, key, inputs, outputs)
        return {**found, "score": found["score"] + 2e-5} if key == "recommend" else found

    monkeypatch.setattr(Servable, "run", other)
    assert run_main(export.main, [str(planted_run), "--export-dir", str(tmp_path / "export")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "signature recommend: expected score as the model gives it" in line
    assert _left(tmp_path / "export") == []


@pytest.mark.parametrize("room", [60_000, 400_000])
def test_a_full_disk_is_one_line_and_leaves_nothing(planted_run, planted_export, tmp_path, room):
    """No file may grow beyond `room` bytes: the export stops at the variables, or at the graph after them."""
    largest = max(path.stat().st_size for path in (planted_export / "dink/1").rglob("*") if path.is_file())
    assert room < largest
    script = (
        "import resource, signal, sys\n"
        "from tfkgrec import export\n"
        "from tfkgrec.cli import run_main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"  # writes fail, as on a full disk
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))\n"
        "sys.exit(run_main(export.main, sys.argv[2:]))\n"
    )
    target = tmp_path / "export"
    done = run_process(sys.executable, "-c", script, room, planted_run, "--export-dir", target)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert re.fullmatch(r"error: .*File too large\n", done.stderr), done.stderr
    assert _left(target) == []


def _left(repository: Path) -> list[Path]:
    return [path for path in repository.rglob("*") if path.is_file() or path.name != "dink"]


def test_warm_up_exercises_every_signature_by_the_call_that_is_meant_for_it(planted_export):
    records = tf.data.TFRecordDataset(str(planted_export / "dink/1" / WARMUP_FILE)).as_numpy_iterator()
    logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in records]
    asked = {}
    for log in logs:
        kind = log.WhichOneof("log_type")
        request = getattr(log, kind).request
        specs = [task.model_spec for task in request.tasks] if kind == "multi_inference_log" else [request.model_spec]
        assert all(spec.name == "dink" for spec in specs)
        asked.setdefault(kind, set()).update(spec.signature_name for spec in specs)
    assert asked == {
        "predict_log": {"serving_default", "recommend", "recommend_for_history", "explain"},
        "classify_log": {"classify"},
        "regress_log": {"regress"},
        "multi_inference_log": {"classify", "regress"},
    }


def test_classify_and_regress_give_the_probability_of_score(moved):
    servable = Servable("dink", 1, moved)
    users = [line.encode() for line in (moved / "assets/users.txt").read_text().splitlines()[:2]] + [b"nobody"]
    items = [line.encode() for line in (moved / "assets/items.txt").read_text().splitlines()[:3]]
    pairs = {"user_id": np.array(users, object), "item_id": np.array(items, object)}
    wanted = servable.run("serving_default", pairs, ["probability"])["probability"]
    rows = [example({"user_id": u, "item_id": i}).SerializeToString() for u, i in zip(users, items, strict=True)]
    inputs = {"inputs": np.array(rows, object)}
    np.testing.assert_allclose(servable.run("regress", inputs, ["outputs"])["outputs"], wanted, atol=1e-6)
    scores = servable.run("classify", inputs, ["scores"])["scores"]
    np.testing.assert_allclose(scores, np.stack([1 - wanted, wanted], 1), atol=1e-6)
    servable.close()


def test_a_version_may_be_numbered_and_is_never_overwritten(planted_run, planted_export, tmp_path, capsys):
    repository = tmp_path / "export"
    shutil.copytree(planted_export, repository)
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    assert run_main(export.main, [str(planted_run), "--export-dir", str(repository), "--version", "1"]) == 2
    assert capsys.readouterr().err == (
        f"error: {repository / 'dink/1'}: expected a new version: none is ever overwritten\n"
    )
    assert {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()} == before


def test_a_killed_export_leaves_no_version_and_the_next_one_is_whole(planted_run, tmp_path, capsys):
    """Killed where most is written: everything is there but the rename."""
    script = (
        "import os, signal, sys\n"
        "from tfkgrec import export\n"
        "from tfkgrec.savedmodel import exporter\n"
        "exporter.publish = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "export.main(sys.argv[1:])\n"
    )
    target = tmp_path / "export"
    killed = run_process(sys.executable, "-c", script, planted_run, "--export-dir", target)
    assert killed.returncode == -signal.SIGKILL
    (left,) = (target / "dink").iterdir()
    assert left.name.startswith(".writing-") and (left / "saved_model.pb").exists()
    assert run_main(export.main, [str(planted_run), "--export-dir", str(target)]) == 0
    assert capsys.readouterr().out == f"export: {target / 'dink/1'}\n"
    assert [path.name for path in (target / "dink").iterdir()] == ["1"]
