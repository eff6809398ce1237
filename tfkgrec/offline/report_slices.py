"""Where a model is good: what test was judged by, by activity, popularity and coldness, and what its lists reach."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tfkgrec.errors import InputError
from tfkgrec.evaluation.ctr import auc
from tfkgrec.evaluation.metric import CATALOGUE_METRICS, COLD_METRICS, CTR_METRICS, LIST_METRICS
from tfkgrec.evaluation.recommended import TOP
from tfkgrec.evaluation.summary import flatten
from tfkgrec.models.recommender import Recommender
from tfkgrec.offline import svg
from tfkgrec.offline.in_process import InProcess

GROUPS = ("fewest", "few", "many", "most")
BINS = 10
COLD = 5
"""Of whom or what the data hold so many interactions or fewer, little could be learned."""
ASKED = 256  # users whose lists are looked at

TITLES = {one.key: one.heading for one in (*CTR_METRICS, *LIST_METRICS, *CATALOGUE_METRICS, *COLD_METRICS)}

Chart = tuple[str, str]
"""What stands under it, and its SVG."""


class Counts(NamedTuple):
    """What the data hold."""

    activity: np.ndarray  # items of every user [users]
    popularity: np.ndarray  # users of every item [items]


class Judged(NamedTuple):
    """What test was judged by, row by row: pairs, or users where lists are ranked."""

    figure: str
    user: np.ndarray
    item: np.ndarray | None
    of: Callable[[np.ndarray], float]
    """The figure of some rows; raises `InputError` where it cannot be told."""


def judged(scores: Mapping[str, np.ndarray]) -> Judged | None:
    """From a run's test_scores.npz; None where it holds no figure of users."""
    if "label" in scores:
        label, score = scores["label"], scores["score"].astype(float)
        return Judged("AUC", scores["user"], scores["item"], lambda rows: auc(label[rows], score[rows]))
    name = next((key for key in scores if key != "user" and len(scores[key]) == len(scores["user"])), None)
    if name is None:
        return None
    return Judged(titled(name), scores["user"], None, lambda rows: float(scores[name][rows].mean()))


def titled(name: str) -> str:
    """A figure's title; of one among other candidates also which: "full: NDCG@10"."""
    among, _, key = name.rpartition(".")
    title = TITLES.get(key, key.replace("_", " "))
    return f"{among.replace('_', ' ')}: {title}" if among else title


def charts(scores: Mapping[str, np.ndarray], model: Recommender, counts: Counts) -> list[Chart]:
    """ROC and calibration of pairs, and the figure by how much users have taken and how popular items are."""
    found: list[Chart] = []
    if "label" in scores:
        label = scores["label"]
        found.append(("ROC: the further above the dashes, the better", _roc(label, scores["score"].astype(float))))
        probability = np.asarray(model.probability(scores["score"]))
        found.append(("Calibration: on the dashes, 70% means 70%", _calibration(label, probability)))
    rows = judged(scores)
    if rows is None:
        return found
    unit = "the users" if rows.item is None else "the pairs"
    for what, own in (
        ("how much users have taken", counts.activity[rows.user]),
        ("how popular items are", None if rows.item is None else counts.popularity[rows.item]),
    ):
        if own is not None:
            means = _by_group(own, rows.of)
            found.append((f"{rows.figure} by {what}, in quarters of {unit}", svg.bars(what, means, rows.figure)))
    return found


def cold_rows(
    scores: Mapping[str, np.ndarray], counts: Counts, metrics: Mapping[str, Any]
) -> tuple[list[str], list[list[str]]]:
    """Head and rows of a table: who and what is little known, how much of test that is, and how good the model is."""
    rows = judged(scores)
    if rows is None:
        return [], []
    everything = np.ones(len(rows.user), bool)
    slices = {"all": everything, f"users with {COLD} items or fewer": counts.activity[rows.user] <= COLD}
    if rows.item is not None:
        slices[f"items that {COLD} users or fewer took"] = counts.popularity[rows.item] <= COLD
    table = [[name, f"{chosen.sum():,}", _told(rows.of, chosen)] for name, chosen in slices.items()]
    never = metrics["test"].get("cold")
    if never:
        table += [["items that training never saw", "–", f"{never['auc']:.4f}"]]
        table += [[f"  the same by {name}", "–", f"{own['auc']:.4f}"] for name, own in _beside(never)]
    return ["slice", "users" if rows.item is None else "pairs", rows.figure], table


