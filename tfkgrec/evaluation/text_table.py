"""Tables for a terminal."""

from collections.abc import Iterable, Sequence

from tabulate import tabulate


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]], names: int = 1) -> str:
    """`rows` under `head` and a rule: the first `names` columns flush left, the figures behind them flush right.

    Cells stand as they are: what a number looks like is decided where it is known what it is.
    """
    sides = ["left" if column < names else "right" for column in range(len(head))]
    return tabulate(list(rows), head, colalign=sides, disable_numparse=True, preserve_whitespace=True)
