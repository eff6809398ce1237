"""Which items a request wants, or does not want: named by raw id or by a fact, such as "genre=Drama"."""

import keras
import numpy as np
import tensorflow as tf

from tfkgrec.savedmodel.vocabularies import Vocabularies


class Conditions(keras.layers.Layer):
    """Texts of a request to items, inside the graph; "" says nothing, what is neither item nor fact names nothing.

    Args:
        vocabularies: of items and facts.
        num_items: rows of the item tables, row 0 included.
    """

    def __init__(self, vocabularies: Vocabularies, num_items: int) -> None:
        super().__init__(name="conditions")
        self.vocabularies, self.num_items = vocabularies, num_items
        facts = vocabularies.fact_items
        self.offsets = self._constant("fact_offsets", facts.offsets)
        self.items = self._constant("fact_items", facts.items)
        self.built = True

    def allowed(self, exclude: tf.Tensor, only: tf.Tensor) -> tf.Tensor:
        """bool [num_items]: what `only` [F] names (where it says nothing, all), without what `exclude` [E] names."""
        wanted = tf.logical_or(self._named(only), tf.reduce_all(only == ""))
        return tf.logical_and(wanted, tf.logical_not(self._named(exclude)))

    def known(self, exclude: tf.Tensor, only: tf.Tensor) -> dict[str, tf.Tensor]:
        """known_conditions int32 [B]: how many texts of exclude [B, E] and only [B, F] name an item or a fact."""
        text = tf.concat([exclude, only], axis=1)
        named = tf.maximum(self.vocabularies.items(text), self.vocabularies.facts(text))
        return {"known_conditions": tf.math.count_nonzero(named, axis=1, dtype=tf.int32)}

    def _named(self, text: tf.Tensor) -> tf.Tensor:
        """bool [num_items] of texts [n]."""
        fact = self.vocabularies.facts(text)
        places = tf.ragged.range(tf.gather(self.offsets, fact), tf.gather(self.offsets, fact + 1)).flat_values
        item = tf.concat([self.vocabularies.items(text), tf.gather(self.items, places)], axis=0)
        return tf.scatter_nd(item[:, None], tf.ones_like(item), [self.num_items]) > 0

    def _constant(self, name: str, values: np.ndarray) -> keras.Variable:
        variable = self.add_weight(shape=values.shape, dtype="int32", trainable=False, initializer="zeros", name=name)
        variable.assign(values)
        return variable
