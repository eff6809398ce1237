"""Click-through prediction on labelled pairs: what training, validation and evaluation need."""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np

from tfkgrec.config import ModelSettings
from tfkgrec.data.records import Dataset
from tfkgrec.data.shards import EVERYBODY, Shard
from tfkgrec.evaluation.ctr import accuracy, auc
from tfkgrec.evaluation.scorers import Scorer
from tfkgrec.models.build import build_model
from tfkgrec.models.mf.settings import MfSettings
from tfkgrec.models.recommender import Recommender
from tfkgrec.models.sum_of_parts import SumOfParts
from tfkgrec.protocols.ctr.baselines import evaluate_baselines
from tfkgrec.protocols.ctr.batches import TrainingBatches
from tfkgrec.protocols.ctr.calibration import calibrate
from tfkgrec.protocols.ctr.evaluate import evaluate_scorer
from tfkgrec.protocols.ctr.evaluate_cold import evaluate_cold
from tfkgrec.protocols.ctr.part_weights import fit_part_weights
from tfkgrec.protocols.ctr.pool import negative_pool
from tfkgrec.protocols.ctr.scorer import ModelScorer
from tfkgrec.protocols.ctr.settings import CtrEvaluation, CtrSplit, CtrTraining
from tfkgrec.protocols.ctr.split import Splits, check_labels, cut
from tfkgrec.protocols.ctr.whole_histories import WholeHistoryBatches
from tfkgrec.tasks.ranking import RankingModel
from tfkgrec.training.backend import seed_everything, use_xla
from tfkgrec.training.contract import Metrics
from tfkgrec.training.trainer import fit

MF_TRAINING = CtrTraining(epochs=150, batch_size=4096, learning_rate=1e-2, calibrate=True)
"""Of the MF baseline: fresh negatives, until validation stalls; it has the run's pool of negatives and decay."""
MF_SETTINGS = (MfSettings(dim=64, l2=1e-2), MfSettings(dim=64, l2=3e-2))
"""Of these the better one on validation is the baseline: one that nobody tuned is none."""


class CtrProtocol:
    """Splits a dataset and makes what training, validation and evaluation need.

    Args:
        splits: None draws them by the seed.

    Raises:
        InputError: a part of the split has only positives or only negatives, or all pairs are rated.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: CtrSplit,
        training: CtrTraining,
        evaluation: CtrEvaluation,
        splits: Splits | None = None,
    ) -> None:
        self.dataset, self.split, self.training, self.evaluation = dataset, split, training, evaluation
        if splits is None:
            dataset.check_unrated()
            splits = cut(dataset, split, training.seed)
            check_labels(dataset, splits)
        self.splits = splits
        if training.negative_pool is None:
            fresh = training.negatives == "fresh"
            pool = negative_pool(splits.popularity, splits.validation) if fresh else "catalogue"
            self.training = dataclasses.replace(training, negative_pool=pool)
        self.test_scores: dict[str, np.ndarray] = {}
        self._scorers: list[tuple[Recommender, int, ModelScorer]] = []

    def task(self, model: Recommender) -> keras.Model:
        return RankingModel(model)

    def batches(self, model: Recommender, shard: Shard = EVERYBODY) -> TrainingBatches:
        newest = self.split.history == "newest" and model.history_length > 0
        kind = TrainingBatches if model.whole_histories is None else WholeHistoryBatches
        users = shard.users(self.dataset.users.keys, self.training.seed)
        histories = "newest" if newest else "random"
        return kind.of(self.splits, model.history_length, shard.share(self.training), histories, users)

    def validate(self, model: Recommender) -> dict[str, float]:
        pairs = self.splits.validation
        score = self.scorer(model).score(pairs.user, pairs.item)
        return {"val_auc": auc(pairs.label, score), "val_acc": accuracy(pairs.label, score)}

    def finalize(self, model: Recommender) -> None:
        """Fit on validation what remains; the model goes on reading the training positives, as test is scored."""
        if isinstance(model, SumOfParts) and len(self.splits.validation):
            fit_part_weights(model, self.splits.validation, use_xla(self.training.jit_compile))
        if self.training.calibrate and len(self.splits.validation):
            calibrate(model, self.scorer(model), self.splits.validation)

    def score_catalogue(self, model: Recommender, user: np.ndarray) -> np.ndarray:
        return self.scorer(model).score_catalogue(user)

    def evaluate(self, model: Recommender) -> Metrics:
        scorer, evaluation = self.scorer(model).as_scorer(), self.evaluation
        found = evaluate_scorer(scorer, self.splits, evaluation.top_k, evaluation.batch_users, scores=self.test_scores)
        if self.splits.cold is not None:
            graph, batch_users = self.dataset.graph, evaluation.batch_users
            found["test"]["cold"] = evaluate_cold(scorer.score_catalogue, self.splits, graph, batch_users)
        return found

    def baselines(self, names: Sequence[str]) -> dict[str, Metrics]:
        extra = {"mf": self._mf()} if "mf" in names else {}
        return evaluate_baselines(self.splits, names, extra, self.evaluation.top_k, self.evaluation.batch_users)

    def scorer(self, model: Recommender) -> ModelScorer:
        """The model as evaluation wants it, compiled once for each of its stages."""
        for known, stage, scorer in self._scorers:
            if known is model and stage == model.stage:
                return scorer
        scorer = ModelScorer(model, use_xla(self.training.jit_compile))
        self._scorers.append((model, model.stage, scorer))
        return scorer

    def _mf(self) -> Scorer:
        trained = [self._trained(settings) for settings in MF_SETTINGS]
        pairs = self.splits.validation
        return max(trained, key=lambda one: auc(pairs.label, one.score(pairs.user, pairs.item)))

    def _trained(self, settings: ModelSettings) -> Scorer:
        own = self.training
        training = dataclasses.replace(
            MF_TRAINING,
            seed=own.seed,
            negative_pool=own.negative_pool,
            learning_rate_decay=own.learning_rate_decay,
        )
        protocol = CtrProtocol(self.dataset, self.split, training, self.evaluation, self.splits)
        seed_everything(own.seed)
        model = build_model(settings, self.dataset, self.splits.train_history, own.seed)
        fit(model, protocol, training, verbose=False)
        protocol.finalize(model)
        return protocol.scorer(model).as_scorer()
