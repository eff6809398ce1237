"""What one asks of a model, whoever answers: a server, or a model in this process."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from tfkgrec.client.calls import LEAVE_ONE_OUT, Call, Calls, Conditions, Ids, Recommendations, Result


class Questions(ABC):
    """The calls of `Client`. Ids are texts; whole numbers are taken for the texts that they are written as."""

    model: str
    _calls: Calls

    def recommend(self, users: Ids, k: int = 10) -> Recommendations:
        """The best items for each user [B], those of their history left out; `known`: the users the model has.

        An export ranks a fixed number of items: at most that many come, whatever `k`.
        """
        return self._run(self._calls.recommend(users, k))

    def recommend_for_history(self, histories: Iterable[Ids], k: int = 10) -> Recommendations:
        """The best `k` items for B people known by the items they liked, oldest first; lengths may differ.

        `known` counts the items of each history that the model has.
        """
        return self._run(self._calls.recommend_for_history(histories, k))

    def recommend_filtered(
        self, users: Ids, k: int = 10, exclude: Conditions = (), only: Conditions = ()
    ) -> Recommendations:
        """As `recommend`, without the items that `exclude` names, and among those that `only` names, if it names any.

        A condition is the raw id of an item or a fact of items, such as "genre=Drama"; one of several is enough. They
        are a list for all users, or a list for each.
        """
        return self._run(self._calls.recommend_filtered(users, k, exclude, only))

    def recommend_filtered_for_history(
        self, histories: Iterable[Ids], k: int = 10, exclude: Conditions = (), only: Conditions = ()
    ) -> Recommendations:
        """`recommend_for_history` with the conditions of `recommend_filtered`."""
        return self._run(self._calls.recommend_filtered_for_history(histories, k, exclude, only))

    def rank(self, users: Ids, candidates: Iterable[Ids]) -> np.ndarray:
        """Probabilities [B, M] float32 that each user takes each of their own candidates; a shorter list ends in 0.

        As `score` gives them, but what has to be worked out for a user is worked out once.
        """
        return self._run(self._calls.rank(users, candidates))

    def similar(self, items: Ids, k: int = 10) -> Recommendations:
        """The items most like each of B items, by the cosine (`score`) of the model's vectors.

        `known`: whether the model has the item. For models that have vectors of items.
        """
        return self._run(self._calls.similar(items, k))

    def score(self, users: Ids, items: Ids) -> np.ndarray:
        """Probability [B] float32 that each user likes the item beside them."""
        return self._run(self._calls.score(users, items))

    def explain(self, users: Ids, items: Ids, method: str = LEAVE_ONE_OUT, seed: int = 0) -> dict[str, np.ndarray]:
        """All outputs of the model's `explain` signature for B pairs; strings as str objects.

        Args:
            method: what `contribution` is: "leave_one_out" or "shapley", sampled, with its `contribution_error`.
            seed: of the orders that shapley draws.
        """
        return self._run(self._calls.explain(users, items, method, seed))

    def needed(self, users: Ids, items: Ids) -> dict[str, np.ndarray]:
        """Without which items of their history B users would not be shown an item among the first ten.

        `rank` int32 [B] of the item among what each has not taken, 0: of what training does not know; `needed_item`,
        `needed_name` [B, T], "" pads: none where it is not among the first anyway, or stays there without them.
        """
        return self._run(self._calls.needed(users, items))

    def advance(self, state: Mapping[str, ArrayLike], items: Ids, k: int = 10) -> Recommendations:
        """B people, each in a state, have taken one more item each: what to recommend now, and their next state.

        For sequence models. `state` is that of the last answer, of any of the three, or of `new_state`; the server
        keeps none. `known`: whether the model has the item; one that it has not changes nothing.
        """
        return self._run(self._calls.advance(state, items, k))

    def predict(self, signature: str, inputs: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
        """Call any signature; its outputs by name."""
        return self._run(self._calls.predict(signature, inputs))

    @abstractmethod
    def _run(self, call: Call[Result]) -> Result:
        """The answer to a call."""
