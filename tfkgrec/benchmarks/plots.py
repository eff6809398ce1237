"""A sweep as a picture, with error bars."""

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
