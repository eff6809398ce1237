"""A sweep for TensorBoard's HParams page: `tensorboard --logdir <sweep>/hparams`."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tfkgrec.files import aside_of

if TYPE_CHECKING:
    from tfkgrec.training.event_files import Value


def write_trials(
    folder: Path, figures: Mapping[str, str], trials: Mapping[str, tuple[Mapping[str, str], Mapping[str, float]]]
) -> None:
    """One trial for every run, in a folder of its own; what an earlier call wrote is replaced as a whole.

    Args:
        figures: title -> name of the figures to show.
        trials: name -> (settings as `--set` has them and the seed, figures by name).
    """
    import tensorflow as tf  # here: the rest of the sweep's table needs none
    from tensorboard.plugins.hparams import api as hp

    from tfkgrec.training.event_files import write_trial

    aside = aside_of(folder)
    keys = list(dict.fromkeys(key for settings, _ in trials.values() for key in settings))
    shown = [hp.Metric(name, display_name=title) for title, name in figures.items()]
    with tf.summary.create_file_writer(str(aside)).as_default():
        hp.hparams_config([hp.HParam(key) for key in keys], shown)
    for name, (settings, found) in trials.items():
        measured = {metric: found[metric] for metric in figures.values() if metric in found}
        write_trial(aside / name, name, {key: value_of(text) for key, text in settings.items()}, measured)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        aside.rename(folder)
    except OSError:  # another process on the same study was quicker, with trials as good as these
        shutil.rmtree(aside)


def value_of(text: str) -> "Value":
    """The number, truth or word that a text of `--set` stands for."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
