"""Protocol C: click-through prediction on labelled pairs."""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np

from tfkgrec.config import Config, MfSettings, TrainingConfig
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.evaluation.ctr import accuracy, auc
from tfkgrec.evaluation.scorers import Scorer
from tfkgrec.models.build import build_model
from tfkgrec.models.recommender import Recommender
from tfkgrec.protocols.ctr.baselines import evaluate_floors
from tfkgrec.protocols.ctr.batches import TrainingBatches
from tfkgrec.protocols.ctr.calibration import calibrate
from tfkgrec.protocols.ctr.evaluate import evaluate_scorer
from tfkgrec.protocols.ctr.scorer import ModelScorer
from tfkgrec.protocols.ctr.split import Splits, protocol_c
from tfkgrec.tasks.ranking import RankingModel
from tfkgrec.training.backend import seed_everything, use_xla
from tfkgrec.training.contract import Metrics
from tfkgrec.training.trainer import fit

MF_FLOOR = TrainingConfig(
    epochs=150, patience=8, batch_size=4096, items_per_user=8, learning_rate=1e-2, negatives="fresh", calibrate=True
)
"""The MF floor: item bias, fresh negatives, until validation stalls; it has the run's pool of negatives and decay."""
MF_SETTINGS = (MfSettings(dim=64, l2=1e-2), MfSettings(dim=64, l2=3e-2))
"""Of these the better one on validation is the floor: a floor that nobody tuned is no floor."""


class ProtocolC:
    """Splits a dataset and makes what training, validation and evaluation need.

    Args:
        splits: None draws them by the config's seed.

    Raises:
        InputError: a part of the split has only positives or only negatives.
    """

    def __init__(self, config: Config, dataset: Dataset, splits: Splits | None = None) -> None:
        self.config, self.dataset = config, dataset
        self.splits = _split(dataset, config.training.seed) if splits is None else splits
        self._scorers: list[tuple[Recommender, int, ModelScorer]] = []

    def task(self, model: Recommender) -> keras.Model:
        return RankingModel(model)

    def batches(self, model: Recommender) -> TrainingBatches:
        return TrainingBatches.of(self.splits, model.history_length, self.config.training)

    def validate(self, model: Recommender) -> dict[str, float]:
        pairs = self.splits.validation
        score = self.scorer(model).score(pairs.user, pairs.item)
        return {"val_auc": auc(pairs.label, score), "val_acc": accuracy(pairs.label, score)}

    def finish(self, model: Recommender) -> None:
        if self.config.training.calibrate:
            calibrate(model, self.scorer(model), self.splits.validation)

    def score_catalogue(self, model: Recommender, user: np.ndarray) -> np.ndarray:
        return self.scorer(model).score_catalogue(user)

    def evaluate(self, model: Recommender, top_k: bool) -> Metrics:
        batch_users = self.config.evaluation.batch_users
        return evaluate_scorer(self.scorer(model).as_scorer(), self.splits, top_k, batch_users)

    def floors(self, names: Sequence[str], top_k: bool) -> dict[str, Metrics]:
        extra = {"mf": self._mf_floor()} if "mf" in names and self.config.model.name != "mf" else {}
        wanted = [name for name in names if name != "mf" or extra]
        return evaluate_floors(self.splits, wanted, extra, top_k, self.config.evaluation.batch_users)

    def scorer(self, model: Recommender) -> ModelScorer:
        """The model as evaluation wants it, compiled once for each of its stages."""
        for known, stage, scorer in self._scorers:
            if known is model and stage == model.stage:
                return scorer
        scorer = ModelScorer(model, use_xla(self.config.training.jit_compile))
        self._scorers.append((model, model.stage, scorer))
        return scorer

    def _mf_floor(self) -> Scorer:
        floors = [self._trained_mf(settings) for settings in MF_SETTINGS]
        pairs = self.splits.validation
        return max(floors, key=lambda floor: auc(pairs.label, floor.score(pairs.user, pairs.item)))

    def _trained_mf(self, settings: MfSettings) -> Scorer:
        own = self.config.training
        training = dataclasses.replace(
            MF_FLOOR,
            seed=own.seed,
            negatives_from=own.negatives_from,
            learning_rate_decay=own.learning_rate_decay,
        )
        config = dataclasses.replace(self.config, model=settings, training=training)
        floor = ProtocolC(config, self.dataset, self.splits)
        seed_everything(own.seed)
        model = build_model(settings, self.dataset, self.splits, own.seed)
        fit(model, floor, training, verbose=False)
        floor.finish(model)
        return floor.scorer(model).as_scorer()


def _split(dataset: Dataset, seed: int) -> Splits:
    splits = protocol_c(dataset, seed)
    for part in ("train", "validation", "test"):
        label = getattr(splits, part).label
        if not 0 < label.sum() < len(label):
            positives = f"{len(dataset.interactions.positives):,}"
            found = f"{int(label.sum())} and {int((1 - label).sum())} among {positives}"
            raise InputError(f"{dataset.name}: expected positives and negatives in the {part} split, found {found}")
    return splits
