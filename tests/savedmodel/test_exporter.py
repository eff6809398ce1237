"""What an export leaves on disk: whole versions, with everything in them, or nothing."""

import re
import resource
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.golden.record import EXPORT, RUNS, SAME_WEIGHTS, differences, exported_answers, recorded
from tfkgrec import export
from tfkgrec.cli import run_main
from tfkgrec.runtime.examples import example
from tfkgrec.runtime.servable import Servable
from tfkgrec.runtime.warmup import WARMUP_FILE
from tfkgrec.savedmodel import exporter

LARGE = ("saved_model.pb", "variables.data-00000-of-00001")


def export_old_run(repository: Path, *arguments: str) -> int:
    """Export the run that is exported fastest, one that version 0.1 left, into `repository`; the exit status."""
    return run_main(export.main, [str(RUNS / "kgcn"), "--export-dir", str(repository), *arguments])


@pytest.fixture
def repository(tmp_path):
    """A model repository with kgcn/1, which version 0.1 exported."""
    shutil.copytree(EXPORT / "kgcn", tmp_path / "export/kgcn")
    return tmp_path / "export"


def contents(repository):
    return {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}


def test_a_second_export_is_version_2_and_the_first_stays(repository, monkeypatch, capsys):
    before, seen = contents(repository), []

    def publish(aside, base, version):
        """What a process that is killed before the last step leaves: a whole version that no server looks at."""
        seen.extend([path.name for path in base.iterdir()])
        assert {path.name for path in aside.rglob("*")} >= {"saved_model.pb", "variables.index", WARMUP_FILE.name}
        return put_in_place(aside, base, version)

    put_in_place = exporter.publish
    monkeypatch.setattr(exporter, "publish", publish)
    assert export_old_run(repository) == 0
    assert capsys.readouterr().out == f"export: {repository / 'kgcn/2'}\n"
    assert len(seen) == 2 and "1" in seen and any(name.startswith(".writing-") for name in seen)
    assert sorted(path.name for path in (repository / "kgcn").iterdir()) == ["1", "2"]
    assert (repository / "cards/kgcn/2/model_card.md").exists()
    assert all(path.read_bytes() == content for path, content in before.items())


@pytest.fixture(scope="module")
def hkrm(exported_anew) -> Path:
    """An export of today with every signature; its run is gone."""
    return exported_anew("hkrm")


def test_a_run_of_0_1_answers_as_its_own_export_did(exported_anew):
    found = exported_answers("hkrm", exported_anew("hkrm"))
    assert differences(found, recorded()["hkrm"]["exported"], SAME_WEIGHTS) == []


def test_vocabularies_are_assets(hkrm):
    names = ["entity_names.txt", "items.txt", "relation_names.txt", "users.txt"]
    assert sorted(path.name for path in (hkrm / "assets").iterdir()) == names
    for name in names:
        assert (hkrm / "assets" / name).read_text() == (RUNS / "hkrm/vocabularies" / name).read_text()


@pytest.fixture
def moved(hkrm, tmp_path):
    """A copy of the export elsewhere, while the one that it comes from is out of sight."""
    copy = shutil.copytree(hkrm, tmp_path / "moved")
    hidden = hkrm.rename(hkrm.with_name("hidden"))
    yield copy
    hidden.rename(hkrm)


def test_a_moved_export_still_answers(moved):
    servable = Servable("hkrm", 1, moved)
    user = (moved / "assets/users.txt").read_text().splitlines()[0]
    found = servable.run("recommend", {"user_id": np.array([user.encode()], object)}, ["item_id", "known_user"])
    servable.close()
    assert found["known_user"].tolist() == [True]
    assert found["item_id"][0, 0].startswith(b"film-")


def test_a_savedmodel_that_answers_otherwise_is_not_published(tmp_path, monkeypatch, capsys):
    run = Servable.run

    def other(self, key, inputs, outputs):
        found = run(self, key, inputs, outputs)
        return {**found, "score": found["score"] + 2e-5} if key == "recommend" else found

    monkeypatch.setattr(Servable, "run", other)
    assert export_old_run(tmp_path / "export") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "signature recommend: expected score as the model gives it" in line
    assert _left(tmp_path / "export") == []


@pytest.fixture
def small_files():
    """`small_files(size)`: from now on no file may grow beyond it, and writing fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("room", [10_000, 200_000], ids=["variables", "graph"])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, small_files, capsys, room):
    """The export stops at the variables, or at the graph after them."""
    sizes = [path.stat().st_size for path in (EXPORT / "kgcn/1").rglob("*") if path.name in LARGE]
    assert min(sizes) < 200_000 < max(sizes) and 10_000 < min(sizes)
    target = tmp_path / "export"
    small_files(room)
    assert export_old_run(target) == 2
    out, err = capsys.readouterr()
    assert out == "" and re.fullmatch(r"error: .*File too large\n", err), err
    assert _left(target) == []


def _left(repository: Path) -> list[Path]:
    return [path for path in repository.rglob("*") if path.is_file() or path.name != "kgcn"]


NEWER = {"rank", "recommend_filtered", "recommend_filtered_for_history", "similar"}


def test_warm_up_exercises_every_signature_by_the_call_that_is_meant_for_it(hkrm):
    records = tf.data.TFRecordDataset(str(hkrm / WARMUP_FILE)).as_numpy_iterator()
    logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in records]
    asked = {}
    for log in logs:
        kind = log.WhichOneof("log_type")
        request = getattr(log, kind).request
        specs = [task.model_spec for task in request.tasks] if kind == "multi_inference_log" else [request.model_spec]
        assert all(spec.name == "hkrm" for spec in specs)
        asked.setdefault(kind, set()).update(spec.signature_name for spec in specs)
    assert asked == {
        "predict_log": {"serving_default", "recommend", "recommend_for_history", "explain", *NEWER},
        "classify_log": {"classify"},
        "regress_log": {"regress"},
        "multi_inference_log": {"classify", "regress"},
    }


def test_classify_and_regress_give_the_probability_of_score(moved):
    servable = Servable("hkrm", 1, moved)
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


def test_a_version_may_be_numbered_and_is_never_overwritten(repository, capsys):
    before = contents(repository)
    assert export_old_run(repository, "--version", "1") == 2
    assert capsys.readouterr().err == (
        f"error: {repository / 'kgcn/1'}: expected a new version: none is ever overwritten\n"
    )
    assert contents(repository) == before
