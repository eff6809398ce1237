"""Later ratings of other data: which of all items did users rate since?"""

import numpy as np

from tfkgrec.config import EvaluationConfig
from tfkgrec.data.other_data import OtherData
from tfkgrec.models.recommender import Recommender
from tfkgrec.protocols.top_n.baselines import BASELINES
from tfkgrec.protocols.top_n.evaluate import evaluate_top_n
from tfkgrec.protocols.top_n.scorer import CatalogueScorer
from tfkgrec.protocols.top_n.settings import TopNSplit, TopNTraining
from tfkgrec.protocols.top_n.split import TimeSplits
from tfkgrec.training.backend import use_xla
from tfkgrec.training.contract import Figures


class TopNOthers:
    """All new ratings are test, whatever the run's data hold is known."""

    baselines = tuple(BASELINES)

    def __init__(
        self, other: OtherData, split: TopNSplit, training: TopNTraining, evaluation: EvaluationConfig
    ) -> None:
        self.other, self.training, self.evaluation = other, training, evaluation
        item, _, offsets, known_end = other.in_time()
        thinned = np.zeros(other.known.num_users, bool)
        self.splits = TimeSplits(item, offsets, known_end, known_end, thinned, other.num_item_rows)

    @property
    def asked(self) -> np.ndarray:
        return np.unique(self.splits.test.user)

    def model(self, model: Recommender) -> Figures:
        jit = use_xla(self.training.jit_compile)
        scorer = CatalogueScorer(model, self.splits, jit, self.other.model_user)
        return evaluate_top_n(scorer.score, self.splits, "test", self.evaluation.batch_users)

    def baseline(self, name: str) -> Figures:
        return evaluate_top_n(BASELINES[name](self.splits), self.splits, "test", self.evaluation.batch_users)
