"""What a config's `pretraining` section asks for: read, or learned and measured."""

from collections.abc import Iterable

import numpy as np

from tfkgrec.config import PretrainingConfig
from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset, KnowledgeGraph
from tfkgrec.errors import InputError
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.kge.bpr import BprFactorization, PairBatches
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.kge.fitting import Fitted, Log, fit
from tfkgrec.kge.knowledge_model import KnowledgeModel
from tfkgrec.kge.link_prediction import HITS_AT, Score, frequency_score, link_metrics, model_score, rank_triples
from tfkgrec.kge.methods import method_class
from tfkgrec.kge.triple_batches import TripleBatches
from tfkgrec.kge.triple_split import common_relations, hold_out, take
from tfkgrec.progress import say


def pretrain(
    settings: PretrainingConfig,
    dataset: Dataset,
    history: History,
    *,
    dim: int | None,
    item_dim: int | None,
    seed: int,
    jit_compile: bool,
    log: Log = say,
) -> PretrainedEmbeddings:
    """Vectors for `build_model`, as `settings` asks for them.

    Args:
        history: the training positives, all that the item vectors see.
        dim: width of entities and relations where `settings.dim` is null; None: it must not be.
        item_dim: the same of users and items.
        seed: fixes initial vectors, batches and what is held out.
        jit_compile: whether steps are compiled by XLA.
        log: takes lines for people.

    Raises:
        InputError: a file that does not fit, a loss that is no number, or no width.
    """
    if settings.vectors is not None:
        log(f"vectors: {settings.vectors}")
        return PretrainedEmbeddings.load(settings.vectors, dataset, history)
    entity = relation = user = item = None
    figures: dict[str, float] = {}
    curves: dict[str, list[float]] = {}
    if settings.knowledge is not None:
        width = _width("dim", settings.dim, dim)
        model, figures, losses = fit_knowledge(settings, dataset.graph, width, seed, jit_compile, log)
        curves[f"{settings.knowledge}_loss"] = losses
        entity, relation = model.vectors()
        relation = relation * common_relations(dataset.graph, settings.min_relation_triples)[:, None]
    if settings.items is not None:
        width = _width("item_dim", settings.item_dim, item_dim)
        item_model, fitted = fit_items(settings, dataset, history, width, seed, jit_compile, log)
        user, item = item_model.vectors()
        figures["pairs_per_second"], curves[f"{settings.items}_loss"] = fitted
    return PretrainedEmbeddings(entity, relation, item, user, figures, curves)


def fit_knowledge(
    settings: PretrainingConfig, graph: KnowledgeGraph, dim: int, seed: int, jit_compile: bool, log: Log
) -> tuple[KnowledgeModel, dict[str, float], list[float]]:
    """Learn the triples of relations that are not too rare but those held out, and measure link prediction on these.

    Returns:
        The model; figures: `triples_per_second`, and `mrr`, `hits_at_1`, ... alone and, of the baselines, with
        `random_` and `frequency_` before them; the loss after every epoch.
    """
    name = str(settings.knowledge)
    common = common_relations(graph, settings.min_relation_triples)
    if not common.any():
        most = int(np.bincount(graph.relation).max(initial=0))
        wanted = f"expected a relation with {settings.min_relation_triples:,} triples"
        raise InputError(f"pretraining.min_relation_triples: {wanted}, found {most:,} at most")
    kept = take(graph, common[graph.relation])
    if len(kept) < len(graph):
        log(f"{name}: {common.sum():,} relations with {len(kept):,} of {len(graph):,} triples are not too rare")
    learned, asked = hold_out(kept, settings.held_out, np.random.default_rng([seed, 6]))

    def untrained() -> KnowledgeModel:
        return method_class(name)(graph.num_entities, graph.num_relations, dim, settings.margin, seed)

    model = untrained()
    log(f"{name}, d = {dim}: {len(learned):,} triples to learn, {len(asked):,} held out")
    batches = TripleBatches(learned, settings.batch_size, settings.negatives, settings.corruption, seed)
    epochs, rate = settings.epochs, settings.learning_rate
    fitted = fit(model, batches, epochs, rate, jit_compile, len(learned), "triples", log)
    figures = {"triples_per_second": fitted.per_second}
    if len(asked):
        scorers = (
            ("", name, model_score(model)),
            ("random_", "random vectors", model_score(untrained())),
            ("frequency_", "frequency", frequency_score(learned)),
        )
        figures |= _link_prediction(scorers, learned, asked, log)
    entity, relation = model.vectors()
    log(f"lengths: |e| {_length(entity):.3f}, |r| {_length(relation):.3f} (means)")
    return model, figures, fitted.losses


def fit_items(
    settings: PretrainingConfig, dataset: Dataset, history: History, dim: int, seed: int, jit_compile: bool, log: Log
) -> tuple[BprFactorization, Fitted]:
    """Learn user and item vectors from the training positives."""
    pairs = len(history.items)
    model = BprFactorization(dataset.users.size, dataset.items.size, dim, settings.item_l2, seed)
    log(f"bpr, d = {dim}: {pairs:,} training positives")
    batches = PairBatches(history, dataset.items.size, settings.item_batch_size, seed)
    epochs, rate = settings.item_epochs, settings.item_learning_rate
    fitted = fit(model, batches, epochs, rate, jit_compile, pairs, "pairs", log)
    user, item = model.vectors()
    log(f"lengths: |user| {_length(user):.3f}, |item| {_length(item):.3f} (means)")
    return model, fitted


def _link_prediction(
    scorers: Iterable[tuple[str, str, Score]], learned: KnowledgeGraph, asked: KnowledgeGraph, log: Log
) -> dict[str, float]:
    """The figures of scorers (each: prefix of its figures, name for people, scores), and a table of them for `log`."""
    figures: dict[str, float] = {}
    rows = []
    for prefix, name, score in scorers:
        found = link_metrics(rank_triples(score, asked, learned))
        figures |= {prefix + key: value for key, value in found.items()}
        rows.append([f"  {name}", *(f"{value:.4f}" for value in found.values())])
    log(text_table(["link prediction, filtered", "MRR", *(f"Hits@{k}" for k in HITS_AT)], rows))
    return figures


def _width(key: str, own: int | None, models: int | None) -> int:
    width = models if own is None else own
    if width is None:
        raise InputError(f"pretraining.{key}: expected an integer, as the model has no dim to go by, found null")
    return width


def _length(table: np.ndarray) -> float:
    """Mean length of the rows, row 0 left out."""
    return float(np.mean(np.linalg.norm(table[1:], axis=1)))