def _beside(cold: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, float]]]:
    return ((name, own) for name, own in cold.items() if isinstance(own, Mapping))


def _told(of: Callable[[np.ndarray], float], chosen: np.ndarray) -> str:
    try:
        return f"{of(np.flatnonzero(chosen)):.4f}" if chosen.any() else "–"
    except InputError:
        return "–"  # of labels of one kind


def reached(answers: InProcess, popularity: np.ndarray, metrics: Mapping[str, Any]) -> tuple[str, Chart]:
    """What lists hold of the catalogue, in words and by how popular items are.

    Args:
        popularity: users of every item [items], row 0 nothing.
    """
    users, ids = answers.users(), {raw: place for place, raw in enumerate(answers.items(), 1)}
    asked = [users[place] for place in np.unique(np.linspace(0, len(users) - 1, ASKED).astype(int))]
    lists = answers.recommend(asked, min(TOP, len(ids))).item_id
    shown = np.array([ids[str(raw)] for raw in lists.ravel() if raw], int)
    times = np.bincount(shown, minlength=len(ids) + 1)[1:]
    said = (
        f"The {TOP} best of {len(asked):,} users hold {np.count_nonzero(times):,} of {len(ids):,} items "
        f"({np.mean(times > 0):.0%} coverage). An item in them was taken by {popularity[shown].mean():,.0f} users in "
        f"the mean, an item of the catalogue by {popularity[1:].mean():,.0f}."
    )
    ranked = flatten(metrics["test"]).get(f"full.coverage@{TOP}")
    if ranked is not None:
        said += f" Over all users whom test asks about, coverage is {ranked:.0%}."
    order = np.argsort(popularity[1:], kind="stable")
    shares = [times[part].sum() / max(1, times.sum()) for part in np.array_split(order, len(GROUPS))]
    title = "Share of the recommended places, by how popular items are, in quarters of the catalogue"
    return said, (title, svg.bars(title, dict(zip(GROUPS, shares, strict=True)), "share"))


def _roc(label: np.ndarray, score: np.ndarray) -> str:
    order = np.argsort(-score, kind="stable")
    right, wrong = (np.cumsum(part) / max(1, part.sum()) for part in (label[order] > 0, label[order] <= 0))
    at = np.unique(np.linspace(0, len(order) - 1, 200).astype(int))
    curve = ([0.0, *wrong[at].tolist()], [0.0, *right[at].tolist()])
    return svg.lines("ROC", {"model": curve, "chance": ([0, 1], [0, 1])}, "false positives", "true positives", True)


def _calibration(label: np.ndarray, probability: np.ndarray) -> str:
    parts = [part for part in np.array_split(np.argsort(probability, kind="stable"), BINS) if len(part)]
    said, true = ([float(values[part].mean()) for part in parts] for values in (probability, label))
    found = {"model": (said, true), "perfect": ([0.0, 1.0], [0.0, 1.0])}
    return svg.lines("Calibration", found, "probability told", "share that are positives", True)


def _by_group(counts: np.ndarray, figure: Callable[[np.ndarray], float]) -> dict[str, float]:
    """The figure of each quarter of the rows by their counts; a quarter where it cannot be told is left out."""
    group = np.searchsorted(np.quantile(counts, [0.25, 0.5, 0.75]), counts, side="left")
    found = {}
    for place, name in enumerate(GROUPS):
        try:
            found[name] = figure(np.flatnonzero(group == place))
        except (InputError, ValueError):
            continue
    return {name: value for name, value in found.items() if np.isfinite(value)}
