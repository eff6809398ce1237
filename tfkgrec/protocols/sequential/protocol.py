"""Protocol S: what comes next, learned from and asked about whole sequences."""

from collections.abc import Callable, Sequence
from typing import cast

import keras
import numpy as np
import tensorflow as tf

from tfkgrec.config import Config, KsrSettings, PretrainingConfig
from tfkgrec.data.history import newest
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.kge.pretrain import fit_items
from tfkgrec.models.recommender import Recommender
from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.protocols.sequential.baselines import FLOORS, factors
from tfkgrec.protocols.sequential.batches import SequenceBatches
from tfkgrec.protocols.sequential.evaluate import PartScore, evaluate_next, evaluate_scorer
from tfkgrec.protocols.sequential.split import SequenceSplits, protocol_s
from tfkgrec.tasks.sequential import SequentialModel
from tfkgrec.training.backend import use_xla
from tfkgrec.training.contract import Metrics

BPR, BPR_DIM = PretrainingConfig(items="bpr"), 64
WATCHED_USERS = 256  # whose memories are looked into after an epoch


class ProtocolS:
    """Cuts a dataset's sequences and makes what training, validation and evaluation need.

    Raises:
        InputError: settings that do not go with it.
    """

    def __init__(self, config: Config, dataset: Dataset) -> None:
        _check(config)
        self.config, self.dataset = config, dataset
        self.splits: SequenceSplits = protocol_s(dataset, config.training.seed, config.data.next or "item")
        self._scorers: list[tuple[Recommender, SequenceScorer]] = []

    def task(self, model: Recommender) -> keras.Model:
        return SequentialModel(_sequential(model), self.config.training.loss)

    def batches(self, model: Recommender) -> SequenceBatches:
        training = self.config.training
        return SequenceBatches(
            self.splits,
            rows_per_batch=max(1, training.batch_size // model.history_length),
            length=model.history_length,
            loss=training.loss,
            num_negatives=training.num_negatives,
            seed=training.seed,
            predict_first=training.predict_first,
            predict=training.predict,
        )

    def validate(self, model: Recommender) -> dict[str, float]:
        scorer = self.scorer(model)
        found = evaluate_next(scorer.score, self.splits, "validation", self.config.evaluation.batch_users)
        figures = {f"val_{name}": found["sampled"][name] for name in ("map", "hit@10", "ndcg@10")}
        watched = self.splits.validation.user[:WATCHED_USERS]
        memory = {f"val_{name}": value for name, value in scorer.memory_figures(watched).items()}
        return {**figures, "val_full_mrr": found["full"]["mrr"], **memory}

    def finish(self, model: Recommender) -> None:
        """From now on the model reads the users as test knows them (`History.served`)."""
        model.set_table("history", newest(*self.splits.served, model.history_length))

    def score_catalogue(self, model: Recommender, user: np.ndarray) -> np.ndarray:
        return self.scorer(model).score(user, "test")

    def evaluate(self, model: Recommender, top_k: bool) -> Metrics:
        """Both candidate sets, whatever `top_k` says."""
        return evaluate_scorer(self.scorer(model).score, self.splits, self.config.evaluation.batch_users)

    def floors(self, names: Sequence[str], top_k: bool) -> dict[str, Metrics]:
        makers: dict[str, Callable[[], PartScore]] = {"bpr": self._bpr_floor}
        makers |= {name: lambda make=make: make(self.splits) for name, make in FLOORS.items()}  # type: ignore[misc]
        batch_users = self.config.evaluation.batch_users
        return {name: evaluate_scorer(makers[name](), self.splits, batch_users) for name in names}

    def scorer(self, model: Recommender) -> "SequenceScorer":
        """The model as evaluation wants it, compiled once."""
        for known, scorer in self._scorers:
            if known is model:
                return scorer
        jit = use_xla(self.config.training.jit_compile)
        scorer = SequenceScorer(_sequential(model), self.splits, self.config.evaluation.batch_users, jit)
        self._scorers.append((model, scorer))
        return scorer

    def _bpr_floor(self) -> PartScore:
        seed, jit_compile = self.config.training.seed, use_xla(self.config.training.jit_compile)
        model, _ = fit_items(BPR, self.dataset, self.splits, BPR_DIM, seed, jit_compile, log=lambda line: None)
        return factors(*model.vectors())


class SequenceScorer:
    """A trained model's scores of the catalogue, for users by their histories, `batch_users` at a time."""

    def __init__(self, model: SequentialRecommender, splits: SequenceSplits, batch_users: int, jit: bool) -> None:
        self.model, self.splits, self.batch_users = model, splits, batch_users
        spec = tf.TensorSpec([batch_users, model.history_length], tf.int32)

        @tf.function(input_signature=[spec], jit_compile=jit)
        def forward(history: tf.Tensor) -> tf.Tensor:
            query = model.user_state(tf.zeros([batch_users], tf.int32), history)["query"]
            return tf.matmul(query, model.item_outputs()[1:], transpose_b=True) + model.item_biases()[1:]

        @tf.function(input_signature=[spec], jit_compile=jit)
        def figures(history: tf.Tensor) -> dict[str, tf.Tensor]:
            return model.memory_figures(history)

        self._forward, self._figures = forward, figures

    def score(self, user: np.ndarray, part: str) -> np.ndarray:
        """Scores float32 [G, num_items] of users [G] who are asked for `part`; column j is item j + 1."""
        pieces = []
        for first in range(0, len(user), self.batch_users):
            some = user[first : first + self.batch_users]
            pieces.append(self._forward(self._histories(some, part)).numpy()[: len(some)])
        return np.concatenate(pieces)

    def memory_figures(self, user: np.ndarray) -> dict[str, float]:
        """Averages over a batch of users, of their memories before the validation item."""
        if "memory" not in self.model.state_shapes:
            return {}
        some = np.resize(user, self.batch_users)
        return {name: float(value) for name, value in self._figures(self._histories(some, "validation")).items()}

    def _histories(self, user: np.ndarray, part: str) -> np.ndarray:
        filled = np.pad(user, (0, self.batch_users - len(user)), mode="edge")
        return self.splits.histories(part, filled, self.model.history_length)


def _check(config: Config) -> None:
    model, pretraining = cast(KsrSettings, config.model), config.pretraining  # Config lets no other model in
    if config.training.calibrate:
        raise InputError("training.calibrate: expected false with data.protocol S, which ranks, found true")
    items = pretraining is not None and (pretraining.items is not None or pretraining.vectors is not None)
    if not items and not model.train_items:
        raise InputError(
            "model.train_items: expected true without pretraining.items, found false: random vectors, fixed"
        )
    knowledge = pretraining is not None and (pretraining.knowledge is not None or pretraining.vectors is not None)
    if not knowledge and not model.train_knowledge and model.knowledge != "none":
        raise InputError(
            "model.train_knowledge: expected true without pretraining.knowledge, found false: random vectors, fixed"
        )


def _sequential(model: Recommender) -> SequentialRecommender:
    if not isinstance(model, SequentialRecommender):
        raise InputError(f"data.protocol: expected C for a model that reads no sequences ({model.name}), found S")
    return model
