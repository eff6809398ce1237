"""What a run leaves for TensorBoard beside its curves: attention, vectors with names, hyperparameters.

The layout is that of docs/run-directory.md: `train/`, `validation/`, `pretraining/`, `items/`, `hparams/`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorboard.plugins import projector
from tensorboard.plugins.hparams import api as hp

from tfkgrec.console import one_line
from tfkgrec.files import write_text
from tfkgrec.models.recommender import Recommender, outputs

Value = float | int | bool | str
WEIGHTS = ("attention", "weight", "distribution")
"""How those outputs of `explain` end that say where a model looks."""
MOST_ROWS = 10_000  # of the projector, which draws them in a browser
SHOWN = 3  # pairs whose weights are a table of their own
PICTURE = 800  # points, about, that a heat map is wide


def write_attention(model: Recommender, user: np.ndarray, item: np.ndarray, step: int) -> None:
    """Histograms and heat maps of the weights of pairs user [B], item [B], into the default writer.

    A weight [B, N] is one picture with a row for every pair; of [B, M, N] the first pairs have pictures of their own.
    """
    found = outputs(model.explain(user, item, model.item_tables()))
    for name, value in found.items():
        weight = np.asarray(value)
        if not name.endswith(WEIGHTS) or weight.ndim < 2:  # a weight of the pair as a whole is no place to look at
            continue
        weight = weight.astype(np.float32)
        tf.summary.histogram(f"attention/{name}", weight[weight > 0], step, description="without padding")
        tables = weight[None] if weight.ndim == 2 else weight.reshape(*weight.shape[:2], -1)[:SHOWN]
        said = "a row for every pair" if weight.ndim == 2 else "a picture for each of the first pairs"
        pictures = np.stack([heat_map(table) for table in tables])
        tf.summary.image(
            f"attention_map/{name}", pictures, step, max_outputs=SHOWN, description=f"{said}; dark is much"
        )


def heat_map(table: np.ndarray) -> np.ndarray:
    """Weights [M, N] as a picture, uint8 [height, width, 1]: white is nothing, black the greatest."""
    shade = 255 * (1 - table / max(float(table.max(initial=0)), 1e-9))
    side = int(np.clip(PICTURE // max(table.shape), 1, 16))
    picture: np.ndarray = np.kron(shade.astype(np.uint8), np.ones((side, side), np.uint8))[..., None]
    return picture


def write_curves(folder: Path, curves: Mapping[str, Sequence[float]]) -> None:
    """A scalar for every epoch, from 1 on, under each name."""
    if not curves:
        return
    with _writer(folder).as_default():
        for name, values in curves.items():
            for epoch, value in enumerate(values, 1):
                tf.summary.scalar(name, value, epoch)


def write_items(folder: Path, vectors: np.ndarray, about: Mapping[str, Sequence[object]]) -> None:
    """Vectors [items, d] for TensorBoard's projector.

    Text files, which it reads as they are: of the checkpoint that Keras' own callback leaves it finds no tensor.

    Args:
        about: columns of what is known of the items, the first one their labels.
    """
    lines = ("\t".join(f"{value:.5g}" for value in row) + "\n" for row in vectors)
    write_text(folder / "vectors.tsv", "".join(lines))
    rows = zip(*about.values(), strict=True)
    table = [tuple(about), *rows] if len(about) > 1 else list(rows)  # of a single column it expects no header
    write_text(folder / "about.tsv", "".join("\t".join(map(_cell, row)) + "\n" for row in table))
    config = projector.ProjectorConfig()
    config.embeddings.add(tensor_name="items", tensor_path="vectors.tsv", metadata_path="about.tsv")
    projector.visualize_embeddings(str(folder), config)
    with _writer(folder).as_default():  # without an event the folder is no run of TensorBoard's
        tf.summary.text("items", f"{len(vectors):,} items: see the projector", 0)


def write_trial(folder: Path, name: str, settings: Mapping[str, Value], figures: Mapping[str, float]) -> None:
    """A run's settings and what came of them, a row of TensorBoard's HParams page."""
    with _writer(folder).as_default():
        hp.hparams(dict(settings), trial_id=name)
        for key, value in figures.items():
            tf.summary.scalar(key, value, step=1)


def _cell(value: object) -> str:
    """Tabs and line ends are the table's."""
    return one_line(str(value))


def _writer(folder: Path) -> tf.summary.SummaryWriter:
    return tf.summary.create_file_writer(str(folder))
