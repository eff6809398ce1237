"""Bars: what the score owes to items, to facts and to the members of a fusion, and where DINK and HKRM looked."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from tfkgrec.models.explain_text import LEAST, by_fact
from tfkgrec.pictures.panels import DARK, LIGHT, MOST_BARS, Panel, Row, finish, item_names, short

WEIGHTS = ("attention", "item_weight", "history_attention")
"""What models call their weights of the history's items."""
MOST_FACTS = 2  # bars under that of an item


class Bar(NamedTuple):
    """One bar, up or down."""

    amount: float
    label: str
    beneath: bool = False  # of a fact, under the bar of its item


def items(row: Row) -> Iterable[Panel]:
    """What the logit loses without each item; under the first ones what it loses without their facts."""
    if "contribution" not in row:
        return
    names = item_names(row)
    weight = next((row[name] for name in WEIGHTS if name in row), None)
    looked = {step: "" if weight is None else f"  ({weight[step]:.0%})" for step in names}
    seen = "" if weight is None else " (share looked at)"
    greatest = sorted((step for step in names if row["contribution"][step]), key=lambda s: -abs(row["contribution"][s]))
    bars = []
    for step in greatest[:MOST_BARS]:
        bars.append(Bar(float(row["contribution"][step]), names[step] + looked[step]))
        bars += _beneath(row, str(row["history_item"][step]))
    yield from _owed(bars, f"what the logit loses without each item{seen}", len(greatest))


def _beneath(row: Row, raw: str) -> list[Bar]:
    """The facts of an item of the history, where it is one of those whose facts were left out."""
    places = [n for n, top in enumerate(row.get("top_item", ())) if top and str(top) == raw]
    if not places:
        return []
    total = by_fact(*(row[f"top_fact_{part}"][places[0]] for part in ("relation", "entity", "contribution")))
    greatest = sorted((one for one in total.items() if abs(one[1]) >= LEAST), key=lambda one: -abs(one[1]))[:MOST_FACTS]
    return [Bar(amount, f"its {short(text.strip())}", True) for text, amount in greatest]


def facts(row: Row) -> Iterable[Panel]:
    """What it loses without each fact of the candidate."""
    if "fact_contribution" in row:
        total = by_fact(*(row[f"fact_{part}"] for part in ("relation", "entity", "contribution")))
        yield from _greatest([Bar(amount, short(text)) for text, amount in total.items()], "without each fact")


def parts(row: Row) -> Iterable[Panel]:
    """Of a fusion."""
    bars = [Bar(float(value), name.removesuffix("_adds")) for name, value in row.items() if name.endswith("_adds")]
    yield from _greatest(bars, "what each member adds")


def _greatest(bars: list[Bar], title: str) -> Iterable[Panel]:
    """None that is next to nothing."""
    shown = sorted((bar for bar in bars if abs(bar.amount) >= LEAST), key=lambda bar: -abs(bar.amount))
    begin = "what the logit loses " if title.startswith("without") else ""
    yield from _owed(shown[:MOST_BARS], begin + title, len(shown))


def _owed(shown: list[Bar], title: str, of: int) -> Iterable[Panel]:
    if not shown:
        return

    def draw(axes: Any) -> None:
        amounts = [bar.amount for bar in shown]
        colours = ["white" if bar.amount < 0 else LIGHT if bar.beneath else DARK for bar in shown]
        heights = [0.45 if bar.beneath else 0.7 for bar in shown]
        drawn = axes.barh(range(len(shown)), amounts, color=colours, edgecolor=DARK, height=heights)
        for bar, amount in zip(drawn, amounts, strict=True):
            bar.set_hatch("" if amount > 0 else "////")
        axes.bar_label(drawn, [f"{amount:+.2f}" for amount in amounts], padding=3, fontsize=8)
        axes.set_yticks(range(len(shown)), [bar.label for bar in shown])
        axes.invert_yaxis()
        axes.axvline(0, color=DARK, linewidth=0.8)
        axes.margins(x=0.15)
        first = sum(not bar.beneath for bar in shown)
        if first < of:
            axes.set_xlabel(f"the {first} greatest of {of}", fontsize=8)
        finish(axes, title)

    yield len(shown), draw


def looked_at(row: Row) -> Iterable[Panel]:
    """DINK's attention over the history and, within each item, over its facts."""
    if "attention" not in row or "neighbour_weight" not in row:
        return
    names, shares = item_names(row), []
    for step in sorted(names, key=lambda s: -row["attention"][s])[: MOST_BARS // 2]:
        shares.append(Bar(float(row["attention"][step]), names[step]))
        total = by_fact(*(row[f"neighbour_{part}"][step] for part in ("relation", "entity", "weight")))
        heaviest = sorted((one for one in total.items() if one[1]), key=lambda one: -one[1])[:MOST_FACTS]
        shares += [Bar(share, f"its {short(text.strip())}", True) for text, share in heaviest]
    if not shares:
        return

    def draw(axes: Any) -> None:
        colours = [LIGHT if bar.beneath else DARK for bar in shares]
        heights = [0.45 if bar.beneath else 0.7 for bar in shares]
        drawn = axes.barh(
            range(len(shares)), [bar.amount for bar in shares], color=colours, edgecolor=DARK, height=heights
        )
        axes.bar_label(drawn, [f"{bar.amount:.0%}" for bar in shares], padding=3, fontsize=8)
        axes.set_yticks(range(len(shares)), [bar.label for bar in shares])
        axes.invert_yaxis()
        axes.margins(x=0.1)
        finish(axes, "what the model looked at: items, and the facts within each")

    yield len(shares), draw


def fields(row: Row) -> Iterable[Panel]:
    """HKRM's two distributions (Sun et al. 2020, figure 5)."""
    if "query_distribution" not in row or not np.any(row["query_distribution"]):
        return
    yours, its, order = row["query_distribution"], row["target_distribution"], heaviest_fields(row, MOST_BARS)

    def draw(axes: Any) -> None:
        place = np.arange(len(order))
        axes.barh(place - 0.19, yours[order], height=0.36, color=DARK, label="of the user")
        axes.barh(place + 0.19, its[order], height=0.36, color=LIGHT, edgecolor=DARK, label="of the item")
        axes.set_yticks(place, [short(str(row["field_relation"][j])) for j in order])
        axes.invert_yaxis()
        axes.legend(fontsize=8, loc="lower right")
        finish(axes, "the fields that the model looked at")

    yield 1.4 * len(order), draw


def heaviest_fields(row: Row, most: int) -> np.ndarray:
    """HKRM's fields that weigh most on either side, none that weighs nothing."""
    weight = np.maximum(row["query_distribution"], row["target_distribution"])
    order = np.argsort(-weight, kind="stable")[:most]
    found: np.ndarray = order[weight[order] > 0]
    return found
