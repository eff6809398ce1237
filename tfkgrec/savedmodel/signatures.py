"""What an exported model answers: raw ids in, raw ids, names and probabilities out (docs/signatures.md).

Unknown (cold-start) users have no history and a user vector of zeros (or, with `training.unknown_user_rate`, one
trained for them), which leaves the order of learned popularity. Unknown items get the answer of an item nobody has met.
Both are flagged, never an error.
"""

from collections.abc import Callable
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from tfkgrec.models.contribution import SAMPLES, Contributions, by_orders, contributions
from tfkgrec.models.explain_text import EXPLAINED_BY, SHOWN
from tfkgrec.models.recommender import Recommender, outputs
from tfkgrec.runs.id_files import Seen
from tfkgrec.runtime.signature_defs import CLASSES, CLASSIFY, EXAMPLES, OUTPUTS, REGRESS, SCORES
from tfkgrec.savedmodel.conditions import Conditions
from tfkgrec.savedmodel.needed import needed
from tfkgrec.savedmodel.ranker import Best, Ranker, Rows
from tfkgrec.savedmodel.vocabularies import Vocabularies
from tfkgrec.types import Record

Answer: TypeAlias = dict[str, tf.Tensor]
Traceable: TypeAlias = tf.types.experimental.GenericFunction  # a tf.function with its input signature


def _in_turn(call: Callable[[tf.Tensor], tf.Tensor], times: tf.Tensor) -> tf.Tensor:
    return tf.map_fn(call, tf.range(times), fn_output_signature=tf.float32, parallel_iterations=1)


def _spec(name: str, rank: int = 1) -> tf.TensorSpec:
    return tf.TensorSpec([None] * rank, tf.string, name=name)


CONDITIONS = [_spec("exclude", 2), _spec("only", 2)]


