"""Small graphs, from left to right: the triples that EKPNet looked at, hop by hop, and the paths of RKAN."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from tfkgrec.pictures.panels import DARK, Panel, Row, short

MOST_TRIPLES = 4  # of a hop
MOST_PATHS = 5
LONGEST_NODE, LONGEST_EDGE = 22, 26
WIDEST = 4.0  # points, of an edge


class Edge(NamedTuple):
    """From a node of one column to one of the next; several between the same two are drawn as one."""

    column: int  # of the node at its left
    left: str
    right: str
    text: str
    weight: float  # how wide it is drawn; below 0: dashed; 0: thin, it only leads there
    form: str = ""  # how the weight is told behind the text


def hops(row: Row) -> Iterable[Panel]:
    """EKPNet: the heaviest triples of every hop, from the liked items on."""
    if "ripple_attention" not in row:
        return
    edges: list[Edge] = []
    for hop, weight in enumerate(row["ripple_attention"]):
        part = {name: row[f"ripple_{name}"][hop] for name in ("head_entity", "relation", "tail_entity", "seed_item")}
        there = [n for n in np.argsort(-weight, kind="stable") if weight[n] > 0 and part["seed_item"][n]]
        for n in there[:MOST_TRIPLES]:
            seed = str(row["ripple_seed_name"][hop][n] or f"item {part['seed_item'][n]}")
            head = seed if hop == 0 else str(part["head_entity"][n])
            relation, tail = str(part["relation"][n]), str(part["tail_entity"][n])
            edges.append(Edge(hop, head, tail, relation, float(weight[n]), " {:.0%}"))
            if hop == 1 and not any(one.column == 0 and one.right == head for one in edges):
                edges.append(Edge(0, seed, head, "", 0.0))
    columns = ["you liked", *(f"{n} step{'s' * (n > 1)} on" for n in range(1, len(row["ripple_attention"]) + 1))]
    yield from _graph(edges, columns, "the triples that the model looked at most")


def paths(row: Row) -> Iterable[Panel]:
    """RKAN: the paths that the score owes most to; of a score without paths those that were looked at."""
    if "path_weight" not in row:
        return
    owed = row.get("fact_contribution", row["path_weight"])
    there = [n for n, raw in enumerate(row["first_item"]) if raw and row["path_weight"][n] > 0]
    goal, edges = str(row["item_name"] or "the item"), []
    for n in sorted(there, key=lambda place: -abs(owed[place]))[:MOST_PATHS]:
        first, entity = str(row["first_name"][n] or f"item {row['first_item'][n]}"), str(row["middle_entity"][n])
        middle, amount = entity or "others who took it", float(owed[n])
        edges.append(Edge(0, first, middle, str(row["first_relation"][n]), amount))
        edges.append(Edge(1, middle, goal, str(row["last_relation"][n]), amount, " {:+.2f}"))
    what = "owes most to" if "fact_contribution" in row else "comes from, by what the model looked at"
    yield from _graph(edges, ["you took", "in common", "recommended"], f"the paths that the score {what}")


def _graph(edges: list[Edge], columns: list[str], title: str) -> Iterable[Panel]:
    if not edges:
        return
    edges = _once(edges)
    nodes = _columns(edges, len(columns))
    lines = max(map(len, nodes))
    place = {
        (column, name): (float(column), lines * (number + 0.5) / len(own))
        for column, own in enumerate(nodes)
        for number, name in enumerate(own)
    }

    def draw(axes: Any) -> None:
        _draw_edges(axes, edges, place)
        for (_, name), at in place.items():
            box = {"facecolor": "white", "edgecolor": DARK, "boxstyle": "round,pad=0.25"}
            axes.text(*at, short(name, LONGEST_NODE), ha="center", va="center", fontsize=8, bbox=box, zorder=3)
        for column, name in enumerate(columns):
            axes.text(column, -0.2, name, ha="center", va="bottom", fontsize=8, style="italic")
        axes.set_xlim(-0.45, len(columns) - 0.55)
        axes.set_ylim(lines + 0.3, -0.8)
        axes.set_title(title, fontsize=9, loc="left")
        axes.axis("off")

    yield 1.9 * lines + 1, draw


def _draw_edges(axes: Any, edges: list[Edge], place: dict[tuple[int, str], tuple[float, float]]) -> None:
    most = max(abs(edge.weight) for edge in edges) or 1.0
    for number, edge in enumerate(edges):
        (x, y), (to_x, to_y) = place[edge.column, edge.left], place[edge.column + 1, edge.right]
        width = 0.8 + WIDEST * abs(edge.weight) / most if edge.weight else 0.6
        style = ":" if edge.weight == 0 else "--" if edge.weight < 0 else "-"
        axes.plot([x, to_x], [y, to_y], color=DARK, linewidth=width, linestyle=style, zorder=1, alpha=0.75)
        if edge.text:
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
            share = 0.44 if number % 2 else 0.56  # labels of neighbours beside each other
            at = (x + share * (to_x - x), y + share * (to_y - y))
            axes.text(*at, short(edge.text, LONGEST_EDGE), ha="center", va="center", fontsize=7, bbox=box, zorder=2)


def _columns(edges: list[Edge], count: int) -> list[list[str]]:
    """The nodes of each column, from above."""
    nodes: list[list[str]] = [[] for _ in range(count)]
    for edge in edges:
        for column, name in ((edge.column, edge.left), (edge.column + 1, edge.right)):
            if name not in nodes[column]:
                nodes[column].append(name)
    for column in range(1, count):
        nodes[column] = _near(nodes[column], nodes[column - 1], [edge for edge in edges if edge.column == column - 1])
    return nodes


def _near(own: list[str], before: list[str], edges: list[Edge]) -> list[str]:
    """Nodes of a column in the order of those `before` that lead there, so that few edges cross."""

    def middle(name: str) -> float:
        return float(np.mean([before.index(edge.left) for edge in edges if edge.right == name] or [0]))

    return sorted(own, key=middle)


def _once(edges: list[Edge]) -> list[Edge]:
    """One between the same two nodes, with what all are called and all their weight in its text."""
    found: dict[tuple[int, str, str], list[Edge]] = {}
    for edge in edges:
        found.setdefault(edge[:3], []).append(edge)
    joined = []
    for (column, left, right), same in found.items():
        weight = sum(edge.weight for edge in same)
        called = ", ".join(dict.fromkeys(edge.text for edge in same if edge.text))
        joined.append(Edge(column, left, right, f"{called}{same[0].form.format(weight)}".strip(), weight))
    return joined
