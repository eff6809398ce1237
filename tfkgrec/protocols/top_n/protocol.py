"""Top-N recommendation, split by time: what training, validation and evaluation need."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from tfkgrec.config import EvaluationConfig, PretrainingConfig
from tfkgrec.data.records import Dataset
from tfkgrec.data.shards import EVERYBODY, Shard
from tfkgrec.evaluation.scorers import PartScore
from tfkgrec.kge.pretrain import pretrain
from tfkgrec.models.recommender import Recommender
from tfkgrec.protocols.top_n.baselines import BASELINES, factors
from tfkgrec.protocols.top_n.batches import TimeBatches
from tfkgrec.protocols.top_n.evaluate import METRICS, evaluate_parts, evaluate_top_n
from tfkgrec.protocols.top_n.scorer import CatalogueScorer
from tfkgrec.protocols.top_n.settings import TopNSplit, TopNTraining
from tfkgrec.protocols.top_n.split import TimeSplits, check_asked, cut
from tfkgrec.tasks.ranking import RankingModel
from tfkgrec.training.backend import use_xla
from tfkgrec.training.contract import Metrics

BPR = PretrainingConfig(items="bpr", item_dim=64)


class TopNProtocol:
    """Splits a dataset by time and makes what training, validation and evaluation need.

    Args:
        splits: None cuts them as the settings say.

    Raises:
        InputError: data without times, or too few ratings to hold some out.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: TopNSplit,
        training: TopNTraining,
        evaluation: EvaluationConfig,
        splits: TimeSplits | None = None,
    ) -> None:
        self.dataset, self.training, self.evaluation = dataset, training, evaluation
        if splits is None:
            dataset.check_unrated()
            splits = cut(dataset, split, training.seed)
            check_asked(dataset, splits)
        self.splits: TimeSplits = splits
        self.test_scores: dict[str, np.ndarray] = {}
        self._scorers: list[tuple[Recommender, int, CatalogueScorer]] = []

    def task(self, model: Recommender) -> keras.Model:
        return RankingModel(model)

    def batches(self, model: Recommender, shard: Shard = EVERYBODY) -> TimeBatches:
        training = shard.share(self.training)
        return TimeBatches(
            self.splits,
            training.batch_size,
            training.items_per_user,
            model.history_length,
            training.negatives,
            training.seed,
            training.unknown_user_rate,
            model.pair_inputs,
            shard.users(self.dataset.users.keys, self.training.seed),
        )

    def validate(self, model: Recommender) -> dict[str, float]:
        found = evaluate_top_n(self.scorer(model).score, self.splits, "validation", self.evaluation.batch_users)
        return {f"val_{name}": found["full"][name] for name in ("mrr", *METRICS[:-1])}

    def finalize(self, model: Recommender) -> None:
        """From now on the model reads the users as test knows them (`model_history`), validation ratings included."""
        if model.history_length:
            model.set_table("history", self.splits.model_history.newest(model.history_length))

    def score_catalogue(self, model: Recommender, user: np.ndarray) -> np.ndarray:
        return self.scorer(model).score(user, "test")

    def evaluate(self, model: Recommender) -> Metrics:
        """The full ranking."""
        return evaluate_parts(self.scorer(model).score, self.splits, self.evaluation.batch_users, self.test_scores)

    def baselines(self, names: Sequence[str]) -> dict[str, Metrics]:
        makers: dict[str, Callable[[], PartScore]] = {"bpr": self._bpr}
        makers |= {name: lambda make=make: make(self.splits) for name, make in BASELINES.items()}  # type: ignore[misc]
        batch_users = self.evaluation.batch_users
        return {name: evaluate_parts(makers[name](), self.splits, batch_users) for name in names}

    def scorer(self, model: Recommender) -> CatalogueScorer:
        """The model as evaluation wants it, compiled once for each of its stages."""
        for known, stage, scorer in self._scorers:
            if known is model and stage == model.stage:
                return scorer
        scorer = CatalogueScorer(model, self.splits, use_xla(self.training.jit_compile))
        self._scorers.append((model, model.stage, scorer))
        return scorer

    def _bpr(self) -> PartScore:
        training = self.training

        def vectors(part: str) -> tuple[np.ndarray, np.ndarray]:
            found = pretrain(
                BPR,
                self.dataset,
                self.splits.known(part),
                dim=None,
                item_dim=None,
                seed=training.seed,
                jit_compile=use_xla(training.jit_compile),
                log=lambda line: None,
            )
            if found.user is None or found.item is None:
                raise RuntimeError("BPR should give user and item vectors")
            return found.user, found.item

        return factors(vectors)
