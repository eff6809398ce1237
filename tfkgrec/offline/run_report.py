"""A finished run as one page of HTML that needs no network: what it was trained on, how it went, how good it is."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from tfkgrec import registry
from tfkgrec.errors import InputError
from tfkgrec.evaluation.ahead import ahead
from tfkgrec.evaluation.ctr import auc
from tfkgrec.evaluation.report import read_metrics
from tfkgrec.evaluation.summary import flatten
from tfkgrec.files import read_json
from tfkgrec.models.explain_text import explain_text
from tfkgrec.models.recommender import Recommender
from tfkgrec.offline import svg
from tfkgrec.offline.in_process import InProcess
from tfkgrec.runs.id_files import read_seen
from tfkgrec.training.run_directory import RunDirectory

SHOWN = 12  # recommendations
GROUPS = ("fewest", "few", "many", "most")
BINS = 10
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0; }
th, td { padding: 0.2rem 0.7rem; border-bottom: 1px solid #8886; text-align: right; }
th:first-child, td:first-child { text-align: left; }
.wide { overflow-x: auto; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1rem; }
figure { margin: 0; break-inside: avoid; }
svg { width: 100%; max-width: 34rem; height: auto; } svg text { font-size: 11px; fill: currentColor; }
.verdict { border-left: 4px solid #1b4f9c; padding: 0.3rem 0.8rem; }
pre { white-space: pre-wrap; margin: 0.2rem 0 1rem; }
@media print { body { max-width: none; font-size: 11px; } h2 { break-after: avoid; } }
"""


def page(run: RunDirectory, settings: Mapping[str, object], model: Recommender, answers: InProcess) -> str:
    """The whole page.

    Args:
        settings: of the run, by dotted key.
        model: the one that was judged.
        answers: of the run, for its recommendations.
    """
    metrics = read_metrics(run.metrics)
    if "floors" not in metrics:
        raise InputError(f"{run.path}: expected a run that has been judged, found none of its baselines")
    title = f"{metrics['model']} on {metrics['dataset']}"
    sections = [
        ("Verdict", f'<p class="verdict">{escape(_verdict(metrics))}</p>'),
        ("Figures", _figures(metrics)),
        (
            "Data",
            _table(["what", "count"], ([name.replace("_", " "), f"{n:,}"] for name, n in metrics["data"].items())),
        ),
        ("How training went", _curves(run)),
        ("Where it is good", _where(run, model)),
        ("What it recommends", _recommended(answers)),
        ("Settings", _table(["setting", "value"], ([k, str(v)] for k, v in settings.items()))),
        ("Made with", _environment(run)),
    ]
    body = "\n".join(f"<section>\n<h2>{name}</h2>\n{text}\n</section>" for name, text in sections if text)
    about = f"Protocol {metrics['protocol']}, seed {metrics['seed']}, run {run.path.name}"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n<p>{escape(about)}</p>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _verdict(metrics: dict[str, Any]) -> str:
    """Ahead of all baselines, or behind which and why."""
    behind = ahead(metrics)
    if behind:
        return behind[0]
    title, figure = next(iter(registry.protocol(metrics["protocol"]).headline.items()))
    own, key = flatten(metrics).get(figure), figure.removeprefix("test.")
    others = {name: flatten(floor)[key] for name, floor in metrics["floors"].items() if key in flatten(floor)}
    if own is None or not others:
        return "There is no baseline to compare it with."
    best = max(others, key=lambda name: others[name])
    return f"It is ahead of all baselines on test: {title} {own:.4f}, as against {others[best]:.4f} of {best}."


def _figures(metrics: dict[str, Any]) -> str:
    """Test and validation of the model, test of the baselines."""
    rows = {f"{metrics['model']}, {part}": flatten(metrics[part]) for part in ("test", "validation")}
    for name, floor in metrics["floors"].items():
        rows[f"{name}, test"] = flatten({key: value for key, value in floor.items() if key != "validation"})
    names = [name for name, value in rows[f"{metrics['model']}, test"].items() if isinstance(value, float)]
    cells = ([who, *(_figure(own.get(name)) for name in names)] for who, own in rows.items())
    return _table(["", *(name.replace("_", " ") for name in names)], cells)


def _figure(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, int | float) else "–"


