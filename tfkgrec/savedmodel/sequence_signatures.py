"""What an exported sequence model answers beside the others' signatures: one more click, without the history again.

The state goes out with every recommendation and comes back with the next click, so a server keeps nothing between
requests:

    state_hidden, state_memory   what the model knows (float32; a model without a memory has only the first, one that
                                 reads its newest items anew with every click has none)
    state_recent                 the newest T raw item ids, "" first: what is not to be recommended again

Zeros and "" are the state of somebody who has touched nothing.
"""

import numpy as np
import tensorflow as tf

from tfkgrec.models.recommender import outputs
from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.savedmodel.ranker import Best
from tfkgrec.savedmodel.signatures import Answer, Signatures, Traceable, taken_of
from tfkgrec.types import Record

PREFIX, RECENT = "state_", "state_recent"


class SequenceSignatures(Signatures):
    """`Signatures` of a `SequentialRecommender`: `recommend` and `recommend_for_history` give the state, too."""

    model: SequentialRecommender

    def functions(self) -> dict[str, Traceable]:
        specs = [tf.TensorSpec([None], tf.string, name="item_id")]
        specs += [tf.TensorSpec([None, self.model.history_length], tf.string, name=RECENT)]
        for name, shape in self.model.state_shapes.items():
            specs.append(tf.TensorSpec([None, *shape], tf.float32, name=PREFIX + name))
        shapes = self.model.state_shapes
        call = self.advance if "memory" in shapes else self.advance_hidden if shapes else self.advance_recent
        return {**super().functions(), "advance": tf.function(call, specs, autograph=False)}

    def zero_state(self, users: int) -> dict[str, np.ndarray]:
        """The state inputs of `advance` for people who have touched nothing."""
        state = {PREFIX + n: np.zeros((users, *s), np.float32) for n, s in self.model.state_shapes.items()}
        return {**state, RECENT: np.full((users, self.model.history_length), "", object)}

    def recommend(self, user_id: tf.Tensor) -> Answer:
        """As in `Signatures`, and the state after the newest T items known of the user (`model_history`)."""
        number, user = self.vocabularies.users(user_id), self._users(user_id)
        state = self.model.user_state(user)

        def best(rows: tuple[tf.Tensor, dict[str, tf.Tensor]]) -> Best:
            return self.ranker.best(self.model.state_class(**rows[1]), self._seen(rows[0]))

        recent = self._newest(self.model.read_table("history", user))
        ranked = self._ranked(best, (number, outputs(state)))
        return {**ranked, **self._about(number, user), **self._outgoing(state, recent)}

    def recommend_for_history(self, history: tf.Tensor) -> Answer:
        """As in `Signatures`, and the state after the newest T known items."""
        item = self.vocabularies.items(history)  # [B, T']
        newest = self._newest(item)
        state = self.model.user_state(tf.zeros([tf.shape(item)[0]], tf.int32), newest)
        known = tf.math.count_nonzero(item, axis=1, dtype=tf.int32)
        return {**self._ranked_for(state, item), "known_items": known, **self._outgoing(state, newest)}

    def advance(
        self, item_id: tf.Tensor, state_recent: tf.Tensor, state_hidden: tf.Tensor, state_memory: tf.Tensor
    ) -> Answer:
        """One more click item_id [B]: the next state, and item_id, item_name, score [B, K] without the recent items.

        An unknown item changes nothing; known_item [B] says so.
        """
        return self._advanced(item_id, state_recent, {"hidden": state_hidden, "memory": state_memory})

    def advance_hidden(self, item_id: tf.Tensor, state_recent: tf.Tensor, state_hidden: tf.Tensor) -> Answer:
        """`advance` of a model without a memory."""
        return self._advanced(item_id, state_recent, {"hidden": state_hidden})

    def advance_recent(self, item_id: tf.Tensor, state_recent: tf.Tensor) -> Answer:
        """`advance` of a model whose state is its newest items."""
        return self._advanced(item_id, state_recent, {})

    def _advanced(self, item_id: tf.Tensor, recent: tf.Tensor, state: dict[str, tf.Tensor]) -> Answer:
        item = self.vocabularies.items(item_id)
        recent = self._newest(tf.concat([self.vocabularies.items(recent), item[:, None]], axis=1))
        if state:
            after = self.model.advance(self.model.state_class(**state), item)
        else:
            after = self.model.user_state(tf.zeros_like(item), recent)
        return {**self._ranked_for(after, recent), "known_item": item > 0, **self._outgoing(after, recent)}

    def _ranked_for(self, state: Record, taken: tf.Tensor) -> Answer:
        """The best items for the users of `state`, without the items taken [B, n]."""

        def best(rows: tuple[dict[str, tf.Tensor], tf.Tensor]) -> Best:
            return self.ranker.best(self.model.state_class(**rows[0]), taken_of(rows[1]))

        return self._ranked(best, (outputs(state), taken))

    def _outgoing(self, state: Record, recent: tf.Tensor) -> Answer:
        outgoing = {PREFIX + name: getattr(state, name) for name in self.model.state_shapes}
        return {**outgoing, RECENT: self.vocabularies.raw_items(recent)}
