"""One explanation as a picture: what the score owes to whom, and where the model looked."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from tfkgrec.errors import InputError
from tfkgrec.files import write_aside
from tfkgrec.pictures import bars, graphs, maps
from tfkgrec.pictures.library import matplotlib
from tfkgrec.pictures.panels import short

PNG, SVG = KINDS = (".png", ".svg")
WIDTH = 7.5  # inches
LOOK = {"text.parse_math": False, "font.size": 9, "svg.fonttype": "none"}
PANELS = (
    *(bars.items, bars.facts, bars.parts, graphs.paths, bars.looked_at, bars.fields, maps.match),
    *(maps.steps, maps.ranks, graphs.hops),
)


def draw_explanation(file: Path, outputs: Mapping[str, np.ndarray], user: str, item: str, told: str) -> None:
    """Write a PNG or an SVG of one pair's outputs of `explain`.

    Args:
        told: the same in words, which a reader hears who cannot see the picture.

    Raises:
        InputError: a model that has no parts to draw.
    """
    figure = explanation_figure(outputs, user, item)
    content = drawn(figure, file.suffix, f"Why {user} gets {item}", told)
    write_aside(file, lambda aside: aside.write_bytes(content))


def explanation_figure(outputs: Mapping[str, np.ndarray], user: str, item: str, row_of: int = 0) -> Any:
    """A matplotlib Figure of one pair's outputs of `explain`, which notebooks show.

    Args:
        row_of: which of the batch.

    Raises:
        InputError: a model that has no parts to draw.
    """
    row = {name: array[row_of] for name, array in outputs.items()}
    panels = [panel for make in PANELS for panel in make(row)]
    if not panels:
        raise InputError(f"a picture: expected a model that has parts to draw, found {row.get('explained_by', 'none')}")
    plots = matplotlib()
    heights = [lines for lines, _ in panels]
    with plots.rc_context(LOOK):
        size = (WIDTH, 0.6 + 0.21 * sum(heights) + 0.75 * len(panels))
        figure = plots.figure.Figure(figsize=size, dpi=120)
        axes = figure.subplots(len(panels), height_ratios=heights, squeeze=False)
        title = f"{short(str(row['item_name']) or item)} for {user}: {row['probability']:.2f}"
        figure.suptitle(title, y=1 - 0.1 / size[1])
        for (_, draw), place in zip(panels, axes[:, 0], strict=True):
            draw(place)
        figure.tight_layout()
        for place in axes[:, 0]:
            if not place.axison:  # no labels at its left: it may be as wide as the page
                where = place.get_position()
                place.set_position((0.02, where.y0, 0.96, where.height))
    figure._repr_png_ = lambda: drawn(figure, PNG, str(title), "")  # a notebook knows figures of pyplot only
    return figure


def drawn(figure: Any, kind: str, title: str, told: str) -> bytes:
    """The file, with its words: a PNG has a description, an SVG what readers of screens say."""
    found = io.BytesIO()
    with matplotlib().rc_context(LOOK):
        figure.savefig(found, format=kind[1:], metadata={"Title": title, "Description": told})
    if kind == PNG:
        return found.getvalue()
    head, mark, rest = found.getvalue().decode().partition("</title>")
    drawing = head.replace("<svg ", '<svg role="img" ', 1)
    return f"{drawing}{mark}\n <desc>{escape(told)}</desc>{rest}".encode()


def check_kind(file: Path) -> None:
    """Raise `InputError` unless it is a file that can be drawn into, and there is what draws."""
    if file.suffix not in KINDS:
        raise InputError(f"--picture: expected a name that ends in {' or '.join(KINDS)}, found {file}")
    matplotlib()
