"""The text side of a trained model inside the graph; the run's vocabulary files become assets of an export."""

from pathlib import Path

import keras
import tensorflow as tf

from tfkgrec.runs.id_files import (
    ENTITY_NAMES,
    ESCAPE,
    ESCAPES,
    FACTS,
    ITEMS,
    RELATION_NAMES,
    USER_NAMES,
    USERS,
    read_fact_items,
)


class Vocabularies(keras.layers.Layer):
    """Raw ids to inner ids, inner ids to raw ids and names, inside the graph.

    Args:
        folder: where `write_vocabularies` wrote.

    Unknown raw ids become 0, and 0 becomes the empty string. Texts are put into lines, and lines into texts, in the
    graph, but only where some text is not its own line: most runs have none.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(name="vocabularies")
        self.user_ids, self.item_ids = _ids(folder / USERS), _ids(folder / ITEMS)
        self.item_texts, self.entity_names = _texts(folder / ITEMS), _texts(folder / ENTITY_NAMES)
        relations = folder / RELATION_NAMES
        self.relation_names = _texts(relations) if relations.stat().st_size else None  # without triples there are none
        self.user_names = _texts(folder / USER_NAMES) if (folder / USER_NAMES).exists() else None
        self.fact_items = read_fact_items(folder)
        self.fact_ids = _ids(folder / FACTS) if len(self.fact_items.items) else None
        files = (folder / name for name in (USERS, ITEMS, ENTITY_NAMES, RELATION_NAMES, USER_NAMES, FACTS))
        self.escaped = any(ESCAPE.encode() in file.read_bytes() for file in files if file.exists())
        self.built = True

    @property
    def tables(self) -> list[tf.lookup.StaticHashTable]:
        """All of them; their files are the assets of an export."""
        tables = [self.user_ids, self.item_ids, self.item_texts, self.entity_names]
        others = (self.relation_names, self.user_names, self.fact_ids)
        return [*tables, *(table for table in others if table is not None)]

    def users(self, raw: tf.Tensor) -> tf.Tensor:
        return self._encode(self.user_ids, raw)

    def names_of_users(self, user: tf.Tensor) -> dict[str, tf.Tensor]:
        """`user_name` of inner ids, where users have names."""
        return {} if self.user_names is None else {"user_name": self._decode(self.user_names, user)}

    def items(self, raw: tf.Tensor) -> tf.Tensor:
        return self._encode(self.item_ids, raw)

    def facts(self, text: tf.Tensor) -> tf.Tensor:
        """Numbers of facts such as "genre=Drama"; 0 for what is none of an item."""
        return tf.zeros_like(text, tf.int32) if self.fact_ids is None else self._encode(self.fact_ids, text)

    def raw_items(self, item: tf.Tensor) -> tf.Tensor:
        return self._decode(self.item_texts, item)

    def names(self, entity: tf.Tensor) -> tf.Tensor:
        return self._decode(self.entity_names, entity)

    def relations(self, relation: tf.Tensor) -> tf.Tensor:
        if self.relation_names is None:
            return tf.fill(tf.shape(relation), "")
        return self._decode(self.relation_names, relation)

    def _encode(self, table: tf.lookup.StaticHashTable, raw: tf.Tensor) -> tf.Tensor:
        if self.escaped:
            for letter, written in ESCAPES:
                raw = tf.strings.regex_replace(raw, letter, written)
        return tf.cast(table.lookup(raw) + 1, tf.int32)  # line 0 is id 1; the default -1 becomes 0

    def _decode(self, table: tf.lookup.StaticHashTable, ids: tf.Tensor) -> tf.Tensor:
        text = table.lookup(tf.cast(ids, tf.int64) - 1)
        if self.escaped:
            for letter, written in reversed(ESCAPES):
                text = tf.strings.regex_replace(text, written, letter)
        return text


def _ids(file: Path) -> tf.lookup.StaticHashTable:
    """Whole line -> line number, -1 for what is not there."""
    whole, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    return tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(str(file), tf.string, whole, tf.int64, number), -1)


def _texts(file: Path) -> tf.lookup.StaticHashTable:
    """Line number -> whole line, "" for what is not there."""
    whole, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    return tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(str(file), tf.int64, number, tf.string, whole), "")
