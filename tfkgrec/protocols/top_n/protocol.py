"""Protocol R: top-N recommendation, learned from the first part of every user's ratings and judged on the last."""

import dataclasses
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from tfkgrec.config import Config, PretrainingConfig
from tfkgrec.data.history import newest
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.kge.pretrain import fit_items
from tfkgrec.models.recommender import Recommender
from tfkgrec.models.rkan.model import RKAN
from tfkgrec.models.rkan.path_graph import path_graph
from tfkgrec.models.rkan.path_source import PathSource
from tfkgrec.protocols.top_n.baselines import FLOORS, factors
from tfkgrec.protocols.top_n.batches import TimeBatches
from tfkgrec.protocols.top_n.evaluate import METRICS, PartScore, evaluate_parts, evaluate_top_n
from tfkgrec.protocols.top_n.split import TimeSplits, protocol_r
from tfkgrec.tasks.ranking import RankingModel
from tfkgrec.training.backend import use_xla
from tfkgrec.training.contract import Metrics

BPR, BPR_DIM = PretrainingConfig(items="bpr"), 64
PAIRS_PER_CALL = 1 << 16


class ProtocolR:
    """Splits a dataset by time and makes what training, validation and evaluation need.

    Raises:
        InputError: settings that do not go with it, or data without times.
    """

    def __init__(self, config: Config, dataset: Dataset) -> None:
        _check(config)
        self.config, self.dataset = config, dataset
        self.splits: TimeSplits = protocol_r(dataset, config.training.seed, config.data.cold_users)
        self._scorers: list[tuple[Recommender, int, CatalogueScorer]] = []

    def task(self, model: Recommender) -> keras.Model:
        return RankingModel(model)

    def batches(self, model: Recommender) -> TimeBatches:
        training = self.config.training
        return TimeBatches(
            self.splits,
            training.batch_size,
            training.items_per_user,
            model.history_length,
            training.negatives,
            training.seed,
            training.unknown_user_rate,
            self._paths(model),
        )

    def _paths(self, model: Recommender) -> PathSource | None:
        if not isinstance(model, RKAN) or not model.num_paths:
            return None
        history = self.splits.history_items, self.splits.history_offsets
        graph = path_graph(self.dataset.graph, self.dataset.num_items, *history)
        newest = model.paths_from == "newest"
        return PathSource(graph, model.num_paths, model.max_edges, newest, model.redraw_paths)

    def validate(self, model: Recommender) -> dict[str, float]:
        found = evaluate_top_n(self.scorer(model).score, self.splits, "validation", self.config.evaluation.batch_users)
        return {f"val_{name}": found["full"][name] for name in ("mrr", *METRICS[:-1])}

    def finish(self, model: Recommender) -> None:
        """From now on the model reads the users as test knows them (`History.served`)."""
        if model.history_length:
            model.set_table("history", newest(*self.splits.served, model.history_length))

    def score_catalogue(self, model: Recommender, user: np.ndarray) -> np.ndarray:
        return self.scorer(model).score(user, "test")

    def evaluate(self, model: Recommender, top_k: bool) -> Metrics:
        """The full ranking, whatever `top_k` says."""
        return evaluate_parts(self.scorer(model).score, self.splits, self.config.evaluation.batch_users)

    def floors(self, names: Sequence[str], top_k: bool) -> dict[str, Metrics]:
        makers: dict[str, Callable[[], PartScore]] = {"bpr": self._bpr_floor}
        makers |= {name: lambda make=make: make(self.splits) for name, make in FLOORS.items()}  # type: ignore[misc]
        batch_users = self.config.evaluation.batch_users
        return {name: evaluate_parts(makers[name](), self.splits, batch_users) for name in names}

    def scorer(self, model: Recommender) -> "CatalogueScorer":
        """The model as evaluation wants it, compiled once for each of its stages."""
        for known, stage, scorer in self._scorers:
            if known is model and stage == model.stage:
                return scorer
        scorer = CatalogueScorer(model, self.splits, use_xla(self.config.training.jit_compile))
        self._scorers.append((model, model.stage, scorer))
        return scorer

    def _bpr_floor(self) -> PartScore:
        seed, jit_compile = self.config.training.seed, use_xla(self.config.training.jit_compile)

        def vectors(part: str) -> tuple[np.ndarray, np.ndarray]:
            ends = {"validation": self.splits.train_end, "test": self.splits.validation_end}
            known = dataclasses.replace(self.splits, train_end=ends[part])
            model, _ = fit_items(BPR, self.dataset, known, BPR_DIM, seed, jit_compile, log=lambda line: None)
            return model.vectors()

        return factors(vectors)


class CatalogueScorer:
    """A model's logits of the whole catalogue at once, so that a model that re-ranks sees all it may choose from."""

    def __init__(self, model: Recommender, splits: TimeSplits, jit: bool) -> None:
        self.model, self.splits = model, splits
        items = model.num_items - 1
        self.users = max(1, PAIRS_PER_CALL // items)
        catalogue = tf.constant(np.tile(np.arange(1, items + 1, dtype=np.int32), (self.users, 1)))

        @tf.function(jit_compile=jit)
        def forward(user: tf.Tensor, history: tf.Tensor) -> tf.Tensor:
            state = model.user_state(user, history if model.history_length else None)
            return model.score_items(state, catalogue)

        self._forward = forward

    def score(self, user: np.ndarray, part: str) -> np.ndarray:
        """Logits float32 [G, num_items] of users [G], who are known as `part` may know them."""
        pieces = []
        for first in range(0, len(user), self.users):
            some = user[first : first + self.users].astype(np.int32)
            filled = np.pad(some, (0, self.users - len(some)), mode="edge")
            history = self.splits.histories(part, filled, max(1, self.model.history_length))
            pieces.append(self._forward(filled, history).numpy()[: len(some)])
        return np.concatenate(pieces)


def _check(config: Config) -> None:
    if config.training.calibrate:
        raise InputError("training.calibrate: expected false with data.protocol R, which ranks, found true")
    if config.training.items_per_user % 2:
        found = config.training.items_per_user
        raise InputError(f"training.items_per_user: expected an even number with data.protocol R, found {found}")