def _curves(run: RunDirectory) -> str:
    """The loss, and what validation said after every epoch."""
    if not run.history.exists():
        return "<p>No epoch trains this model.</p>"
    rows = pd.read_csv(run.history)
    chooser = next(name for name in rows if name.startswith("val_"))
    epoch, word = rows["epoch"].tolist(), chooser.removeprefix("val_").upper()
    loss = svg.lines("Loss of every epoch", {"loss": (epoch, rows["loss"].tolist())}, "epoch", "loss")
    judged = svg.lines(f"Validation {word}", {"validation": (epoch, rows[chooser].tolist())}, "epoch", word)
    best = int(rows.loc[rows[chooser].idxmax(), "epoch"])
    said = f"<p>{len(rows)} epochs; the best on validation is {best}, {word} {rows[chooser].max():.4f}.</p>"
    return f"{said}{_charts([('Loss in training', loss), (f'{word} on validation', judged)])}"


def _where(run: RunDirectory, model: Recommender) -> str:
    """What test was judged by: ROC and calibration of pairs, and the figure by activity and popularity."""
    if not run.test_scores.exists():
        return ""
    scores = dict(np.load(run.test_scores))
    seen = read_seen(run.vocabularies).items
    activity = seen.lengths
    popularity = np.bincount(seen.items, minlength=seen.items.max(initial=0) + 1)
    if "label" not in scores:
        name = next((key for key in scores if key != "user" and len(scores[key]) == len(scores["user"])), None)
        if name is None:
            return ""
        means = _by_group(activity[scores["user"]], lambda rows: float(scores[name][rows].mean()))
        return _charts([(f"{name}, by how much users have taken", svg.bars(name, means, name))])
    label, score = scores["label"], scores["score"].astype(float)
    charts = [
        ("ROC", _roc(label, score)),
        ("Calibration", _calibration(label, np.asarray(model.probability(scores["score"])))),
    ]
    for what, counts in (("how much users have taken", activity[scores["user"]]), ("how popular items are", None)):
        counts = popularity[scores["item"]] if counts is None else counts
        found = _by_group(counts, lambda rows: auc(label[rows], score[rows]))
        charts.append((f"AUC by {what}, in quarters of the pairs", svg.bars(f"AUC by {what}", found, "AUC")))
    return _charts(charts)


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


def _by_group(counts: np.ndarray, figure: Any) -> dict[str, float]:
    """The figure of each quarter of the rows by their counts; a quarter where it cannot be told is left out."""
    edges = np.quantile(counts, [0.25, 0.5, 0.75])
    group = np.searchsorted(edges, counts, side="left")
    found = {}
    for place, name in enumerate(GROUPS):
        rows = np.flatnonzero(group == place)
        try:
            found[name] = figure(rows)
        except (InputError, ValueError):
            continue
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _recommended(answers: InProcess) -> str:
    """The first item of each of a dozen users, and why."""
    users = answers.users()
    asked = [users[place] for place in np.unique(np.linspace(0, len(users) - 1, SHOWN).astype(int))]
    best = answers.recommend(asked, 1)
    shown = [(user, row[0]) for user, row in zip(asked, best.item_id, strict=True) if row[0]]
    if not shown:
        return "<p>Everybody has taken everything.</p>"
    why = answers.explain(*(list(side) for side in zip(*shown, strict=True)))
    parts = []
    for row, (user, item) in enumerate(shown):
        text = escape("\n".join(explain_text(why, user, item, row)))
        parts.append(f"<h3>For user {escape(user)}</h3>\n<pre>{text}</pre>")
    return "\n".join(parts)


def _environment(run: RunDirectory) -> str:
    if not run.environment.exists():
        return ""
    found = read_json(run.environment)
    command = " ".join(map(str, found.pop("command", [])))
    return _table(["what", "which"], ([k, str(v)] for k, v in {**flatten(found), "command": command}.items()))


def _charts(charts: Sequence[tuple[str, str]]) -> str:
    figures = (f"<figure>\n{chart}\n<figcaption>{escape(name)}</figcaption>\n</figure>" for name, chart in charts)
    return '<div class="charts">\n' + "\n".join(figures) + "\n</div>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    first = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table>\n<thead><tr>{first}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'
