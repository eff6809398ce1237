"""What a config's `pretraining` section asks for: read, or learned and measured."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tfkgrec.config import Config, PretrainingConfig
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.kge.bpr import BprFactorization, PairBatches
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.kge.fitting import fit
from tfkgrec.kge.knowledge_model import KnowledgeModel
from tfkgrec.kge.link_prediction import LinkRanks, frequency_score, model_score, rank_triples
from tfkgrec.kge.methods import METHODS
from tfkgrec.kge.triple_batches import TripleBatches
from tfkgrec.kge.triple_split import hold_out

Say = Callable[[str], None]


def pretrain(config: Config, dataset: Dataset, splits: Any, say: Say = print) -> PretrainedEmbeddings:
    """Vectors for `build_model`, as `config.pretraining` asks for them.

    Args:
        splits: of any protocol; its training positives are all that the item vectors see.
        say: takes lines for people.

    Raises:
        InputError: no `pretraining` section, a file that does not fit, or a width that neither section names.
    """
    settings = config.pretraining
    if settings is None:
        raise InputError("pretraining: expected this section (or --set pretraining.knowledge=transe), found null")
    if settings.vectors is not None:
        say(f"vectors: {settings.vectors}")
        return PretrainedEmbeddings.load(settings.vectors, dataset, splits)
    seed, jit_compile = config.training.seed, config.training.jit_compile is not False
    parts: dict[str, Any] = {}
    figures: dict[str, float] = {}
    if settings.knowledge is not None:
        model, figures = fit_knowledge(settings, dataset, width(config, "dim"), seed, jit_compile, say)
        parts["entity"], parts["relation"] = model.vectors()
    if settings.items is not None:
        item_model, speed = fit_items(settings, dataset, splits, width(config, "item_dim"), seed, jit_compile, say)
        parts["user"], parts["item"] = item_model.vectors()
        figures["pairs_per_second"] = speed
    return PretrainedEmbeddings(**parts, figures=figures)


def width(config: Config, key: str) -> int:
    """`pretraining.dim` or `.item_dim`; where it is null, `model.dim`."""
    chosen = getattr(config.pretraining, key)
    chosen = getattr(config.model, "dim", None) if chosen is None else chosen
    if chosen is None:
        raise InputError(f"pretraining.{key}: expected an integer, as model {config.model.name} has no dim; found null")
    return int(chosen)


def fit_knowledge(
    settings: PretrainingConfig, dataset: Dataset, dim: int, seed: int, jit_compile: bool, say: Say
) -> tuple[KnowledgeModel, dict[str, float]]:
    """Learn the triples but those held out, and measure link prediction on these, with the floors beside it.

    Returns:
        The model; figures: `triples_per_second`, and `mrr`, `hits_at_1`, ... alone, with `random_` and `frequency_`.
    """
    method, graph = str(settings.knowledge), dataset.graph
    learned, asked = hold_out(graph, settings.held_out, np.random.default_rng([seed, 6]))
    arguments = (graph.num_entities, graph.num_relations, dim, settings.margin, seed)
    model = METHODS[method](*arguments)
    say(f"{method}, d = {dim}: {len(learned):,} triples to learn, {len(asked):,} held out")
    batches = TripleBatches(learned, settings.batch_size, settings.negatives, settings.corruption, seed)
    epochs, rate = settings.epochs, settings.learning_rate
    speed = fit(model, batches, epochs, rate, jit_compile, len(learned), "triples", say)
    figures = {"triples_per_second": speed}
    if len(asked):
        untrained = METHODS[method](*arguments)
        rows = (
            ("", method, model_score(model)),
            ("random_", "random vectors", model_score(untrained)),
            ("frequency_", "frequency", frequency_score(learned)),
        )
        say(f"{'link prediction, filtered':26}{'MRR':>8}{'Hits@1':>8}{'Hits@3':>8}{'Hits@10':>8}")
        for prefix, name, score in rows:
            ranks = rank_triples(score, asked, learned)
            figures |= {prefix + key: value for key, value in ranks.metrics().items()}
            say(_line(name, ranks))
    entity, relation = model.vectors()
    say(f"lengths: |e| {_length(entity):.3f}, |r| {_length(relation):.3f} (means)")
    return model, figures


def fit_items(
    settings: PretrainingConfig, dataset: Dataset, splits: Any, dim: int, seed: int, jit_compile: bool, say: Say
) -> tuple[BprFactorization, float]:
    """Learn user and item vectors from the training positives; the second result is pairs a second."""
    model = BprFactorization(dataset.users.size, dataset.items.size, dim, settings.item_l2, seed)
    say(f"bpr, d = {dim}: {len(splits.history_items):,} training positives")
    batches = PairBatches(
        splits.history_items, splits.history_offsets, dataset.items.size, settings.item_batch_size, seed
    )
    epochs, rate = settings.item_epochs, settings.item_learning_rate
    speed = fit(model, batches, epochs, rate, jit_compile, len(splits.history_items), "pairs", say)
    user, item = model.vectors()
    say(f"lengths: |user| {_length(user):.3f}, |item| {_length(item):.3f} (means)")
    return model, speed


def _length(table: np.ndarray) -> float:
    """Mean length of the rows, row 0 left out."""
    return float(np.mean(np.linalg.norm(table[1:], axis=1)))


def _line(name: str, ranks: LinkRanks) -> str:
    return f"  {name:24}" + "".join(f"{value:8.4f}" for value in ranks.metrics().values())
