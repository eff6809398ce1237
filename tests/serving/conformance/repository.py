"""The model repository that the conformance suite asks about: small models whose every answer is known.

    python -m tests.serving.conformance.repository DIR

writes it, for a server of any kind to serve:

- `toy` (tests/serving/toy.py), versions 1 and 2, both served; label `stable` is version 1;
- `latest`, the same files under TF Serving's default policy: version 2 alone;
- `steps`, with `advance`: a person's state is how often they took each of six items, and the items they took least
  come first, the lower number first among equals.
"""

import shutil
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.toy import export_toy, request
from tfkgrec.runtime.warmup import write_warmup

STEPS = [f"s{number}" for number in range(1, 7)]
STEPS_K = 3
LABELS = {"stable": 1}

CONFIG = """\
# Start the server with --allow_version_labels_for_unavailable_models=true: labels are looked at before versions load.
model_config_list {
  config {
    name: "toy"
    base_path: "/models/toy"
    model_platform: "tensorflow"
    model_version_policy { all {} }
    version_labels { key: "stable" value: 1 }
  }
  config { name: "latest" base_path: "/models/toy" model_platform: "tensorflow" }
  config { name: "steps" base_path: "/models/steps" model_platform: "tensorflow" }
}
"""


def write_repository(folder: Path, toy: Path | None = None) -> Path:
    """Fill `folder`, with a copy of `toy` where that has been made; it stands for `/models` in its `models.config`."""
    if toy is None:
        for version in (1, 2):
            export_toy(folder / "toy", version)
    else:
        shutil.copytree(toy, folder / "toy")
    _export_steps(folder / "steps" / "1")
    (folder / "models.config").write_text(CONFIG)
    return folder


def _export_steps(path: Path) -> None:
    layer = keras.layers.Layer()
    layer.step = layer.add_weight(shape=(), initializer="ones")
    layer.built = True
    names = keras.layers.StringLookup(vocabulary=STEPS)
    names(tf.constant(["?"]))
    raw = tf.constant(["", *STEPS])
    taken_spec = tf.TensorSpec([None, len(STEPS)], tf.float32, name="state_taken")
    count_spec = tf.TensorSpec([None], tf.int32, name="state_count")
    item_spec = tf.TensorSpec([None], tf.string, name="item_id")

    @tf.function(input_signature=[taken_spec, count_spec, item_spec])
    def advance(state_taken, state_count, item_id):
        item = names(item_id)  # 0: unknown, nothing is taken
        taken = state_taken + tf.one_hot(item - 1, len(STEPS)) * layer.step
        score, best = tf.math.top_k(1 / (1 + taken), STEPS_K)
        ids = tf.gather(raw, best + 1)
        return {
            "state_taken": taken,
            "state_count": state_count + tf.cast(item > 0, tf.int32),
            "item_id": ids,
            "item_name": tf.strings.join(["step ", ids]),
            "score": score,
            "known_item": item > 0,
        }

    archive = keras.export.ExportArchive()
    for tracked in (layer, names):
        archive.track(tracked)
    archive.add_endpoint("advance", advance)
    archive.write_out(str(path), verbose=False)
    state = {"state_taken": np.zeros([1, len(STEPS)], np.float32), "state_count": np.zeros([1], np.int32)}
    write_warmup(path, [request("steps", "advance", item_id=["s1"], **state)])


if __name__ == "__main__":
    write_repository(Path(sys.argv[1]))
