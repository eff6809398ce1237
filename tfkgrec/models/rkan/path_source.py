"""Which paths every pair of a training batch gets."""

from dataclasses import dataclass

from tfkgrec.models.rkan.path_graph import PathGraph


@dataclass(frozen=True)
class PathSource:
    """Which paths every pair of a batch gets.

    Attributes:
        num_paths: S.
        max_edges: 3, 5 or 7.
        newest: paths start with the row's `history` only, that is with what the user took just before. Otherwise with
            all training positives but the pair's own; a negative then loses a random one instead (design rule 1).
        redraw: whether every epoch draws other ones.
    """

    graph: PathGraph
    num_paths: int
    max_edges: int = 3
    newest: bool = False
    redraw: bool = True