class Signatures(keras.layers.Layer):
    """The signatures of one trained model.

    Args:
        model: built `Recommender` with its weights, which stay as they are.
        vocabularies: its raw ids and names.
        seen: what `recommend` leaves out for every user, and whom training knows.
        k_max: length of the lists; shorter catalogues give shorter lists.
        explained_by: the model's name in the registry, whose template words the outputs of `explain`.
        first_new: number of the first of the items that the model knows by their facts alone, which the others follow;
            answers say of every item whether it is one. None: there are none.
        explain_more: whether there are `explain_shapley` and `needed`, which take as long to load as `explain`.
    """

    def __init__(
        self,
        model: Recommender,
        vocabularies: Vocabularies,
        seen: Seen,
        k_max: int,
        explained_by: str,
        first_new: int | None = None,
        explain_more: bool = False,
    ) -> None:
        super().__init__(name="signatures")
        self.first_new, self.explain_more = first_new, explain_more
        self.model, self.vocabularies, self.explained_by = model, vocabularies, explained_by
        self.k = min(k_max, model.num_items - 1)
        self.seen_offsets = self._constant("seen_offsets", seen.items.offsets)
        self.seen_items = self._constant("seen_items", seen.items.items)
        self.known_users = self._constant("known_users", seen.known.astype(np.int32))
        self.conditions = Conditions(vocabularies, model.num_items)
        tables = model.item_tables()
        self.tables_layout = tf.nest.map_structure(lambda table: table is not None, tables)  # it may be a nest
        self.item_tables = [
            None if table is None else self._constant(f"item_table_{n}", np.asarray(table))
            for n, table in enumerate(tf.nest.flatten(tables))
        ]
        factors = model.item_factors(tables)
        self.ranker = Ranker(model, self.k, None if factors is None else np.asarray(factors))
        self.built = True
        self.reads_history = model.read_history(np.zeros(1, np.int32)) is not None
        self._pair = [_spec("user_id"), _spec("item_id")]
        self._traced_score = tf.function(self.score, self._pair, autograph=False)
        self._traced_explain = tf.function(self.explain, self._pair, autograph=False)

    def functions(self) -> dict[str, Traceable]:
        """Signature name -> tf.function with its input signature."""
        table: dict[str, tuple[Callable[..., Answer], list[tf.TensorSpec]]] = {
            "recommend": (self.recommend, [_spec("user_id")]),
            "recommend_filtered": (self.recommend_filtered, [_spec("user_id"), *CONDITIONS]),
            "rank": (self.rank, [_spec("user_id"), _spec("candidates", 2)]),
            CLASSIFY: (self.classify, [_spec(EXAMPLES)]),
            REGRESS: (self.regress, [_spec(EXAMPLES)]),
        }
        if self.model.requested:
            history = _spec("history", 2)
            table["recommend_for_history"] = (self.recommend_for_history, [history])
            table["recommend_filtered_for_history"] = (self.recommend_filtered_for_history, [history, *CONDITIONS])
        if self.explain_more:
            table["needed"] = (self.needed, self._pair)
        if self.explain_more and self.reads_history:
            table["explain_shapley"] = (self.explain_shapley, [*self._pair, tf.TensorSpec([None], tf.int32, "seed")])
        if self.ranker.factors is not None:
            table["similar"] = (self.similar, [_spec("item_id")])
        # Keras layers need no autograph, and tracing takes half the time without.
        others = {name: tf.function(call, spec, autograph=False) for name, (call, spec) in table.items()}
        return {"serving_default": self._traced_score, "explain": self._traced_explain, **others}

    def score(self, user_id: tf.Tensor, item_id: tf.Tensor) -> Answer:
        """probability [B] that user_id [B] takes item_id [B]; known_user, known_item [B].

        In all answers `new_item`, of the shape of the items, where some are new (`first_new`).
        """
        user, item = self._users(user_id), self.vocabularies.items(item_id)
        logit = self.model.score_items(self._user_state(user), item[:, None])[:, 0]
        known = {"known_user": user > 0, "known_item": item > 0, **self._new(item)}
        return {"probability": self.model.probability(logit), **known}

    def classify(self, inputs: tf.Tensor) -> Answer:
        """classes [B, 2], always "0" and "1", and their scores [B, 2], for serialized tf.Examples of pairs [B]."""
        probability = self._probability_of_examples(inputs)
        classes = tf.tile(tf.constant([["0", "1"]]), [tf.shape(probability)[0], 1])
        return {CLASSES: classes, SCORES: tf.stack([1.0 - probability, probability], axis=1)}

    def regress(self, inputs: tf.Tensor) -> Answer:
        """outputs [B], the probability, for serialized tf.Examples of pairs [B]."""
        return {OUTPUTS: self._probability_of_examples(inputs)}

    def recommend(self, user_id: tf.Tensor) -> Answer:
        """item_id, item_name, score [B, K], best first, without what user_id [B] has taken; known_user [B].

        Where users have names, also user_name [B]; the same in `explain`.
        """
        number, user = self.vocabularies.users(user_id), self._users(user_id)

        def best(rows: tuple[tf.Tensor, tf.Tensor]) -> Best:
            return self.ranker.best(self._user_state(rows[1]), self._seen(rows[0]))

        return {**self._ranked(best, (number, user)), **self._about(number, user)}

    def recommend_for_history(self, history: tf.Tensor) -> Answer:
        """The same for people known only by the items they liked, history [B, T'] oldest first, "" pads.

        The newest T that the model knows are read (all, where it reads whole histories), all are left out; known_items
        [B] counts the known ones.
        """
        item = self.vocabularies.items(history)  # [B, T']
        known = tf.math.count_nonzero(item, axis=1, dtype=tf.int32)
        newest = self._newest(item)

        def best(rows: tuple[tf.Tensor, tf.Tensor]) -> Best:
            return self.ranker.best(self._stranger_state(rows[0]), taken_of(rows[1]))

        return {**self._ranked(best, (newest, item)), "known_items": known}

    def recommend_filtered(self, user_id: tf.Tensor, exclude: tf.Tensor, only: tf.Tensor) -> Answer:
        """As `recommend`, without the items that `exclude` [B, E] names, among those that `only` [B, F] names.

        known_conditions [B] counts what was understood of both.
        """
        number, user = self.vocabularies.users(user_id), self._users(user_id)

        def best(rows: tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]) -> Best:
            return self.ranker.best(self._user_state(rows[1]), self._seen(rows[0]), self._allowed(rows[2], rows[3]))

        ranked = self._ranked(best, (number, user, exclude, only))
        return {**ranked, **self._about(number, user), **self.conditions.known(exclude, only)}

    def recommend_filtered_for_history(self, history: tf.Tensor, exclude: tf.Tensor, only: tf.Tensor) -> Answer:
        """The same for a history, as `recommend_for_history` has it."""
        item = self.vocabularies.items(history)

        def best(rows: tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]) -> Best:
            return self.ranker.best(self._stranger_state(rows[0]), taken_of(rows[1]), self._allowed(rows[2], rows[3]))

        known = tf.math.count_nonzero(item, axis=1, dtype=tf.int32)
        ranked = self._ranked(best, (self._newest(item), item, exclude, only))
        return {**ranked, "known_items": known, **self.conditions.known(exclude, only)}

    def rank(self, user_id: tf.Tensor, candidates: tf.Tensor) -> Answer:
        """score [B, M], the probability that user_id [B] takes each of candidates [B, M], the user's work done once.

        known_user [B], known_item [B, M]; "" pads, and has score 0.
        """
        user, item = self._users(user_id), self.vocabularies.items(candidates)
        score = self.model.probability(self.model.score_items(self._user_state(user), item))
        known = {"known_user": user > 0, "known_item": item > 0, **self._new(item)}
        return {"score": tf.where(candidates == "", 0.0, score), **known}

    def similar(self, item_id: tf.Tensor) -> Answer:
        """item_id, item_name, score [B, K]: the items whose vectors are most like those of item_id [B], by the cosine.

        known_item [B]; where it is false there is no list.
        """
        item = self.vocabularies.items(item_id)
        return {**self._ranked(self.ranker.most_like, item, lambda cosine: cosine), "known_item": item > 0}

    def explain(self, user_id: tf.Tensor, item_id: tf.Tensor) -> Answer:
        """What the model's `explain` gives and what the score owes to whom (`models/contribution.py`), with raw ids
        and names, and which model says so; see there.
        """
        number, user = self.vocabularies.users(user_id), self._users(user_id)
        item, tables = self.vocabularies.items(item_id), self._tables()
        owed = contributions(self.model, user, item, tables, _in_turn)
        answer = outputs(self.model.explain(user, item, tables)) | outputs(owed)
        named: Answer = {"probability": self.model.probability(answer.pop("logit"))}
        for key, value in answer.items():
            # Ids are named by what they end in: an item has a raw id and a name, entities and relations a name.
            if key.endswith("_item"):
                named[key] = self.vocabularies.raw_items(value)
                named[key.removesuffix("item") + "name"] = self.vocabularies.names(value)
            elif key.endswith("_entity"):
                named[key] = self.vocabularies.names(value)
            elif key.endswith("_relation"):
                named[key] = self.vocabularies.relations(value)
            else:
                named[key] = value
        flags = {"item_name": self.vocabularies.names(item), **self._about(number, user), "known_item": item > 0}
        return {**named, **flags, **self._new(item), EXPLAINED_BY: tf.fill(tf.shape(user), self.explained_by)}

    def explain_shapley(self, user_id: tf.Tensor, item_id: tf.Tensor, seed: tf.Tensor) -> Answer:
        """`explain`, what the score owes to items by Shapley values over orders that seed [B] draws.

        With contribution_error [B, T], the standard error of each.
        """
        user, item = self._users(user_id), self.vocabularies.items(item_id)
        answer, tables = self._traced_explain(user_id, item_id), self._tables()
        fields = ("contribution", "contribution_probability", "contribution_error")

        def one(row: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
            user, item, history, contribution, seed = row
            drawn = tf.random.stateless_uniform([SAMPLES, tf.size(history)], tf.stack([seed, 0]))
            by_one = Contributions(history[None], contribution[None], contribution[None])
            place = tf.argsort(drawn, axis=1)
            found = by_orders(self.model, user[None], item[None], by_one, place, tables, _in_turn)
            return tuple(getattr(found, name)[0] for name in fields)

        rows = (user, item, self.model.read_history(user), answer["contribution"], seed)
        spec = (tf.TensorSpec([None], tf.float32),) * len(fields)
        found = tf.map_fn(one, rows, fn_output_signature=spec, parallel_iterations=1)
        return {**answer, **dict(zip(fields, found, strict=True))}

    def needed(self, user_id: tf.Tensor, item_id: tf.Tensor) -> Answer:
        """Without which items of the history item_id [B] would not be among the first of user_id [B].

        rank [B] among what the user has not taken, 1 the first, 0: of what training does not know; needed_item,
        needed_name [B, T], "" pads; see savedmodel/needed.py.
        """
        number, item = self.vocabularies.users(user_id), self.vocabularies.items(item_id)
        user, tables = self._users(user_id), self._tables()
        history, contribution = tf.zeros_like(user)[:, None], tf.zeros_like(user, tf.float32)[:, None]
        if self.reads_history:  # otherwise nothing of it is needed
            history = self.model.read_history(user)
            contribution = self._traced_explain(user_id, item_id)["contribution"]

        def one(row: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
            number, user, item, history, contribution = row
            taken = self._seen(number[None]).flat_values

            def rank(kept: tf.Tensor) -> tf.Tensor:
                if self.reads_history:
                    state = self.model.state_keeping(user[None], history[None], kept[None], tables)
                else:
                    state = self._user_state(user[None])
                logits = self.ranker.logits(state)
                own = logits[item]
                logits = tf.tensor_scatter_nd_update(logits, taken[:, None], tf.fill(tf.shape(taken), -np.inf))
                return 1 + tf.math.count_nonzero(logits > own, dtype=tf.int32)

            first, gone = needed(rank, contribution, SHOWN)
            known = tf.cast((user > 0) & (item > 0), tf.int32)
            return first * known, tf.where(gone, history, 0) * known

        rows = (number, user, item, history, contribution)
        spec = (tf.TensorSpec([], tf.int32), tf.TensorSpec([None], tf.int32))
        first, found = tf.map_fn(one, rows, fn_output_signature=spec, parallel_iterations=1)
        order = tf.argsort(tf.cast(found == 0, tf.int32), axis=1, stable=True)  # to the front
        found = tf.gather(found, order, batch_dims=1)
        names = {"needed_item": self.vocabularies.raw_items(found), "needed_name": self.vocabularies.names(found)}
        return {"rank": first, **names}

    def _user_state(self, user: tf.Tensor, history: tf.Tensor | None = None) -> Record:
        """The model's `user_state`."""
        return self.model.user_state(user, history, self._tables())

    def _stranger_state(self, history: tf.Tensor) -> Record:
        """That of people known by their histories [B, T] alone."""
        return self._user_state(tf.zeros(tf.shape(history)[:1], tf.int32), history)

    def _allowed(self, exclude: tf.Tensor, only: tf.Tensor) -> tf.Tensor:
        """bool [B, num_items]."""
        spec = tf.TensorSpec([self.model.num_items], tf.bool)
        return tf.map_fn(lambda row: self.conditions.allowed(*row), (exclude, only), fn_output_signature=spec)

    def _tables(self) -> Record | None:
        """What depends on items alone, worked out when the export was made; None for a model without it."""
        leaves = (None if table is None else tf.convert_to_tensor(table) for table in self.item_tables)
        return tf.nest.pack_sequence_as(self.tables_layout, list(leaves))

    def _probability_of_examples(self, inputs: tf.Tensor) -> tf.Tensor:
        """[B], as `score` gives it; an Example without its two features, one text each, is refused by the runtime."""
        text = tf.io.FixedLenFeature([], tf.string)
        pairs = tf.io.parse_example(inputs, {"user_id": text, "item_id": text})
        return self._traced_score(pairs["user_id"], pairs["item_id"])["probability"]

    def _users(self, user_id: tf.Tensor) -> tf.Tensor:
        """Inner ids [B]; 0 also for users of the dataset of whom training saw no positive, so knows nothing."""
        user = self.vocabularies.users(user_id)
        return user * tf.gather(tf.convert_to_tensor(self.known_users), user)

    def _about(self, number: tf.Tensor, user: tf.Tensor) -> Answer:
        """Whether training knows users [B], and the names of those that the data hold (`number`)."""
        return {"known_user": user > 0, **self.vocabularies.names_of_users(number)}

    def _new(self, item: tf.Tensor) -> Answer:
        """new_item, of the shape of `item`, where there are new ones."""
        return {} if self.first_new is None else {"new_item": item >= self.first_new}

    def _seen(self, number: tf.Tensor) -> tf.RaggedTensor:
        """What the data hold of the users of those numbers [B], whether training knows them or not."""
        offsets = tf.convert_to_tensor(self.seen_offsets)
        places = tf.ragged.range(tf.gather(offsets, number), tf.gather(offsets, number + 1))
        return places.with_flat_values(tf.gather(tf.convert_to_tensor(self.seen_items), places.flat_values))

    def _newest(self, item: tf.Tensor) -> tf.Tensor:
        """The newest T known items of item [B, T'], oldest first, 0-padded on the left: [B, T]; all: [B, T' + 1]."""
        order = tf.argsort(tf.cast(item > 0, tf.int32), axis=1, stable=True)  # the known ones move to the right
        if self.model.whole_histories is not None:
            return tf.pad(tf.gather(item, order, batch_dims=1), [[0, 0], [1, 0]])  # never without a column
        length = self.model.requested
        newest = tf.pad(tf.gather(item, order, batch_dims=1), [[0, 0], [length, 0]])[:, -length:]
        return tf.ensure_shape(newest, [None, length])

    def _ranked(
        self, best: Callable[[Rows], Best], users: Rows, as_score: Callable[[tf.Tensor], tf.Tensor] | None = None
    ) -> Answer:
        """The catalogue ranked for the users, some at a time.

        Args:
            as_score: what becomes of the figures that `best` ranks by; None: probabilities.
        """
        item, logit = self.ranker.in_blocks(best, users)
        there = tf.math.is_finite(logit)
        item = tf.where(there, item, 0)
        score = tf.where(there, (as_score or self.model.probability)(logit), 0.0)
        return {
            "item_id": self.vocabularies.raw_items(item),
            "item_name": self.vocabularies.names(item),
            "score": score,
            **self._new(item),
        }

    def _constant(self, name: str, values: np.ndarray) -> keras.Variable:
        dtype = "float32" if values.dtype.kind == "f" else "int32"
        variable = self.add_weight(shape=values.shape, dtype=dtype, trainable=False, initializer="zeros", name=name)
        variable.assign(values)
        return variable


def taken_of(item: tf.Tensor) -> tf.RaggedTensor:
    """Items [B, n] as `Ranker.best` has them."""
    return tf.RaggedTensor.from_tensor(item, row_splits_dtype=tf.int32)
