"""A tiny SavedModel with every signature of DINK, written as the real ones are: ExportArchive, vocabulary files.

Users u1..u3, items i1..i6 named "film 1".."film 6", K = 4. Made-up maths: logit = affinity[user, item] + version / 10.
u1 liked i1; u2 liked i2 and i5; u3 liked i1, i2, i3 and i4, which leaves two items to recommend. An item's vector is
its column of affinities; the odd items have the fact genre=noir, the even ones genre=war.
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
FACTS = {"genre=noir": [1, 3, 5], "genre=war": [2, 4, 6]}
AFFINITY = np.random.default_rng(7).normal(size=(1 + len(USERS), 1 + len(ITEMS))).astype(np.float32)


class Toy(keras.layers.Layer):
    """Lookups from files, two tables and a variable that tells the versions apart."""

    def __init__(self, version: int, folder: Path):
        super().__init__()
        self.users = _lookup(folder / "users.txt", USERS)
        self.items = _lookup(folder / "items.txt", ITEMS)
        self.affinity = self.add_weight(shape=AFFINITY.shape, initializer=lambda s, dtype: keras.ops.array(AFFINITY))
        self.bias = self.add_weight(shape=(), initializer=keras.initializers.Constant(version / 10))
        self.facts = keras.layers.StringLookup(vocabulary=list(FACTS))
        self.facts(tf.constant(["?"]))  # builds it
        self.of_fact = tf.constant([[item in own for item in range(1 + len(ITEMS))] for own in ([], *FACTS.values())])
        self.names = keras.ops.convert_to_tensor(["", *[f"film {i + 1}" for i in range(len(ITEMS))]], dtype="string")
        self.raw = keras.ops.convert_to_tensor(["", *ITEMS], dtype="string")
        self.built = True

    def probability(self, user: tf.Tensor, item: tf.Tensor) -> tf.Tensor:
        return tf.sigmoid(tf.gather_nd(self.affinity, tf.stack([user, item], -1)) + self.bias)

    def best(self, user: tf.Tensor, seen: tf.Tensor, allowed: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        """The K best of the catalogue that are not in `seen` [B, T], of those `allowed` [B, 7]."""
        item = tf.range(1, 1 + len(ITEMS))
        score = tf.sigmoid(tf.gather(self.affinity, user)[:, 1:] + self.bias)
        score = tf.where(tf.reduce_any(item[None, :, None] == seen[:, None, :], -1), -np.inf, score)
        return self.first(score if allowed is None else tf.where(allowed[:, 1:], score, -np.inf))

    def first(self, score: tf.Tensor) -> dict[str, tf.Tensor]:
        """The K items of the highest score [B, 6]; none where it is -inf."""
        score, best = tf.math.top_k(score, K)
        there = tf.math.is_finite(score)
        best, score = tf.where(there, best + 1, 0), tf.where(there, score, 0.0)
        return {"item_id": tf.gather(self.raw, best), "item_name": tf.gather(self.names, best), "score": score}

    def named(self, text: tf.Tensor) -> tf.Tensor:
        """bool [B, 7]: which items texts [B, n] name, by id or by fact."""
        item = self.items(text)
        by_id = (item[..., None] == tf.range(1 + len(ITEMS), dtype=item.dtype)) & (item > 0)[..., None]
        return tf.reduce_any(by_id | tf.gather(self.of_fact, self.facts(text)), axis=1)

    def conditions(self, exclude: tf.Tensor, only: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """bool [B, 7] of what is allowed, and how many conditions are understood."""
        wanted = self.named(only) | tf.reduce_all(only == "", axis=1, keepdims=True)
        text = tf.concat([exclude, only], axis=1)
        known = tf.math.count_nonzero(self.items(text) + self.facts(text), axis=1, dtype=tf.int32)
        return wanted & ~self.named(exclude), {"known_conditions": known}

    def like(self, item: tf.Tensor) -> dict[str, tf.Tensor]:
        """Those whose affinities have the highest cosine with those of item [B]."""
        vector = tf.math.l2_normalize(tf.transpose(self.affinity), axis=1)
        cosine = tf.matmul(tf.gather(vector, item), vector, transpose_b=True)[:, 1:]
        other = item[:, None] != tf.range(1, 1 + len(ITEMS), dtype=item.dtype)
        return self.first(tf.where(other & (item > 0)[:, None], cosine, -np.inf))


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
        return {**toy.best(user, tf.gather(HISTORY, user)), "known_user": user > 0}

    @tf.function(input_signature=[spec("user_id"), spec("exclude", 2), spec("only", 2)])
    def recommend_filtered(user_id, exclude, only):
        user, (allowed, known) = toy.users(user_id), toy.conditions(exclude, only)
        return {**toy.best(user, tf.gather(HISTORY, user), allowed), "known_user": user > 0, **known}

    @tf.function(input_signature=[spec("history", 2)])
    def recommend_for_history(history):
        seen = tf.cast(toy.items(history), tf.int32)
        known = tf.reduce_sum(tf.cast(seen > 0, tf.int32), -1)
        return {**toy.best(tf.zeros_like(known), seen), "known_items": known}

    @tf.function(input_signature=[spec("history", 2), spec("exclude", 2), spec("only", 2)])
    def recommend_filtered_for_history(history, exclude, only):
        seen, (allowed, conditions) = tf.cast(toy.items(history), tf.int32), toy.conditions(exclude, only)
        known = tf.reduce_sum(tf.cast(seen > 0, tf.int32), -1)
        return {**toy.best(tf.zeros_like(known), seen, allowed), "known_items": known, **conditions}

    @tf.function(input_signature=[spec("user_id"), spec("candidates", 2)])
    def rank(user_id, candidates):
        user, item = toy.users(user_id), toy.items(candidates)
        score = toy.probability(tf.repeat(user[:, None], tf.shape(item)[1], axis=1), item)
        return {"score": tf.where(candidates == "", 0.0, score), "known_user": user > 0, "known_item": item > 0}

    @tf.function(input_signature=[spec("item_id")])
    def similar(item_id):
        item = toy.items(item_id)
        return {**toy.like(item), "known_item": item > 0}

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
    for layer in (toy, toy.users, toy.items, toy.facts):
        archive.track(layer)
    archive.add_endpoint("serving_default", score)
    lists = (recommend, recommend_for_history, recommend_filtered, recommend_filtered_for_history)
    for endpoint in (*lists, rank, similar, explain, classify, regress):
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
