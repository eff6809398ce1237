"""What a figure of metrics.json is called, which way is better, and the ranking metrics that other packages register.

A package registers a `Metric` that has a `compute` in the entry-point group `tfkgrec.metrics`; it is then measured
wherever lists are ranked, beside our own, and shown with them:

    MEAN_RANK = Metric("mean_rank", "mean rank", "lower", 1, compute=lambda ranks: ...)
    entry_points={"tfkgrec.metrics": ["mean_rank = other_package.metrics:MEAN_RANK"]}
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from tfkgrec import registry
from tfkgrec.errors import InputError
from tfkgrec.evaluation.ranks import Ranks


@dataclass(frozen=True)
class Metric:
    """One figure.

    Attributes:
        key: in metrics.json ("ndcg@10").
        title: above its column ("NDCG@10").
        better: the "higher" or the "lower" one.
        digits: behind the point, in tables.
        compute: float64 [lists] of the ranks of the lists' positives; their mean is the figure. None: one of ours,
            which `ranking_metrics` computes together or which is no ranking metric.
    """

    key: str
    title: str
    better: Literal["higher", "lower"] = "higher"
    digits: int = 4
    compute: Callable[[Ranks], np.ndarray] | None = None

    @property
    def heading(self) -> str:
        """The title, which says so where lower is better."""
        return self.title if self.better == "higher" else f"{self.title} (lower is better)"

    def text(self, figures: Mapping[str, float]) -> str:
        """Its figure among others, or "-" where they lack it."""
        return f"{figures[self.key]:.{self.digits}f}" if self.key in figures else "-"

    def of_lists(self, ranks: Ranks) -> np.ndarray:
        """What `compute` gives, float64 [lists].

        Raises:
            InputError: not a finite number for every list.
        """
        if self.compute is None:
            raise ValueError(f"`{self.key}` is not computed on its own")
        found = np.asarray(self.compute(ranks), np.float64)
        if found.shape != (ranks.num_rows,) or not np.all(np.isfinite(found)):
            what = f"expected a finite number for each of {ranks.num_rows:,} lists"
            raise InputError(
                f"metric {self.key}: {what}, found shape {found.shape}, {np.sum(np.isfinite(found))} finite"
            )
        return found


CTR_METRICS = (
    Metric("auc", "AUC"),
    Metric("acc", "ACC"),
    Metric("auc_equal_popularity", "AUC within popularity"),
    Metric("ece", "ECE", "lower"),
)
"""Of labelled pairs, in the order of a table's columns."""

_MRR, _MAP, _HIT, _NDCG = (
    Metric("mrr", "MRR"),
    Metric("map", "MAP"),
    Metric("hit@10", "Hit@10"),
    Metric("ndcg@10", "NDCG@10"),
)
_RECALL = Metric("recall@20", "R@20")
REACH_METRICS = (Metric("coverage@10", "coverage@10"), Metric("popularity@10", "mean popularity@10", digits=1))
"""Of what stands at the top of all lists, which is neither better high nor low."""
CATALOGUE_METRICS = (
    Metric("precision@10", "P@10"),
    Metric("recall@10", "R@10"),
    *(_RECALL, Metric("recall@50", "R@50")),
    Metric("f1@10", "F1@10"),
    *(_NDCG, _HIT, _MRR, _MAP),
    *REACH_METRICS,
)
"""Of the catalogue ranked beside labelled pairs."""

COLD_METRICS = (Metric("auc", "AUC"), _RECALL)
"""Among cold items."""

LIST_METRICS = (
    *(Metric(f"precision@{k}", f"P@{k}") for k in (1, 5, 10)),
    _MAP,
    _MRR,
    _HIT,
    _NDCG,
    _RECALL,
    *REACH_METRICS,
)
"""Of protocols that rank."""


@cache
def registered_metrics() -> tuple[Metric, ...]:
    """The ranking metrics of other packages, read once.

    Raises:
        InputError: an entry point that leads to something else.
    """
    found = registry.entry_points("metrics")
    for name, metric in found.items():
        if not isinstance(metric, Metric) or metric.compute is None:
            where = f"entry point {name} of tfkgrec.metrics"
            raise InputError(f"{where}: expected a Metric with `compute`, found {metric!r}")
    return tuple(found.values())
