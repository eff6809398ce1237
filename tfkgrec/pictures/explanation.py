"""One explanation as a picture: what the score owes to whom, and where the model looked.

Readable without colours: what speaks for the item is dark, what speaks against it hatched; a second series is light.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tfkgrec.errors import InputError
from tfkgrec.files import write_aside
from tfkgrec.pictures.pyplot import pyplot

Row = Mapping[str, np.ndarray]
Panel = tuple[float, Callable[[Any], None]]
"""How high it is, in lines of text, and what draws it into axes."""

KINDS = (".png", ".svg")
MOST_BARS = 12
LONGEST = 44  # letters of a label
DARK, LIGHT = "#303030", "#c8c8c8"
WEIGHTS = ("attention", "item_weight", "history_attention")
"""What models call their weights of the history's items."""


def draw_explanation(file: Path, outputs: Mapping[str, np.ndarray], user: str, item: str, told: str) -> None:
    """Write a PNG or an SVG of one pair's outputs of `explain`.

    Args:
        told: the same in words, which a reader hears who cannot see the picture.

    Raises:
        InputError: a model that has no parts to draw.
    """
    row = {name: array[0] for name, array in outputs.items()}
    panels = [panel for make in (_items, _facts, _parts, _fields, _steps) for panel in make(row)]
    if not panels:
        raise InputError(f"--picture: expected a model that has parts to draw, found {row.get('explained_by', 'none')}")
    plots = pyplot()
    heights = [lines for lines, _ in panels]
    with plots.rc_context({"text.parse_math": False, "font.size": 9, "svg.fonttype": "none"}):
        size = (7.5, 0.6 + 0.21 * sum(heights) + 0.75 * len(panels))
        figure, axes = plots.subplots(len(panels), figsize=size, height_ratios=heights, squeeze=False, dpi=120)
        figure.suptitle(f"{_short(str(row['item_name']) or item)} for {user}: {row['probability']:.2f}")
        for (_, draw), place in zip(panels, axes[:, 0], strict=True):
            draw(place)
        figure.tight_layout()
        about = {"Title": f"Why {user} gets {item}", "Description": told}
        write_aside(file, lambda aside: figure.savefig(aside, format=file.suffix[1:], metadata=about))
        plots.close(figure)


def check_kind(file: Path) -> None:
    """Raise `InputError` unless it is a file that can be drawn into, and there is what draws."""
    if file.suffix not in KINDS:
        raise InputError(f"--picture: expected a name that ends in {' or '.join(KINDS)}, found {file}")
    pyplot()


def _items(row: Row) -> Iterable[Panel]:
    if "contribution" in row:
        weight = next((row[name] for name in WEIGHTS if name in row), None)
        steps = [step for step, raw in enumerate(row["history_item"]) if raw]
        looked = {step: "" if weight is None else f"  ({weight[step]:.0%})" for step in steps}
        names = {step: _short(str(row["history_name"][step] or row["history_item"][step])) for step in steps}
        bars = [(float(row["contribution"][step]), names[step] + looked[step]) for step in steps]
        seen = "" if weight is None else " (share looked at)"
        yield from _bars(bars, f"what the logit loses without each item{seen}")


def _facts(row: Row) -> Iterable[Panel]:
    if "fact_contribution" in row:
        total: dict[str, float] = {}
        facts = (row[f"fact_{part}"] for part in ("relation", "entity", "contribution"))
        for relation, entity, amount in zip(*facts, strict=True):
            if relation or entity:
                label = _short(f"{relation} {entity}")
                total[label] = total.get(label, 0.0) + float(amount)
        yield from _bars([(amount, label) for label, amount in total.items()], "what it loses without each fact")


def _parts(row: Row) -> Iterable[Panel]:
    """Of a fusion."""
    bars = [(float(value), name.removesuffix("_adds")) for name, value in row.items() if name.endswith("_adds")]
    yield from _bars(bars, "what each member adds")


def _bars(bars: list[tuple[float, str]], title: str) -> Iterable[Panel]:
    """The greatest, up or down; none that is nothing."""
    shown = sorted((bar for bar in bars if bar[0]), key=lambda bar: -abs(bar[0]))[:MOST_BARS]
    if not shown:
        return

    def draw(axes: Any) -> None:
        amounts = [amount for amount, _ in shown]
        colours = [DARK if amount > 0 else "white" for amount in amounts]
        drawn = axes.barh(range(len(shown)), amounts, color=colours, edgecolor=DARK, height=0.7)
        for bar, amount in zip(drawn, amounts, strict=True):
            bar.set_hatch("" if amount > 0 else "////")
        axes.bar_label(drawn, [f"{amount:+.2f}" for amount in amounts], padding=3, fontsize=8)
        axes.set_yticks(range(len(shown)), [label for _, label in shown])
        axes.invert_yaxis()
        axes.axvline(0, color=DARK, linewidth=0.8)
        axes.margins(x=0.15)
        if len(shown) < len(bars):
            axes.set_xlabel(f"the {len(shown)} greatest of {len(bars)}", fontsize=8)
        _finish(axes, title)

    yield len(shown), draw


def _fields(row: Row) -> Iterable[Panel]:
    """HKRM's two distributions (Sun et al. 2020, figure 5)."""
    if "query_distribution" not in row or not np.any(row["query_distribution"]):
        return
    yours, its = row["query_distribution"], row["target_distribution"]
    order = np.argsort(-np.maximum(yours, its), kind="stable")[:MOST_BARS]
    order = order[np.maximum(yours, its)[order] > 0]

    def draw(axes: Any) -> None:
        place = np.arange(len(order))
        axes.barh(place - 0.19, yours[order], height=0.36, color=DARK, label="of the user")
        axes.barh(place + 0.19, its[order], height=0.36, color=LIGHT, edgecolor=DARK, label="of the item")
        axes.set_yticks(place, [_short(str(row["field_relation"][j])) for j in order])
        axes.invert_yaxis()
        axes.legend(fontsize=8, loc="lower right")
        _finish(axes, "the fields that the model looked at")

    yield 1.4 * len(order), draw


def _steps(row: Row) -> Iterable[Panel]:
    """KSR's attributes over time (Huang et al. 2018, figure 5)."""
    if "step_weight" not in row:
        return
    steps = [step for step, raw in enumerate(row["history_item"]) if raw]
    if not steps:
        return
    heaviest = np.argsort(-row["step_weight"][steps].max(axis=0), kind="stable")[:MOST_BARS]

    def draw(axes: Any) -> None:
        shades = axes.imshow(row["step_weight"][steps][:, heaviest].T, aspect="auto", cmap="Greys")
        axes.figure.colorbar(shades, ax=axes, fraction=0.03)
        axes.set_yticks(range(len(heaviest)), [_short(str(row["attribute_relation"][slot])) for slot in heaviest])
        axes.set_xlabel("items taken, the newest on the right")
        axes.set_title("the attributes that the model looked at, click by click", fontsize=9, loc="left")

    yield 1.2 * len(heaviest) + 2, draw


def _finish(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=9, loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
