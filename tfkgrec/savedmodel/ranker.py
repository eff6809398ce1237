"""The whole catalogue ranked for the users of a request, block by block of users and of items.

Where a logit is a product of the user's side and the item's (`Recommender.product`), all users of a block meet all
items of a block in one matrix product; other models score the catalogue for one user at a time. Of every block only
the best are kept, so that the memory of a request grows neither with the catalogue nor with its users.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import keras
import numpy as np
import tensorflow as tf

from tfkgrec.models.recommender import Recommender
from tfkgrec.types import Record

ITEMS_SCORED, ITEMS_MULTIPLIED = 16384, 65536
"""Items of a block, scored one by one or in a product; TensorFlow cuts out blocks of 16 times as many in place."""
USERS_MULTIPLIED = 16
"""Users of a block, where there is a product."""

Rows = TypeVar("Rows")  # a tensor [B, ...], or a structure of such as tf.nest knows them


class Best(NamedTuple):
    """Best first; a logit of -inf where there are no more."""

    item: tf.Tensor  # int32 [b, K]
    logit: tf.Tensor  # [b, K]


class Ranker(keras.layers.Layer):
    """The K best of the catalogue.

    Args:
        model: built, with its weights.
        k: K.
        factors: the model's `item_factors`; None: it has none.
    """

    def __init__(self, model: Recommender, k: int, factors: np.ndarray | None) -> None:
        super().__init__(name="ranker")
        self.model, self.k, self.count = model, k, model.num_items - 1
        self.multiplies = model.product == "whole"
        self.users = USERS_MULTIPLIED if self.multiplies else 1
        self.size = min(ITEMS_MULTIPLIED if self.multiplies else ITEMS_SCORED, self.count)
        self.factors = None
        if factors is not None:
            length = np.linalg.norm(factors[1:, :-1], axis=1)
            self.inverse_length = self._blocks("inverse_length", 1 / np.maximum(length, 1e-6))
            self.factors = self._blocks("factors", factors[1:])
        self.items = self._blocks("items", np.arange(1, self.count + 1, dtype=np.int32))
        self.built = True

    def in_blocks(self, best_of: Callable[[Rows], Best], users: Rows) -> Best:
        """What `best_of` says of the users [B, ...], some at a time."""
        count, width = tf.shape(tf.nest.flatten(users)[0])[0], self.users
        blocks = tf.maximum((count + width - 1) // width, 1)
        found = [
            tf.TensorArray(kind, blocks, infer_shape=False, element_shape=[None, self.k])
            for kind in (tf.int32, tf.float32)
        ]

        def step(number: tf.Tensor, items: tf.TensorArray, logits: tf.TensorArray) -> tuple[object, ...]:
            own = tf.nest.map_structure(lambda rows: rows[number * width : (number + 1) * width], users)
            best = best_of(own)
            return number + 1, items.write(number, best.item), logits.write(number, best.logit)

        _, items, logits = tf.while_loop(lambda number, *_: number < blocks, step, (0, *found), parallel_iterations=1)
        return Best(items.concat(), logits.concat())

    def best(self, state: Record, taken: tf.RaggedTensor, allowed: tf.Tensor | None = None) -> Best:
        """For the users [b] of `state`, without the items that each has `taken`; 0 is none of them.

        Args:
            allowed: bool [b, num_items]; None: all are.
        """
        side = self.model.user_factors(state) if self.multiplies else None
        row, item = tf.cast(taken.value_rowids(), tf.int32), taken.flat_values

        def scores(number: tf.Tensor) -> tf.Tensor:
            if side is not None:
                logit = tf.matmul(side, tf.convert_to_tensor(self.factors)[number], transpose_b=True)
            else:
                logit = self.model.score_items(state, tf.convert_to_tensor(self.items)[number][None])
            place = item - number * self.size - 1
            here = tf.logical_and(place >= 0, place < self.size)
            gone = tf.boolean_mask(tf.stack([row, place], axis=1), here)
            logit = tf.tensor_scatter_nd_update(logit, gone, tf.fill(tf.shape(gone)[:1], -np.inf))
            if allowed is not None:
                own = tf.gather(allowed, tf.convert_to_tensor(self.items)[number], axis=1)
                logit = tf.where(own, logit, -np.inf)
            return logit

        return self._merged(scores, taken.nrows(tf.int32))

    def logits(self, state: Record) -> tf.Tensor:
        """Of all items for the one user of `state` [num_items], scored one by one; -inf of item 0, which is none."""
        blocks = tf.convert_to_tensor(self.items)
        spec = tf.TensorSpec([self.size], tf.float32)
        found = tf.map_fn(
            lambda items: self.model.score_items(state, items[None])[0],
            blocks,
            fn_output_signature=spec,
            parallel_iterations=1,
        )
        return tf.concat([[-np.inf], tf.reshape(found, [-1])[: self.count]], 0)

    def most_like(self, item: tf.Tensor) -> Best:
        """By the cosine of their vectors, without biases, the items most like each of item [b]; of 0 there are none."""
        factors = tf.convert_to_tensor(self.factors)
        place = tf.maximum(item - 1, 0)
        block, inside = place // self.size, place % self.size
        vector = tf.gather_nd(factors, tf.stack([block, inside], axis=1))
        vector = tf.concat([tf.math.l2_normalize(vector[:, :-1], axis=1), tf.zeros_like(vector[:, :1])], axis=1)

        def scores(number: tf.Tensor) -> tf.Tensor:
            cosine = tf.matmul(vector, factors[number], transpose_b=True)
            cosine = cosine * tf.convert_to_tensor(self.inverse_length)[number]
            other = tf.convert_to_tensor(self.items)[number] != item[:, None]
            return tf.where(tf.logical_and(other, item[:, None] > 0), cosine, -np.inf)

        return self._merged(scores, tf.size(item))

    def _merged(self, scores: Callable[[tf.Tensor], tf.Tensor], users: tf.Tensor) -> Best:
        """The best by `scores`, number of a block -> [b, size], of all blocks."""
        first = Best(tf.zeros([users, self.k], tf.int32), tf.fill([users, self.k], -np.inf))
        first = Best(*(tf.ensure_shape(part, [None, self.k]) for part in first))

        def step(best: Best, number: tf.Tensor) -> Best:
            items = tf.convert_to_tensor(self.items)[number]
            logit, place = tf.math.top_k(tf.where(items > 0, scores(number), -np.inf), min(self.k, self.size))
            logits = tf.concat([best.logit, logit], axis=1)
            found = tf.concat([best.item, tf.gather(items, place)], axis=1)
            logit, place = tf.math.top_k(logits, self.k)  # of equals the first: blocks are in the order of the ids
            return Best(tf.gather(found, place, batch_dims=1), logit)

        blocks = self.items.shape[0]
        if blocks == 1:
            return step(first, tf.constant(0))
        best: Best = tf.foldl(step, tf.range(blocks), first, parallel_iterations=1)
        return best

    def _blocks(self, name: str, values: np.ndarray) -> keras.Variable:
        """A constant [blocks, size, ...] of what there is of every item, zeros behind the last."""
        whole = np.concatenate([values, np.zeros((-len(values) % self.size, *values.shape[1:]), values.dtype)])
        shape = (-1, self.size, *values.shape[1:])
        dtype = "float32" if values.dtype.kind == "f" else "int32"
        whole = whole.reshape(shape)
        variable = self.add_weight(shape=whole.shape, dtype=dtype, trainable=False, initializer="zeros", name=name)
        variable.assign(whole)
        return variable
