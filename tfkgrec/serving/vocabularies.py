"""The text side of a trained model: raw ids and names, one line per inner id; the files become assets of an export."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfkgrec.data.records import Dataset, Splits
from tfkgrec.training.run_directory import write_aside, write_text

USERS, ITEMS = "users.txt", "items.txt"
ENTITY_NAMES, RELATION_NAMES = "entity_names.txt", "relation_names.txt"
SEEN = "seen.npz"


def write_vocabularies(folder: Path, dataset: Dataset, splits: Splits) -> None:
    """Write what an export needs beside the model: ids, names, and what every user has already taken.

    Line n of a file belongs to inner id n, counted from 1.
    """
    for name, texts in (
        (USERS, dataset.users.raw),
        (ITEMS, dataset.items.raw),
        (ENTITY_NAMES, dataset.entity_names),
        (RELATION_NAMES, dataset.relation_names),
    ):
        write_text(folder / name, "".join(f"{' '.join(str(text).split())}\n" for text in texts[1:]))
    offsets, items = splits.history_offsets.astype(np.int32), splits.history_items.astype(np.int32)
    write_aside(folder / SEEN, lambda aside: np.savez_compressed(aside, offsets=offsets, items=items))


@dataclass(frozen=True)
class Seen:
    """The training positives of user u: `items[offsets[u]:offsets[u + 1]]`, int32."""

    offsets: np.ndarray
    items: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> "Seen":
        with np.load(folder / SEEN) as stored:
            return cls(stored["offsets"], stored["items"])


class Vocabularies(keras.layers.Layer):
    """Raw ids to inner ids, inner ids to raw ids and names, inside the graph.

    Args:
        folder: where `write_vocabularies` wrote.

    Unknown raw ids become 0, and 0 becomes the empty string.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(name="vocabularies")
        self.user_ids, self.item_ids = _ids(folder / USERS), _ids(folder / ITEMS)
        self.item_texts, self.entity_names = _texts(folder / ITEMS), _texts(folder / ENTITY_NAMES)
        self.relation_names = _texts(folder / RELATION_NAMES)
        self.built = True

    def users(self, raw: tf.Tensor) -> tf.Tensor:
        return self._encode(self.user_ids, raw)

    def items(self, raw: tf.Tensor) -> tf.Tensor:
        return self._encode(self.item_ids, raw)

    def raw_items(self, item: tf.Tensor) -> tf.Tensor:
        return self._decode(self.item_texts, item)

    def names(self, entity: tf.Tensor) -> tf.Tensor:
        return self._decode(self.entity_names, entity)

    def relations(self, relation: tf.Tensor) -> tf.Tensor:
        return self._decode(self.relation_names, relation)

    @staticmethod
    def _encode(table: tf.lookup.StaticHashTable, raw: tf.Tensor) -> tf.Tensor:
        return tf.cast(table.lookup(raw) + 1, tf.int32)  # line 0 is id 1; the default -1 becomes 0

    @staticmethod
    def _decode(table: tf.lookup.StaticHashTable, ids: tf.Tensor) -> tf.Tensor:
        return table.lookup(tf.cast(ids, tf.int64) - 1)


def _ids(file: Path) -> tf.lookup.StaticHashTable:
    """Whole line -> line number, -1 for what is not there."""
    whole, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    return tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(str(file), tf.string, whole, tf.int64, number), -1)


def _texts(file: Path) -> tf.lookup.StaticHashTable:
    """Line number -> whole line, "" for what is not there."""
    whole, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    return tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(str(file), tf.int64, number, tf.string, whole), "")
