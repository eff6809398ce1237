"""What came next in other data: every user's newest item, or session, after all that was known before it."""

import numpy as np

from tfkgrec.config import EvaluationConfig
from tfkgrec.data.draws import draws_of
from tfkgrec.data.other_data import OtherData
from tfkgrec.data.pair_keys import pair_keys
from tfkgrec.errors import InputError
from tfkgrec.models.recommender import Recommender
from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.protocols.sequential.baselines import BASELINES
from tfkgrec.protocols.sequential.evaluate import evaluate_next
from tfkgrec.protocols.sequential.scorer import SequenceScorer
from tfkgrec.protocols.sequential.settings import SequentialSplit, SequentialTraining
from tfkgrec.protocols.sequential.split import DAY, SequenceSplits, draw_targets
from tfkgrec.training.backend import use_xla
from tfkgrec.training.contract import Figures


class SequentialOthers:
    """The newest is test; what new data hold before it is known, beside what the run's data hold.

    Users of whom nothing is known before are not asked.

    Raises:
        InputError: no times, or nobody to ask.
    """

    baselines = tuple(BASELINES)

    def __init__(
        self, other: OtherData, split: SequentialSplit, training: SequentialTraining, evaluation: EvaluationConfig
    ) -> None:
        if other.new.timestamp is None:
            raise InputError("data.columns.timestamp: expected a column with data.protocol sequential, found none")
        self.training, self.evaluation = training, evaluation
        item, time, offsets, known_end = other.in_time()
        begin = _newest_begins(
            time // (DAY * other.times_per_second) if split.next == "session" else np.arange(len(item)),
            offsets,
            known_end,
        )
        asked = np.flatnonzero((begin < offsets[1:]) & (begin > offsets[:-1])).astype(np.int32)
        if not len(asked):
            raise InputError("expected users of whom something is known before what is new, found none")
        touched = np.unique(pair_keys(other.touched.user, other.touched.item, other.num_item_rows))
        counts = np.bincount(other.known.items, minlength=other.num_item_rows)
        draws = draws_of(other, training.seed, 1, 1)
        test = draw_targets(item, asked, begin[asked], offsets[1:][asked], touched, counts, draws)
        rows = other.num_item_rows
        self.splits = SequenceSplits(item, offsets, known_end, begin, test, test, num_item_rows=rows, next=split.next)

    @property
    def asked(self) -> np.ndarray:
        return self.splits.test.user

    def model(self, model: Recommender) -> Figures:
        if not isinstance(model, SequentialRecommender):
            raise InputError(f"data.protocol: expected another for a model that reads no sequences ({model.name})")
        jit = use_xla(self.training.jit_compile)
        scorer = SequenceScorer(model, self.splits, self.evaluation.batch_users, jit)
        return evaluate_next(scorer.score, self.splits, "test", self.evaluation.batch_users)

    def baseline(self, name: str) -> Figures:
        return evaluate_next(BASELINES[name](self.splits), self.splits, "test", self.evaluation.batch_users)


def _newest_begins(session: np.ndarray, offsets: np.ndarray, known_end: np.ndarray) -> np.ndarray:
    """Where the newest session of every user begins, int64 [users]; at the end for users without a new item."""
    user = np.repeat(np.arange(len(known_end)), np.diff(offsets))
    newest = session[np.maximum(offsets[1:] - 1, 0)][user]
    inside = (session == newest) & (np.arange(len(session)) >= known_end[user])
    begin: np.ndarray = offsets[1:] - np.bincount(user[inside], minlength=len(known_end))
    return begin
