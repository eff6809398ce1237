"""What comes next: what training, validation and evaluation on whole sequences need."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from tfkgrec.config import EvaluationConfig, PretrainingConfig
from tfkgrec.data.records import Dataset
from tfkgrec.data.shards import EVERYBODY, Shard
from tfkgrec.errors import InputError
from tfkgrec.evaluation.scorers import PartScore
from tfkgrec.kge.pretrain import pretrain
from tfkgrec.models.recommender import Recommender
from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.protocols.sequential.baselines import BASELINES, factors
from tfkgrec.protocols.sequential.batches import SequenceBatches
from tfkgrec.protocols.sequential.evaluate import evaluate_next, evaluate_scorer
from tfkgrec.protocols.sequential.scorer import SequenceScorer
from tfkgrec.protocols.sequential.settings import SequentialSplit, SequentialTraining
from tfkgrec.protocols.sequential.split import SequenceSplits, check_learned, cut
from tfkgrec.tasks.sequential import SequentialModel
from tfkgrec.training.backend import use_xla
from tfkgrec.training.contract import Metrics

BPR = PretrainingConfig(items="bpr", item_dim=64)
WATCHED_USERS = 256  # whose memories are looked into after an epoch


class SequentialProtocol:
    """Cuts a dataset's sequences and makes what training, validation and evaluation need.

    Args:
        splits: None cuts them as the settings say.

    Raises:
        InputError: data without times, or nobody with enough to hold out and to learn from.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: SequentialSplit,
        training: SequentialTraining,
        evaluation: EvaluationConfig,
        splits: SequenceSplits | None = None,
    ) -> None:
        self.dataset, self.training, self.evaluation = dataset, training, evaluation
        if splits is None:
            dataset.check_unrated()
            splits = cut(dataset, split, training.seed)
            check_learned(dataset, splits, training.predict_first)
        self.splits: SequenceSplits = splits
        self.test_scores: dict[str, np.ndarray] = {}
        self._scorers: list[tuple[Recommender, SequenceScorer]] = []

    def task(self, model: Recommender) -> keras.Model:
        return SequentialModel(_sequential(model), self.training.loss)

    def batches(self, model: Recommender, shard: Shard = EVERYBODY) -> SequenceBatches:
        training = shard.share(self.training)
        return SequenceBatches(
            self.splits,
            rows_per_batch=max(1, training.batch_size // model.history_length),
            length=model.history_length,
            loss=training.loss,
            num_negatives=training.num_negatives,
            seed=training.seed,
            predict_first=training.predict_first,
            target=training.target,
            users=shard.users(self.dataset.users.keys, self.training.seed),
            shared_seed=self.training.seed,
        )

    def validate(self, model: Recommender) -> dict[str, float]:
        scorer = self.scorer(model)
        found = evaluate_next(scorer.score, self.splits, "validation", self.evaluation.batch_users)
        figures = {f"val_{name}": found["sampled"][name] for name in ("map", "hit@10", "ndcg@10")}
        watched = self.splits.validation.user[:WATCHED_USERS]
        memory = {f"val_{name}": value for name, value in scorer.memory_figures(watched).items()}
        return {**figures, "val_full_mrr": found["full"]["mrr"], **memory}

    def finalize(self, model: Recommender) -> None:
        """From now on the model reads the users as test knows them (`model_history`), validation items included."""
        model.set_table("history", self.splits.model_history.newest(model.history_length))

    def score_catalogue(self, model: Recommender, user: np.ndarray) -> np.ndarray:
        return self.scorer(model).score(user, "test")

    def evaluate(self, model: Recommender) -> Metrics:
        """Both candidate sets."""
        score, batch_users = self.scorer(model).score, self.evaluation.batch_users
        return evaluate_scorer(score, self.splits, batch_users, scores=self.test_scores)

    def baselines(self, names: Sequence[str]) -> dict[str, Metrics]:
        makers: dict[str, Callable[[], PartScore]] = {"bpr": self._bpr}
        makers |= {name: lambda make=make: make(self.splits) for name, make in BASELINES.items()}  # type: ignore[misc]
        batch_users = self.evaluation.batch_users
        return {name: evaluate_scorer(makers[name](), self.splits, batch_users) for name in names}

    def scorer(self, model: Recommender) -> SequenceScorer:
        """The model as evaluation wants it, compiled once."""
        for known, scorer in self._scorers:
            if known is model:
                return scorer
        jit = use_xla(self.training.jit_compile)
        scorer = SequenceScorer(_sequential(model), self.splits, self.evaluation.batch_users, jit)
        self._scorers.append((model, scorer))
        return scorer

    def _bpr(self) -> PartScore:
        training = self.training
        vectors = pretrain(
            BPR,
            self.dataset,
            self.splits.train_history,
            dim=None,
            item_dim=None,
            seed=training.seed,
            jit_compile=use_xla(training.jit_compile),
            log=lambda line: None,
        )
        if vectors.user is None or vectors.item is None:
            raise RuntimeError("BPR should give user and item vectors")
        return factors(vectors.user, vectors.item)


def _sequential(model: Recommender) -> SequentialRecommender:
    if not isinstance(model, SequentialRecommender):
        raise InputError(f"data.protocol: expected another for a model that reads no sequences ({model.name})")
    return model
