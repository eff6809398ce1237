"""Shades of grey: HKRM's fields against each other, KSR's attributes over time with the values they hold."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from tfkgrec.pictures.bars import heaviest_fields
from tfkgrec.pictures.panels import DARK, MOST_BARS, Panel, Row, short

MOST_FIELDS = 6
MOST_RANKED = 2  # attributes whose values are ranked at two moments
MOMENTS = ("I", "II")


def match(row: Row) -> Iterable[Panel]:
    """HKRM's heat map: how much each pair of fields meets (Sun et al. 2020, figure 5)."""
    if "field_match" not in row or not np.any(row["field_match"]):
        return
    order = heaviest_fields(row, MOST_FIELDS)
    shade = row["field_match"][np.ix_(order, order)]

    def draw(axes: Any) -> None:
        _shades(axes, shade)
        for i, j in np.ndindex(*shade.shape):
            if shade[i, j] >= 0.005:
                colour = "white" if shade[i, j] > shade.max() / 2 else "black"
                axes.text(j, i, f"{shade[i, j]:.2f}", ha="center", va="center", color=colour, fontsize=7)
        names = [short(str(row["field_relation"][j]), 24) for j in order]
        axes.set_yticks(range(len(order)), names)
        axes.set_xticks(range(len(order)), names, rotation=25, ha="right", fontsize=8)
        axes.set_ylabel("of the user", fontsize=8)
        axes.set_xlabel("of the item", fontsize=8)
        axes.set_title("where both meet: the product of the two", fontsize=9, loc="left")

    yield 1.3 * len(order) + 4, draw


def steps(row: Row) -> Iterable[Panel]:
    """KSR's attributes over time (Huang et al. 2018, figure 5); the two moments of `ranks` are marked."""
    if "step_weight" not in row:
        return
    taken = [step for step, raw in enumerate(row["history_item"]) if raw]
    if not taken:
        return
    order = np.argsort(-row["step_weight"][taken].max(axis=0), kind="stable")[:MOST_BARS]
    moments = [place for place in (_earlier(row, taken), len(taken) - 1) if place is not None]

    def draw(axes: Any) -> None:
        _shades(axes, row["step_weight"][taken][:, order].T)
        axes.set_yticks(range(len(order)), [short(str(row["attribute_relation"][slot])) for slot in order])
        axes.set_xlabel("items taken, the newest on the right", fontsize=8)
        axes.set_title("the attributes that the model looked at, click by click", fontsize=9, loc="left", pad=14)
        if len(moments) > 1:
            for place, name in zip(moments, MOMENTS, strict=True):
                axes.axvline(place, color=DARK, linewidth=1, linestyle=":")
                axes.annotate(name, (place, -0.5), (0, 2), textcoords="offset points", ha="center", fontsize=8)

    yield 1.2 * len(order) + 2, draw


def ranks(row: Row) -> Iterable[Panel]:
    """KSR: which values the memory was nearest to at two moments, of the attributes that weigh most."""
    if "earlier_value_entity" not in row:
        return
    for slot in np.argsort(-row["attribute_weight"], kind="stable")[:MOST_RANKED]:
        then, now = ([str(one) for one in row[name][slot] if one] for name in ("earlier_value_entity", "value_entity"))
        if then and now:
            title = (
                f"{row['attribute_relation'][slot]} ({row['attribute_weight'][slot]:.0%}): the values it is nearest to"
            )
            yield max(len(then), len(now)) + 2, _ranked(then, now, title)


def _ranked(then: list[str], now: list[str], title: str) -> Any:
    def draw(axes: Any) -> None:
        for x, names, side in ((0.0, then, "right"), (1.0, now, "left")):
            for place, name in enumerate(names, 1):
                axes.plot(x, place, "o", color=DARK, markersize=3)
                text = f"{short(name, 30)}  {place}" if side == "right" else f"{place}  {short(name, 30)}"
                axes.annotate(
                    text, (x, place), (-6 if x == 0 else 6, 0), textcoords="offset points", ha=side, va="center"
                )
        for place, name in enumerate(then, 1):
            if name in now:
                axes.plot([0, 1], [place, now.index(name) + 1], color=DARK, linewidth=1)
        axes.set_xlim(-0.9, 1.9)
        axes.set_ylim(max(len(then), len(now)) + 0.6, -0.3)
        for x, name in zip((0, 1), MOMENTS, strict=True):
            axes.text(x, 0.2, name, ha="center", va="center", fontsize=8)
        axes.set_title(title, fontsize=9, loc="left")
        axes.axis("off")

    return draw


def _earlier(row: Row, taken: list[int]) -> int | None:
    """Where among the items taken the earlier moment is."""
    step = int(row["earlier_step"]) if "earlier_step" in row else -1
    return taken.index(step) if step in taken[:-1] else None


def _shades(axes: Any, values: np.ndarray) -> None:
    shades = axes.imshow(values, aspect="auto", cmap="Greys", vmin=0)
    axes.figure.colorbar(shades, ax=axes, fraction=0.03)
