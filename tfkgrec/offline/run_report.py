"""A finished run as one page of HTML that needs no network: what it was trained on, how it went, how good it is."""

import base64
import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from tfkgrec import registry
from tfkgrec.errors import InputError
from tfkgrec.evaluation import faithfulness
from tfkgrec.evaluation.ahead import ahead
from tfkgrec.evaluation.report import read_metrics
from tfkgrec.evaluation.summary import flatten
from tfkgrec.files import read_arrays, read_json, reading
from tfkgrec.models.explain_text import explain_text
from tfkgrec.models.recommender import Recommender
from tfkgrec.offline import svg
from tfkgrec.offline.in_process import InProcess
from tfkgrec.offline.report_slices import Chart, Counts, charts, cold_rows, reached, titled
from tfkgrec.pictures.explanation import PNG, drawn, explanation_figure
from tfkgrec.progress import counted
from tfkgrec.runs.id_files import read_seen
from tfkgrec.training.run_directory import RunDirectory

SHOWN = 12  # recommendations
STYLE = """
:root { color-scheme: light dark; --s0: #1b4f9c; --s1: #b3541e; --s2: #2e7d32; --s3: #6a1b9a; --rule: #8886; }
@media screen and (prefers-color-scheme: dark) {
  :root { --s0: #8ab4f8; --s1: #f0a875; --s2: #81c995; --s3: #d7aefb; }
}
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; } h2 { margin-top: 2.5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; padding: 0; list-style: none; }
nav a { display: inline-block; padding: 0.25rem 0; color: var(--s0); }
table { border-collapse: collapse; margin: 0.5rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.7rem; border-bottom: 1px solid var(--rule); text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; padding-left: 0; font-weight: normal; }
thead th { font-weight: bold !important; }
.words td { text-align: left; overflow-wrap: anywhere; } .words th:first-child { overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1rem; }
figure { margin: 0; break-inside: avoid; } figcaption { font-size: 0.9rem; }
svg { width: 100%; max-width: 34rem; height: auto; } svg text { font-size: 13px; fill: currentColor; }
.verdict { border-left: 4px solid var(--s0); padding: 0.3rem 0.8rem; font-size: 1.1rem; }
.why { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; } .why p, .why ul { margin: 0; }
.why ul { padding-left: 2.4rem; text-indent: -1.2rem; list-style: none; }
summary { cursor: pointer; padding: 0.3rem 0; } details { margin-bottom: 1rem; }
.picture img { width: 45rem; max-width: none; height: auto; background: white; }
@media print {
  :root { color-scheme: light; font-size: 62.5%; } body { max-width: none; font-size: 11px; }
  nav, details { display: none; } h2, h3 { break-after: avoid; } tr, .why { break-inside: avoid; }
  .wide { overflow: visible; }
}
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
    scores = read_arrays(run.test_scores) if run.test_scores.exists() else {}
    seen = read_seen(run.vocabularies).items
    counts = Counts(seen.lengths, np.bincount(seen.items, minlength=len(answers.items()) + 1))
    title = f"{metrics['model']} on {metrics['dataset']}"
    data = [[name.replace("_", " "), f"{n:,}"] for name, n in metrics["data"].items()]
    sections = [
        ("Verdict", f'<p class="verdict">{escape(_verdict(metrics))}</p>'),
        ("Figures", _figures(metrics)),
        ("Data", _table("Counts of the data", ["what", "count"], data)),
        ("How training went", _curves(run)),
        ("Where it is good", _charts(charts(scores, model, counts))),
        ("Who and what is little known", _table("Cold slices", *cold_rows(scores, counts, metrics))),
        ("What it reaches", _reached(answers, counts, metrics)),
        ("What it recommends", _recommended(answers)),
        ("How far its reasons hold", _reasons(run)),
        ("Settings", _words("Settings of the run", ["setting", "value"], settings)),
        ("Made with", _environment(run)),
    ]
    about = f"Protocol {metrics['protocol']}, seed {metrics['seed']}, run {run.path.name}"
    return _document(title, about, [(name, text) for name, text in sections if text])


def _document(title: str, about: str, sections: Sequence[tuple[str, str]]) -> str:
    links = "".join(f'<li><a href="#{_anchor(name)}">{name}</a></li>' for name, _ in sections)
    body = "\n".join(
        f'<section aria-labelledby="{_anchor(name)}">\n<h2 id="{_anchor(name)}">{name}</h2>\n{text}\n</section>'
        for name, text in sections
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n<p>{escape(about)}</p>\n"
        f'<nav aria-label="Parts of this page"><ul>{links}</ul></nav>\n{body}\n</main>\n</body>\n</html>\n'
    )


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


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
    """A row for every figure: test and validation of the model, test of the baselines."""
    columns = {f"{metrics['model']}, {part}": flatten(metrics[part]) for part in ("test", "validation")}
    for name, floor in metrics["floors"].items():
        columns[f"{name}, test"] = flatten({key: value for key, value in floor.items() if key != "validation"})
    names = [name for name, value in next(iter(columns.values())).items() if isinstance(value, float)]
    cells = [[titled(name), *(_figure(own.get(name)) for own in columns.values())] for name in names]
    return _table("Figures of the model and its baselines", ["figure", *columns], cells)


def _figure(value: object) -> str:
    return f"{value:,.4f}" if isinstance(value, int | float) else "–"


def _curves(run: RunDirectory) -> str:
    """The loss, and what validation said after every epoch."""
    if not run.history.exists():
        return "<p>No epoch trains this model.</p>"
    with reading(run.history):
        rows = pd.read_csv(run.history)
        chooser = next(name for name in rows if name.startswith("val_"))
    epoch, word = rows["epoch"].tolist(), chooser.removeprefix("val_").upper()
    loss = svg.lines("Loss of every epoch", {"loss": (epoch, rows["loss"].tolist())}, "epoch", "loss")
    told = svg.lines(f"Validation {word}", {"validation": (epoch, rows[chooser].tolist())}, "epoch", word)
    best = int(rows.loc[rows[chooser].idxmax(), "epoch"])
    said = f"<p>{len(rows)} epochs; the best on validation is {best}, {word} {rows[chooser].max():.4f}.</p>"
    return f"{said}{_charts([('Loss in training', loss), (f'{word} on validation', told)])}"


def _reached(answers: InProcess, counts: Counts, metrics: Mapping[str, Any]) -> str:
    said, chart = reached(answers, counts.popularity, metrics)
    return f"<p>{escape(said)}</p>\n{_charts([chart])}"


def _recommended(answers: InProcess) -> str:
    """The first item of each of a dozen users, and why, in words and drawn."""
    users = answers.users()
    asked = [users[place] for place in np.unique(np.linspace(0, len(users) - 1, SHOWN).astype(int))]
    best = answers.recommend(asked, 1)
    shown = [(user, row[0]) for user, row in zip(asked, best.item_id, strict=True) if row[0]]
    if not shown:
        return "<p>Everybody has taken everything.</p>"
    why = answers.explain([user for user, _ in shown], [item for _, item in shown])
    parts = []
    for row in counted(range(len(shown)), "reasons", "drawing"):
        user, item = shown[row]
        title = f"{why['item_name'][row] or item} for user {user}"
        told = _lines(explain_text(why, user, item, row))
        parts.append(f'<h3>{escape(title)}</h3>\n<div class="why">{told}</div>\n{_picture(why, user, item, row)}')
    return "\n".join(parts)


def _lines(told: Sequence[str]) -> str:
    """Sentences as paragraphs, what stands indented under them as a list."""
    parts = []
    for indented, lines in itertools.groupby(told, lambda line: line.startswith(" ")):
        tag, around = ("li", "<ul>{}</ul>") if indented else ("p", "{}")
        parts.append(around.format("".join(f"<{tag}>{escape(line.strip())}</{tag}>" for line in lines)))
    return "".join(parts)


def _picture(why: Mapping[str, np.ndarray], user: str, item: str, row: int) -> str:
    """The same drawn, behind a click; nothing where there is nothing to draw, or no matplotlib."""
    try:
        figure = explanation_figure(why, user, item, row)
    except InputError:
        return ""
    title = f"Why user {user} gets {why['item_name'][row] or item}"
    content = base64.b64encode(_in_few_greys(drawn(figure, PNG, title, ""))).decode()
    image = f'<img alt="{escape(title)}: as told above, drawn" src="data:image/png;base64,{content}">'
    scrolls = f'<div class="wide picture" tabindex="0" role="region" aria-label="{escape(title)}">{image}</div>'
    return f"<details>\n<summary>Drawn</summary>\n{scrolls}\n</details>"


def _in_few_greys(picture: bytes) -> bytes:
    """A quarter as large: pictures have no colours."""
    from PIL import Image  # of matplotlib's own requirements

    small = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("L").quantize(16).save(small, "PNG", optimize=True)
    return small.getvalue()


def _reasons(run: RunDirectory) -> str:
    """What `evaluate --explanations` found, where it was asked."""
    if not run.explanations.exists():
        return ""
    return f'<div class="wide" tabindex="0"><pre>{escape(faithfulness.table(read_json(run.explanations)))}</pre></div>'


def _environment(run: RunDirectory) -> str:
    if not run.environment.exists():
        return ""
    found = read_json(run.environment)
    command = " ".join(map(str, found.pop("command", [])))
    return _words("Where the run was made", ["what", "which"], {**flatten(found), "command": command})


def _charts(drawings: Sequence[Chart]) -> str:
    figures = (f"<figure>\n{chart}\n<figcaption>{escape(name)}</figcaption>\n</figure>" for name, chart in drawings)
    return '<div class="charts">\n' + "\n".join(figures) + "\n</div>" if drawings else ""


def _words(label: str, head: Sequence[str], content: Mapping[str, object]) -> str:
    """A table whose cells are text, which breaks where there is no room."""
    rows = ([name, str(value)] for name, value in content.items())
    return f'<div class="words">{_table(label, head, rows)}</div>'


def _table(label: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """It scrolls by itself where it is wider than the page."""
    lines = [f'<tr><th scope="row">{escape(name)}</th>{_cells(cells)}</tr>' for name, *cells in rows]
    if not lines:
        return ""
    first = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    table = f"<table>\n<thead><tr>{first}</tr></thead>\n<tbody>\n{chr(10).join(lines)}\n</tbody>\n</table>"
    return f'<div class="wide" tabindex="0" role="region" aria-label="{escape(label)}">{table}</div>'


def _cells(cells: Iterable[str]) -> str:
    return "".join(f"<td>{escape(cell)}</td>" for cell in cells)
