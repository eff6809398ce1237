"""What models have in common whose logit adds up parts that gradients do not touch (layers/part_sum.py)."""

from keras import ops

from tfkgrec.layers.part_sum import PartSum
from tfkgrec.models.in_turn import InTurn
from tfkgrec.models.recommender import Facts, Recommender
from tfkgrec.types import Record, Tensor


class SumOfParts(Recommender):
    """A subclass makes `part_sum` in its constructor, and writes `parts` in the place of `score_items`.

    No epoch trains it: its parts stand when it is built, and what each of them weighs is fitted on validation pairs,
    which no part has seen (protocols/ctr/part_weights.py). Training pairs would not do: parts that were learned from
    them look better there than they are.
    """

    num_stages = 0  # of training by gradients
    part_sum: PartSum

    def parts(self, state: Record, item: Tensor, left_out: Tensor | None = None) -> Tensor:
        """[G, M, P] of items [G, M] for the users of `state`."""
        raise NotImplementedError

    def score_items(
        self, state: Record, item: Tensor, left_out: Tensor | None = None, training: bool = False
    ) -> Tensor:
        return self.part_sum(self.parts(state, item, left_out))

    def reasons(self, user: Tensor, item: Tensor, terms: Tensor, tables: Record | None = None) -> Record:
        """An explanation without the logit, for pairs user [B], item [B].

        Args:
            terms: what every part adds to the logit [B, P], of this model alone or within another sum.
        """
        raise NotImplementedError

    def facts_of(self, user: Tensor, item: Tensor, terms: Tensor, tables: Record | None = None) -> Facts | None:
        """`facts`, by `terms` as in `reasons`."""
        return None

    def facts(self, user: Tensor, item: Tensor, tables: Record | None = None) -> Facts | None:
        return self.facts_of(user, item, self.terms_of_pairs(user, item, tables)[1], tables)

    def history_facts(
        self, user: Tensor, item: Tensor, top: Tensor, tables: Record | None = None, in_turn: InTurn | None = None
    ) -> Facts | None:
        return self.history_facts_of(user, item, top, self.part_sum.share(), tables, in_turn)

    def history_facts_of(
        self,
        user: Tensor,
        item: Tensor,
        top: Tensor,
        share: Tensor,
        tables: Record | None = None,
        in_turn: InTurn | None = None,
    ) -> Facts | None:
        """`history_facts`, by what one of each part adds [P], of this model alone or within another sum."""
        return None

    def parts_keeping(
        self, user: Tensor, item: Tensor, history: Tensor, kept: Tensor, tables: Record | None = None
    ) -> Tensor:
        """The parts [B, M, P] behind `logits_keeping`."""
        raise NotImplementedError

    def logits_keeping(
        self, user: Tensor, item: Tensor, history: Tensor, kept: Tensor, tables: Record | None = None
    ) -> Tensor:
        return self.part_sum(self.parts_keeping(user, item, history, kept, tables))

    def terms_of_pairs(self, user: Tensor, item: Tensor, tables: Record | None = None) -> tuple[Tensor, Tensor]:
        """(logit [B], what every part adds to it [B, P]) of pairs user [B], item [B]."""
        parts = self.parts(self.user_state(user, tables=tables), ops.expand_dims(item, 1))[:, 0]
        return self.part_sum(parts), self.part_sum.terms(parts)
