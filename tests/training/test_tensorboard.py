"""What a run leaves for TensorBoard, read back: curves, attention, vectors with names, settings."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.projector import ProjectorConfig

from tests.planted import TINY, run_train, write_config
from tfkgrec.runs.id_files import ITEMS, read_texts
from tfkgrec.training.event_files import heat_map, write_items
from tfkgrec.training.run_directory import RunDirectory
from tfkgrec.training.tensorboard import FIRST_PROFILED, PAIRS


def read(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder), {"tensors": 0})
    events.Reload()
    return events


def curve(events: EventAccumulator, tag: str) -> tuple[list[int], list[float]]:
    found = events.Tensors(tag)
    return [event.step for event in found], [float(tf.make_ndarray(event.tensor_proto)) for event in found]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """Of an HKRM that starts from vectors, two steps of it profiled."""
    folder = tmp_path_factory.mktemp("events")
    pretraining = {"knowledge": "transe", "epochs": 3, "held_out": 0}
    config = write_config(folder, model={"name": "hkrm", "dim": 4}, pretraining=pretraining)
    changed = ("training.epochs=3", "training.profile_steps=2", "training.batch_size=128")
    assert run_train(config, folder / "run", overrides=[*TINY, *changed]) == 0
    return RunDirectory(folder / "run")


def test_curves_have_the_step_numbers_of_the_history(run: RunDirectory) -> None:
    history = pd.read_csv(run.history)
    train, validation = read(run.tensorboard / "train"), read(run.tensorboard / "validation")
    for column in history.columns.drop(["epoch", "step", "stage"]):
        events = validation if column.startswith("val_") else train
        steps, values = curve(events, f"epoch_{column.removeprefix('val_')}")
        assert steps == history["epoch"].tolist()
        np.testing.assert_allclose(values, history[column], rtol=1e-5)
    steps, values = curve(train, "batch_loss")
    assert steps == list(range(1, history["step"].iloc[-1] + 1))
    # Means over an epoch so far: after its last step they are the epoch's.
    np.testing.assert_allclose([values[step - 1] for step in history["step"]], history["loss"], rtol=1e-5)


def test_pre_training_has_its_curve(run: RunDirectory) -> None:
    steps, losses = curve(read(run.tensorboard / "pretraining"), "transe_loss")
    with np.load(run.vectors) as kept:
        told = json.loads(kept["curves"].tobytes())
    assert steps == [1, 2, 3] and losses == [pytest.approx(loss) for loss in told["transe_loss"]]


def test_attention_is_a_histogram_and_a_heat_map(run: RunDirectory) -> None:
    train = read(run.tensorboard / "train")
    names = ["item_weight", "query_distribution", "target_distribution"]
    for kind, plugin in (("attention", "histograms"), ("attention_map", "images")):
        tags = [tag for tag in train.Tags()["tensors"] if tag.startswith(f"{kind}/")]
        assert tags == [f"{kind}/{name}" for name in names]
        assert {train.SummaryMetadata(tag).plugin_data.plugin_name for tag in tags} == {plugin}
        assert [event.step for event in train.Tensors(tags[0])] == [1, 2, 3]
    buckets = tf.make_ndarray(train.Tensors("attention/item_weight")[-1].tensor_proto)  # from, to, how many
    assert 0 < buckets[0, 0] and buckets[-1, 1] <= 1 and buckets[:, 2].sum() > PAIRS
    _, _, picture = tf.make_ndarray(train.Tensors("attention_map/item_weight")[-1].tensor_proto)
    drawn = tf.io.decode_png(picture).numpy()
    assert drawn.shape[0] == 16 * PAIRS and drawn.min() == 0  # a row for every pair


def test_the_first_steps_that_are_like_the_others_are_profiled(run: RunDirectory) -> None:
    assert len(list(run.tensorboard.glob("train/plugins/profile/*/*.xplane.pb"))) == 1
    assert FIRST_PROFILED + 2 < pd.read_csv(run.history)["step"].iloc[-1]


def test_settings_stand_beside_what_came_of_them(run: RunDirectory) -> None:
    events = read(run.tensorboard / "hparams")
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    told = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    assert told["model.name"].string_value == "hkrm" and told["model.dim"].number_value == 4
    figures = json.loads(run.metrics.read_text())
    for part in ("validation", "test"):
        assert curve(events, f"{part}.auc")[1] == [pytest.approx(figures[part]["auc"], rel=1e-6)]


def test_the_projector_finds_the_vectors_under_their_names(run: RunDirectory) -> None:
    folder = run.tensorboard / "items"
    config = text_format.Parse((folder / "projector_config.pbtxt").read_text(), ProjectorConfig())
    (items,) = config.embeddings
    vectors = np.loadtxt(folder / items.tensor_path, delimiter="\t")
    about = pd.read_csv(folder / items.metadata_path, sep="\t", dtype=str)
    assert len(vectors) == len(about) and sorted(about["id"]) == sorted(read_texts(run.vocabularies / ITEMS))
    assert all(about["name"] == about["id"].str.replace("-", " "))
    assert about["taken"].astype(int).is_monotonic_decreasing
    assert read(folder).Tags()["tensors"] == ["items"]  # or TensorBoard takes the folder for no run


def test_a_label_is_one_cell_of_one_line(tmp_path: Path) -> None:
    write_items(tmp_path, np.eye(2), {"name": ["a\tb", "c\nd"]})
    assert (tmp_path / "about.tsv").read_text() == "a\\tb\nc\\nd\n"


def test_a_heat_map_is_white_where_nothing_is_and_black_where_most_is() -> None:
    drawn = heat_map(np.array([[0.0, 0.25], [0.5, 0.0]]))
    assert drawn.shape == (32, 32, 1) and drawn.dtype == np.uint8
    assert drawn[::16, ::16, 0].tolist() == [[255, 127], [0, 255]] and not np.any(np.diff(drawn[:16, :16, 0]))
    assert (heat_map(np.zeros((PAIRS, 3))) == 255).all()
