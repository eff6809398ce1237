"""Does an order of a history's items hold what it promises? Take the first ones away, and look.

Of pairs whose history [T] is put in an order, greatest first (docs/explanations.md):

    deletion     l(H) - l(H without the first k)      high where the order is true
    sufficiency  l(the first k alone) - l(nothing)    high where the order is true; the whole history's is the measure
    correlation  Spearman's, with what the logit really loses without each item
    top is top   how often the first item is the one that it loses most without
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfkgrec.evaluation.text_table import text_table

FIRST = (1, 3, 5)
"""k."""

HEADINGS = {
    **{f"deletion_{k}": f"without top {k}" for k in FIRST},
    **{f"sufficiency_{k}": f"top {k} alone" for k in FIRST},
    "correlation": "correlation",
    "top_is_top": "top is top",
}


SHARES = {"taken_away": "taken away", "alone": "alone", "shapley": "by Shapley values"}

LINKS = {  # figure -> its heading, and what the literature calls it
    "explained": "explained",
    "recency": "recency (LIR)",
    "item_diversity": "different items (LID)",
    "popularity": "popularity of what is shared (SEP)",
    "entity_diversity": "different ones shared (SED)",
    "kind_diversity": "different kinds (PTD)",
}


def places(score: np.ndarray, real: np.ndarray) -> np.ndarray:
    """The place of every slot of [n, T] by `score`, 0 the highest; slots that are not `real` come last."""
    order = np.argsort(np.where(real, -score, np.inf), axis=1, kind="stable")
    return np.argsort(order, axis=1, kind="stable")


def kept_of(place: np.ndarray) -> np.ndarray:
    """What is kept in turn, bool [n, 2 len(FIRST), T]: all but the first k, for every k, then the first k alone."""
    first = place[:, None] < np.array(FIRST)[:, None]
    return np.concatenate([~first, first], axis=1)


def correlation(score: np.ndarray, truth: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Spearman's between the real slots of rows [n, T]; NaN for a row with nothing to put in order."""
    found = np.full(len(score), np.nan)
    for row, slots in enumerate(real):
        own, other = (_ranks(values[row, slots]) for values in (score, truth))
        if slots.sum() >= 3 and np.ptp(own) > 0 and np.ptp(other) > 0:
            found[row] = np.corrcoef(own, other)[0, 1]
    return found


def judged(score: np.ndarray, truth: np.ndarray, real: np.ndarray, logits: np.ndarray, ends: np.ndarray) -> Any:
    """The figures of one order, each with an entry for every pair [n].

    Args:
        score, truth: of every slot [n, T], by which it is ordered and what the logit loses without it.
        logits: of what `kept_of` keeps [n, 2 len(FIRST)].
        ends: logits of the whole history and of none [n, 2].
    """
    whole, none = ends.T
    place, best = places(score, real), places(truth, real)
    figures = {f"deletion_{k}": whole - logits[:, n] for n, k in enumerate(FIRST)}
    figures |= {f"sufficiency_{k}": logits[:, len(FIRST) + n] - none for n, k in enumerate(FIRST)}
    top = np.argmin(place, axis=1)
    return {
        **figures,
        "correlation": correlation(score, truth, real),
        "top_is_top": (best[np.arange(len(best)), top] == 0).astype(float),
    }


def mean_and_error(values: np.ndarray) -> dict[str, float] | None:
    """The mean of what is there, and its standard error; None where there is nothing."""
    there = values[~np.isnan(values)]
    if len(there) < 2:
        return None
    return {"mean": float(there.mean()), "error": float(there.std(ddof=1) / np.sqrt(len(there)))}


def share(part: np.ndarray, whole: np.ndarray) -> dict[str, float] | None:
    """Mean of `part` [n] / mean of `whole` [n], and its standard error to first order; None where there is no whole."""
    if len(whole) < 2 or whole.mean() == 0:
        return None
    ratio = part.mean() / whole.mean()
    error = np.std(part - ratio * whole, ddof=1) / np.sqrt(len(whole)) / abs(whole.mean())
    return {"mean": float(ratio), "error": float(error)}


def table(measured: Mapping[str, Any]) -> str:
    """A row for every order: means and standard errors; what it points at, where that is known."""
    lines = []
    if "orders" in measured:  # of a model that reads histories
        rows: list[Sequence[str]] = []
        for name, figures in measured["orders"].items():
            rows.append([name, *(_cell(figures.get(key)) for key in HEADINGS)])
        title = f"what the logit loses ({measured['pairs']:,} pairs)"
        whole = f"without the whole history: {_cell(measured['whole_history'])}"
        lines = [text_table([title, *HEADINGS.values()], rows), "", whole]
        shares = [f"{SHARES[name]} {_cell(one)}" for name, one in measured.get("share_of_three", {}).items()]
        lines += [f"of that have the first three: {', '.join(shares)}"] if shares else []
    if "links" in measured:
        lines += ["", _links_table(measured["links"])]
    lines += [_stability(name, other) for name, other in measured.get("stability", {}).items()]
    for what, figures in measured.get("pointing", {}).items():
        told = ", ".join(f"{name} {_cell(figure)}" for name, figure in figures.items())
        lines.append(f"the first of the {what} is a planted cause: {told}")
    return "\n".join(lines)


def _links_table(links: Mapping[str, Mapping[str, Any]]) -> str:
    """What explanations of recommended items link to, an order a row; only what there is."""
    names = [name for name in LINKS if any(name in figures for figures in links.values())]
    rows = [[order, *(_cell(figures.get(name)) for name in names)] for order, figures in links.items()]
    return text_table(["what the first reason links to", *(LINKS[name] for name in names)], rows)


def _stability(name: str, other: Mapping[str, Any]) -> str:
    told = [
        f"{order} {_cell(figures['first'])} (correlation {_cell(figures['correlation'])})"
        for order, figures in sorted(other["orders"].items())
    ]
    chance = f"chance {_cell(other['chance'])}"
    return f"the first five items are those of {name} (seed {other['seed']}): {', '.join([*told, chance])}"


def _cell(figure: Mapping[str, float] | None) -> str:
    return "-" if figure is None else f"{figure['mean']:.3f} ± {figure['error']:.3f}"


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks of values [n], those of equal ones averaged."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle: np.ndarray = np.cumsum(counts) - (counts - 1) / 2
    return middle[place]
