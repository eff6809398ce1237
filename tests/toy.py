"""A tiny SavedModel with every signature of DINK, written as the real ones are: ExportArchive, vocabulary files.

Users u1..u3, items i1..i6 named "film 1".."film 6", K = 4. Made-up maths: logit = affinity[user, item] + version / 10.
u1 liked i1; u2 liked i2 and i5; u3 liked i1, i2, i3 and i4, which leaves two items to recommend.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from tfkgrec.runtime import tensors
from tfkgrec.runtime.signature_defs import finish_signature_defs
from tfkgrec.runtime.warmup import write_warmup

USERS = ["u1", "u2", "u3"]
ITEMS = ["i1", "i2", "i3", "i4", "i5", "i6"]
K = 4
HISTORY = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [2, 5, 0, 0], [1, 2, 3, 4]], np.int32)  # [1 + users, T], 0 pads
AFFINITY = np.random.default_rng(7).normal(size=(1 + len(USERS), 1 + len(ITEMS))).astype(np.float32)


class Toy(keras.layers.Layer):
    """Lookups from files, two tables and a variable that tells the versions apart."""

    def __init__(self, version: int, folder: Path):
        super().__init__()
        self.users = _lookup(folder / "users.txt", USERS)
        self.items = _lookup(folder / "items.txt", ITEMS)
        self.affinity = self.add_weight(shape=AFFINITY.shape, initializer=lambda s, dtype: keras.ops.array(AFFINITY))
        self.bias = self.add_weight(shape=(), initializer=keras.initializers.Constant(version / 10))
        self.names = keras.ops.convert_to_tensor(["", *[f"film {i + 1}" for i in range(len(ITEMS))]], dtype="string")
        self.raw = keras.ops.convert_to_tensor(["", *ITEMS], dtype="string")
        self.built = True

    def probability(self, user: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
        return tf.sigmoid(tf.gather_nd(self.affinity, tf.stack([user, item], -1)) + self.bias)

    def rank(self, user: tf.Tensor, seen: tf.Tensor) -> dict[str, tf.Tensor]:
        """The K best of the catalogue that are not in `seen` [B, T]."""
        item = tf.range(1, 1 + len(ITEMS))
        score = tf.sigmoid(tf.gather(self.affinity, user)[:, 1:] + self.bias)
        score = tf.where(tf.reduce_any(item[None, :, None] == seen[:, None, :], -1), 0.0, score)
        score, best = tf.math.top_k(score, K)
        best = tf.where(score > 0, best + 1, 0)
        return {"item_id": tf.gather(self.raw, best), "item_name": tf.gather(self.names, best), "score": score}


def _lookup(path: Path, words: list[str]) -> keras.layers.StringLookup:
    path.write_text("\n".join(words) + "\n")
    lookup = keras.layers.StringLookup(vocabulary=str(path))
    lookup(tf.constant(["?"]))
    return lookup


def export_toy(base_path: Path, version: int) -> Path:
    """Write `<base_path>/<version>/` with its warm-up file; its path."""
    folder = base_path.parent / f"{base_path.name}-vocabularies-{version}"
    folder.mkdir(parents=True)
    toy = Toy(version, folder)

    def spec(name: str, rank: int = 1) -> tf.TensorSpec:
        return tf.TensorSpec([None] * rank, tf.string, name=name)

    @tf.function(input_signature=[spec("user_id"), spec("item_id")])
    def score(user_id, item_id):
        return {"probability": toy.probability(toy.users(user_id), toy.items(item_id))}

    @tf.function(input_signature=[spec("user_id")])
    def recommend(user_id):
        user = toy.users(user_id)
        return {**toy.rank(user, tf.gather(HISTORY, user)), "known_user": user > 0}

    @tf.function(input_signature=[spec("history", 2)])
    def recommend_for_history(history):
        seen = tf.cast(toy.items(history), tf.int32)
        known = tf.reduce_sum(tf.cast(seen > 0, tf.int32), -1)
        return {**toy.rank(tf.zeros_like(known), seen), "known_items": known}

    @tf.function(input_signature=[spec("user_id"), spec("item_id")])
    def explain(user_id, item_id):
        user, item = toy.users(user_id), toy.items(item_id)
        liked = tf.gather(HISTORY, user)  # [B, T]
        here = tf.cast(liked > 0, tf.float32)
        fact = tf.cast(liked > 0, tf.int32)[..., None] * tf.constant([1, 2])  # [B, T, 2]
        return {
            "probability": toy.probability(user, item),
            "item_name": tf.gather(toy.names, item),
            "history_item": tf.gather(toy.raw, liked),
            "history_name": tf.gather(toy.names, liked),
            "attention": tf.math.divide_no_nan(here, tf.reduce_sum(here, -1, keepdims=True)),
            "neighbour_relation": tf.gather(["", "genre", "director"], fact),
            "neighbour_entity": tf.gather(["", "noir", "Ada L."], fact),
            "neighbour_weight": tf.gather([0.0, 0.6, 0.4], fact),
            "known_user": user > 0,
            "known_item": item > 0,
            "explained_by": tf.fill(tf.shape(user), "dink"),
        }

    def probability_of(inputs):
        text = tf.io.FixedLenFeature([], tf.string)
        pairs = tf.io.parse_example(inputs, {"user_id": text, "item_id": text})
        return toy.probability(toy.users(pairs["user_id"]), toy.items(pairs["item_id"]))

    @tf.function(input_signature=[spec("inputs")])
    def classify(inputs):
        probability = probability_of(inputs)
        classes = tf.tile(tf.constant([["0", "1"]]), [tf.shape(probability)[0], 1])
        return {"classes": classes, "scores": tf.stack([1 - probability, probability], 1)}

    @tf.function(input_signature=[spec("inputs")])
    def regress(inputs):
        return {"outputs": probability_of(inputs)}

    archive = keras.export.ExportArchive()
    for layer in (toy, toy.users, toy.items):
        archive.track(layer)
    archive.add_endpoint("serving_default", score)
    for endpoint in (recommend, recommend_for_history, explain, classify, regress):
        archive.add_endpoint(endpoint.__wrapped__.__name__, endpoint)
    path = base_path / str(version)
    archive.write_out(str(path), verbose=False)
    finish_signature_defs(path)
    write_warmup(path, [request(user_id=["u1"], item_id=["i2"]), request(signature="recommend", user_id=["u1", "?"])])
    return path


def request(
    model: str = "toy", signature: str = "", version: int | None = None, **inputs
) -> predict_pb2.PredictRequest:
    """A PredictRequest; inputs are lists or arrays."""
    message = predict_pb2.PredictRequest()
    message.model_spec.name = model
    message.model_spec.signature_name = signature
    if version is not None:
        message.model_spec.version.value = version
    for name, value in inputs.items():
        message.inputs[name].CopyFrom(tensors.to_proto(np.asarray(value)))
    return message
