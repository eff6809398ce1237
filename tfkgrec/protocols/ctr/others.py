"""Clicks of other data: what users took later, beside as many items that they did not."""

from collections.abc import Mapping

import numpy as np

from tfkgrec.data.draws import Draws, draws_of
from tfkgrec.data.other_data import OtherData
from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.data.records import Interactions
from tfkgrec.evaluation.scorers import Scorer
from tfkgrec.models.recommender import Recommender
from tfkgrec.protocols.ctr.baselines import BASELINES
from tfkgrec.protocols.ctr.evaluate import evaluate_ctr
from tfkgrec.protocols.ctr.ranking import evaluate_ranking
from tfkgrec.protocols.ctr.scorer import ModelScorer
from tfkgrec.protocols.ctr.settings import CtrEvaluation, CtrSplit, CtrTraining
from tfkgrec.protocols.ctr.split import Splits
from tfkgrec.training.backend import use_xla
from tfkgrec.training.contract import Figures

NOTHING = np.empty(0, np.int32)


class CtrOthers:
    """All new pairs are test. A baseline counts what the run's data hold; its threshold, and so `acc`, is left out."""

    baselines = tuple(BASELINES)

    def __init__(self, other: OtherData, split: CtrSplit, training: CtrTraining, evaluation: CtrEvaluation) -> None:
        self.other, self.training, self.evaluation = other, training, evaluation
        none = Interactions(NOTHING, NOTHING, NOTHING.astype(np.float32))
        test = with_negatives(other, draws_of(other, training.seed, 1))
        self.splits = Splits(none, none, test, other.known, other.num_item_rows)

    @property
    def asked(self) -> np.ndarray:
        return np.unique(self.splits.test.user)

    def model(self, model: Recommender) -> Figures:
        scorer, whom = ModelScorer(model, use_xla(self.training.jit_compile)), self.other.model_user
        return self._judged(
            Scorer(
                lambda user, item: scorer.score(whom[user], item),
                lambda user: scorer.score_catalogue(whom[user]),
                probability=True,
            )
        )

    def baseline(self, name: str) -> Figures:
        return self._judged(BASELINES[name](self.splits))

    def _judged(self, scorer: Scorer) -> Figures:
        threshold = 0.5 if scorer.probability else None
        found: dict[str, float | Mapping[str, float]] = {
            **evaluate_ctr(scorer.score, self.splits, "test", threshold, scorer.probability)
        }
        if self.evaluation.top_k:
            batch_users = self.evaluation.batch_users
            found["full"] = evaluate_ranking(scorer.score_catalogue, self.splits, "test", batch_users)
        return found


def with_negatives(other: OtherData, draws: Draws) -> Interactions:
    """The new positives, and of every user as many items that neither old nor new data hold, as far as there are."""
    liked, touched, rows = other.new.positives, other.touched, other.num_item_rows
    counts = np.bincount(liked.user, minlength=other.known.num_users)
    user, item = draws.negatives(counts, np.unique(pair_keys(touched.user, touched.item, rows)))
    return Interactions(
        np.concatenate([liked.user, user]),
        np.concatenate([liked.item, item]),
        np.concatenate([np.ones(len(liked), np.float32), np.zeros(len(user), np.float32)]),
    )
