"""A sweep for TensorBoard's HParams page: `tensorboard --logdir <sweep>/hparams`."""

import shutil
from collections.abc import Mapping
from pathlib import Path

Value = float | int | bool | str


def write_trials(
    folder: Path, figures: Mapping[str, str], trials: Mapping[str, tuple[Mapping[str, str], Mapping[str, float]]]
) -> None:
    """One trial for every run, in a folder of its own; what an earlier call wrote is replaced.

    Args:
        figures: title -> name of the figures to show.
        trials: name -> (settings as `--set` has them and the seed, figures by name).
    """
    import tensorflow as tf  # here: the rest of the sweep's table needs none
    from tensorboard.plugins.hparams import api as hp

    shutil.rmtree(folder, ignore_errors=True)
    keys = list(dict.fromkeys(key for settings, _ in trials.values() for key in settings))
    shown = [hp.Metric(name, display_name=title) for title, name in figures.items()]
    with tf.summary.create_file_writer(str(folder)).as_default():
        hp.hparams_config([hp.HParam(key) for key in keys], shown)
    for name, (settings, found) in trials.items():
        with tf.summary.create_file_writer(str(folder / name)).as_default():
            hp.hparams({key: value_of(text) for key, text in settings.items()}, trial_id=name)
            for metric in figures.values():
                if metric in found:
                    tf.summary.scalar(metric, found[metric], step=1)


def value_of(text: str) -> Value:
    """The number, truth or word that a text of `--set` stands for."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
