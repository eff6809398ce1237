"""Whether a baseline is ahead of the model, the likely reason, and what to try: said where the figures are."""

from collections.abc import Mapping
from typing import Any

from tfkgrec import registry
from tfkgrec.evaluation.summary import flatten

FEW_POSITIVES = 8  # of a user in the mean: below that there is little to learn a taste from
FEW_TRIPLES = 1  # of an item in the mean


def ahead(metrics: Mapping[str, Any]) -> list[str]:
    """A line if baselines are ahead of the model in the protocol's first figure of the test part; else none.

    Args:
        metrics: as metrics.json has them; those of other data than a run's own know no timing, and no reason.
    """
    title, figure = next(iter(registry.protocol(metrics["protocol"]).headline.items()))
    own = flatten(metrics).get(figure)
    if own is None:
        return []
    key = figure.removeprefix("test.")
    others = {name: flatten(floor).get(key, own) for name, floor in metrics["floors"].items()}
    better = {name: value for name, value in others.items() if value > own}
    if not better:
        return []
    names = sorted(better, key=lambda name: -better[name])
    figures = ", ".join(f"{better[name]:.4f}" for name in names)
    line = f"{_listed(names)} of this model: {title} {figures}, as against {own:.4f}"
    reason = _reason(metrics)
    return [f"{line}. {reason}" if reason else line]


def _listed(names: list[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} ahead"


def _reason(metrics: Mapping[str, Any]) -> str:
    """The likeliest, from how training went and what the data hold, and what to try; "" where neither is known."""
    timing, data = metrics.get("timing", {}), metrics["data"]
    if "best_epoch" not in timing:
        return ""
    if timing["epochs"] and timing["best_epoch"] == timing["epochs"]:
        return "Likely because training ended while validation still rose: try more training.epochs."
    if timing["best_epoch"] == 1:
        return "Likely because it learned too fast, the first epoch was the best: try a lower training.learning_rate."
    positives, triples = data["positives"] / data["users"], data["triples"] / data["items"]
    if positives < FEW_POSITIVES:
        few = f"users have {positives:.1f} positives each, few to learn a taste from"
        return f"Likely because {few}: try model lightgcn, which learns from others', or a fusion with counts."
    if triples < FEW_TRIPLES:
        little = f"the graph has {triples:.1f} triples an item, and tells little"
        return f"Likely because {little}: try more facts, or model lightgcn or mf, which need none."
    return "Likely because these settings do not suit the data: try tfkgrec tune, or another model."
