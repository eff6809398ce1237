"""Pictures of benchmarks: a sweep with error bars, and cost over size."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tfkgrec.files import write_aside
from tfkgrec.pictures.library import matplotlib


class Curve(NamedTuple):
    """One line of a picture: at each of `places` (values of the axis) a mean and, of several seeds, its deviation."""

    label: str
    places: Sequence[str]
    means: Sequence[float]
    deviations: Sequence[float | None]


def draw(file: Path, title: str, axis: str, figure: str, curves: Sequence[Curve]) -> None:
    """Write a PNG; values stand at equal distances, as in the papers, bars are standard deviations over seeds."""
    canvas = matplotlib().figure.Figure(figsize=(5, 3.2), dpi=110)
    axes = canvas.subplots()
    order = list(dict.fromkeys(place for curve in curves for place in curve.places))
    for curve in curves:
        at = [order.index(place) for place in curve.places]
        bars = [deviation or 0.0 for deviation in curve.deviations]
        axes.errorbar(at, curve.means, yerr=bars, marker="o", capsize=3, label=curve.label)
    axes.set_xticks(range(len(order)), order)
    axes.set_xlabel(axis)
    axes.set_ylabel(figure)
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.3)
    if len(curves) > 1:
        axes.legend(fontsize=8)
    canvas.tight_layout()
    write_aside(file, lambda aside: canvas.savefig(aside, format="png"))


class Line(NamedTuple):
    """What something costs at each of the sizes."""

    label: str
    sizes: Sequence[float]
    costs: Sequence[float]


def draw_growth(file: Path, title: str, axis: str, figure: str, lines: Sequence[Line]) -> None:
    """Write a PNG, both scales logarithmic: what is linear rises as the dotted line does."""
    canvas = matplotlib().figure.Figure(figsize=(5, 3.6), dpi=110)
    axes = canvas.subplots()
    for line in lines:
        axes.loglog(line.sizes, line.costs, marker="o", label=line.label)
    first = lines[-1]
    axes.loglog(
        first.sizes, [first.costs[0] * n / first.sizes[0] for n in first.sizes], ":", color="grey", label="linear"
    )
    axes.set_xlabel(axis)
    axes.set_ylabel(figure)
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    canvas.tight_layout()
    write_aside(file, lambda aside: canvas.savefig(aside, format="png"))
