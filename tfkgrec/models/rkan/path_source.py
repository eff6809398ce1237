"""Which paths every pair of a training batch gets."""

from dataclasses import dataclass

import numpy as np

from tfkgrec.data.history import History
from tfkgrec.models.rkan.path_graph import PathGraph
from tfkgrec.models.rkan.path_sampling import PathRequest, sample_paths


@dataclass(frozen=True)
class PathSource:
    """Paths as inputs of a batch: `PairInputs` of RKAN.

    Attributes:
        num_paths: S.
        max_edges: L, 3, 5 or 7.
        newest: paths start with the row's `history` only, that is with what the user took just before. Otherwise with
            all training positives but the pair's own; a negative then loses a random one instead ("Leave the target
            out, without a trace").
        redraw: whether every epoch draws other ones.
    """

    graph: PathGraph
    num_paths: int
    max_edges: int = 3
    newest: bool = False
    redraw: bool = True

    def shapes(self) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
        return {"paths": ((self.num_paths, self.max_edges - 1), np.dtype(self.graph.id_type))}

    def draw(self, rows: dict[str, np.ndarray], history: History, seed: int, epoch: int) -> dict[str, np.ndarray]:
        """paths [R, M, S, L - 1]."""
        user, item, before = rows["user"], rows["item"], rows["history"]
        r, m = item.shape
        lost = np.zeros((r, m), np.int64)
        if self.newest:
            held = before > 0
            items, offsets = before[held], np.concatenate([[0], np.cumsum(held.sum(axis=1))])
            pair_offsets = np.arange(r + 1) * m
        else:
            items, offsets = history.items, history.offsets
            pair_offsets = np.searchsorted(user, np.arange(len(offsets))) * m
            rng = np.random.default_rng([seed, 5, epoch])
            size = (offsets[user + 1] - offsets[user])[:, None]
            pick = offsets[user][:, None] + (rng.random((r, m)) * size).astype(np.int64)
            lost = np.where(rows["label"] > 0, 0, items[np.minimum(pick, len(items) - 1)])
        start = np.random.SeedSequence([seed, 6, epoch if self.redraw else 0]).generate_state(1, np.uint64)[0]
        request = PathRequest(
            items,
            offsets.astype(np.int64),
            pair_offsets.astype(np.int64),
            np.repeat(user, m),
            item.ravel(),
            lost.ravel(),
        )
        title = f"paths of epoch {epoch + 1}"
        found = sample_paths(self.graph, request, self.num_paths, self.max_edges, int(start >> np.uint64(1)), title)
        return {"paths": found.reshape(r, m, *found.shape[1:])}
