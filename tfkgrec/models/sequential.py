"""What a sequence model offers beside a `Recommender`: a score at every position, and one more click without replay."""

from typing import ClassVar, Literal

import numpy as np
from keras import ops

from tfkgrec.models.factors import item_side, user_side
from tfkgrec.models.recommender import Recommender
from tfkgrec.types import Record, Tensor


class SequentialRecommender(Recommender):
    """A model whose score is a product, <query of the user, output vector of the item> + bias of the item.

    A subclass writes `queries`, `item_outputs`, `item_biases`, `advance` and `zero_state` (beside `user_state` and
    `explain`). The state holds the tensors named in `state_shapes`, all that `advance` needs, and query [G, d]; those
    that a model does without are None. Without any in `state_shapes` the newest T items are all that it needs.

    Call arguments for training, one row a sequence: history [B, T], 0 pads and changes nothing; positive [B, T], the
    item after each; negative [B, T, K], or [N] for all positions, or absent: all items.
    Output then: logit [B, T, 1 + K or N], the positive first; without `negative` [B, T, num_items - 1], all items.
    """

    state_class: ClassVar[type]  # of what `user_state` returns; every field but the first may be left away
    state_shapes: dict[str, tuple[int, ...]]  # name -> shape without the batch

    def queries(self, history: Tensor, training: bool = False) -> Tensor:
        """What the user looks for after each step [B, T, d] of history [B, T]; step t knows items up to t only."""
        raise NotImplementedError

    def item_outputs(self, item: Tensor | None = None) -> Tensor:
        """Vectors [*item.shape, d] that queries are multiplied with; None: of the whole table [num_items, d]."""
        raise NotImplementedError

    def item_biases(self, item: Tensor | None = None) -> Tensor:
        """What is added to an item's score [*item.shape]; None: of the whole table [num_items]."""
        raise NotImplementedError

    def advance(self, state: Record, item: Tensor) -> Record:
        """The state after one more item [G]: what `user_state` gives for the longer history, without reading it again.

        Item 0 leaves the state as it is.
        """
        raise NotImplementedError

    def zero_state(self, users: int) -> Record:
        """The state of somebody without a history."""
        raise NotImplementedError

    def memory_figures(self, history: Tensor) -> dict[str, Tensor]:
        """What is worth watching while a model with a memory trains: name -> scalar; others have nothing."""
        return {}

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        if "positive" not in inputs:
            return super().call(inputs, training)
        query = self.queries(inputs["history"], training)
        return self._position_logits(query, inputs["positive"], inputs.get("negative"))

    def score_items(
        self, state: Record, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        return self._product(ops.expand_dims(state.query, 1), item)

    @property
    def product(self) -> Literal["", "part", "whole"]:
        return "whole"

    def item_factors(self, tables: Record | None = None) -> Tensor:
        return item_side(self.item_outputs(), self.item_biases())

    def user_factors(self, state: Record) -> Tensor:
        return user_side(state.query)

    def _product(self, query: Tensor, item: Tensor) -> Tensor:
        """Scores [*item.shape] of items for queries that broadcast against [*item.shape, d]."""
        if all(size is not None for size in item.shape) and int(np.prod(item.shape)) > self.num_items:
            outputs = ops.take(self.item_outputs(), item, axis=0)  # the whole table is the smaller number of rows
        else:
            outputs = self.item_outputs(item)
        return ops.sum(outputs * query, axis=-1) + self.item_biases(item)

    def _position_logits(self, query: Tensor, positive: Tensor, negative: Tensor | None) -> Tensor:
        if negative is None:
            return (ops.matmul(query, ops.transpose(self.item_outputs())) + self.item_biases())[..., 1:]
        if len(negative.shape) == 3:
            item = ops.concatenate([ops.expand_dims(positive, -1), negative], axis=-1)  # [B, T, 1 + K]
            return self._product(ops.expand_dims(query, -2), item)
        own = ops.expand_dims(self._product(query, positive), -1)
        others = ops.matmul(query, ops.transpose(self.item_outputs(negative))) + self.item_biases(negative)
        hit = ops.equal(ops.expand_dims(positive, -1), negative)  # a shared negative may be a row's own positive
        return ops.concatenate([own, ops.where(hit, -1e9, others)], axis=-1)
