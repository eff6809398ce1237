"""Small charts as SVG text, drawn with what every browser has: lines and bars, told apart by dashes, not by colour."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

WIDTH, HEIGHT = 420, 260
LEFT, RIGHT, TOP, BOTTOM = 66, 12, 12, 40
COLOURS = ("#1b4f9c", "#b3541e", "#2e7d32", "#6a1b9a")  # where the page has no others, as --s0, --s1, ..
DASHES = ("", "6 4", "2 3", "9 3 2 3")
TICKS = 5

Line = tuple[Sequence[float], Sequence[float]]
"""x and y of its points."""


def lines(title: str, found: Mapping[str, Line], x: str, y: str, square: bool = False) -> str:
    """A chart of named lines.

    Args:
        title: for those who hear the page.
        x, y: what the axes count.
        square: both from 0 to 1.
    """
    xs, ys = (np.concatenate([np.asarray(line[side], float) for line in found.values()]) for side in (0, 1))
    spans = [(0.0, 1.0)] * 2 if square else [_span(xs), _span(ys)]
    parts = _axes(spans, x, y, whole=not square)
    for place, (name, (own_x, own_y)) in enumerate(found.items()):
        colour, dash = colour_of(place), DASHES[place % len(DASHES)]
        across, up = _scaled(own_x, spans[0], LEFT, WIDTH - RIGHT), _scaled(own_y, spans[1], HEIGHT - BOTTOM, TOP)
        points = [f"{a:.1f},{b:.1f}" for a, b in zip(across, up, strict=True)]
        style = f'style="fill:none;stroke:{colour}" stroke-width="2" stroke-dasharray="{dash}"'
        parts.append(f'<polyline points="{" ".join(points)}" {style}/>')
        parts += (
            [f'<circle cx="{across[0]:.1f}" cy="{up[0]:.1f}" r="3" style="fill:{colour}"/>'] if len(points) == 1 else []
        )
        if len(found) > 1:  # the legend, where square charts are empty
            left, top = WIDTH - RIGHT - 110, HEIGHT - BOTTOM - 12 - 16 * (len(found) - 1 - place)
            parts.append(f'<line x1="{left}" x2="{left + 26}" y1="{top - 4}" y2="{top - 4}" {style}/>')
            parts.append(f'<text x="{left + 32}" y="{top}">{escape(name)}</text>')
    return _svg(title, parts)


def bars(title: str, found: Mapping[str, float], y: str) -> str:
    """A chart of named bars from 0 on, with their values above."""
    top = max([*found.values(), 1e-9])
    parts = _axes([(0.0, 1.0), (0.0, top)], "", y)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(found))
    for place, (name, value) in enumerate(found.items()):
        (high,) = _scaled([value], (0.0, top), HEIGHT - BOTTOM, TOP + 14)
        begin = LEFT + step * place
        size = f'width="{step * 0.7:.1f}" height="{HEIGHT - BOTTOM - high:.1f}"'
        parts.append(f'<rect x="{begin + step * 0.15:.1f}" y="{high:.1f}" {size} style="fill:{colour_of(0)}"/>')
        middle = begin + step / 2
        parts.append(f'<text x="{middle:.1f}" y="{high - 4:.1f}" text-anchor="middle">{value:.3f}</text>')
        label = escape(name)
        parts.append(f'<text x="{middle:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{label}</text>')
    return _svg(title, parts)


def colour_of(place: int) -> str:
    """Of the n-th line: the page's own, which may depend on how light it is."""
    return f"var(--s{place % len(COLOURS)}, {COLOURS[place % len(COLOURS)]})"


def _svg(title: str, parts: Sequence[str]) -> str:
    inner = "\n".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>\n{inner}\n</svg>"
    )


def _axes(spans: Sequence[tuple[float, float]], x: str, y: str, whole: bool = False) -> list[str]:
    """With ticks of x where there is an x; `whole`: at whole numbers, as epochs are."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="currentColor"/>']
    for value in round_ticks(*spans[1]):
        (at,) = _scaled([value], spans[1], bottom, TOP)
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{_number(value)}</text>')
    for value in round_ticks(*spans[0], 1.0 if whole else 0.0) if x else ():
        (at,) = _scaled([value], spans[0], LEFT, right)
        parts.append(f'<text x="{at:.1f}" y="{bottom + 16}" text-anchor="middle">{_number(value)}</text>')
    parts.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x)}</text>')
    turned = f'transform="rotate(-90 14 {(TOP + bottom) / 2})"'
    parts.append(f'<text x="14" y="{(TOP + bottom) / 2}" text-anchor="middle" {turned}>{escape(y)}</text>')
    return parts


def round_ticks(low: float, high: float, least: float = 0.0) -> list[float]:
    """Some multiples of 1, 2, 2.5 or 5 times a power of ten from `low` to `high`, at least `least` apart."""
    wanted = max((high - low) / TICKS, least, 1e-12)
    power = 10.0 ** np.floor(np.log10(wanted))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= wanted * (1 - 1e-9))
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return [float(place * step) + 0.0 for place in np.arange(first, last + 1)]  # of -0 it makes 0


def _span(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low - 0.5, high + 0.5) if low == high else (low, high)


def _scaled(values: Sequence[float], span: tuple[float, float], first: float, last: float) -> list[float]:
    low, high = span
    return [first + (float(value) - low) / (high - low) * (last - first) for value in values]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.4g}"
