"""Batches of triples with their corruptions, in blocks that share a relation."""

import keras
import numpy as np

from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.kge.corruption import Corruption

BLOCK = 16  # triples of one relation side by side: their relation's tables are read once


class TripleBatches(keras.utils.PyDataset):
    """Every triple once an epoch, shuffled, with fresh corruptions; a pure function of (seed, epoch).

    A batch is ({relation int32 [G]; head, tail int32 [G, S]; other int32, at_head bool, weight float32 [G, S, N]},).
    Slots that fill up a block or a batch have weight 0 and entity 0.

    Args:
        graph: the triples to learn.
        batch_size: triples a step, about: batches of an epoch are made equally large.
        negatives: N, corruptions a triple.
        corruption: "uniform" or "bernoulli".
    """

    def __init__(
        self, graph: KnowledgeGraph, batch_size: int, negatives: int = 1, corruption: str = "uniform", seed: int = 0
    ) -> None:
        super().__init__()
        self.graph, self.negatives, self.seed = graph, negatives, seed
        self.corruption = Corruption(graph, corruption)
        counts = np.bincount(graph.relation, minlength=graph.num_relations)
        self._blocks = -(-counts // BLOCK)  # [relations]
        per_batch = max(1, batch_size // BLOCK)
        self._steps = -(-int(self._blocks.sum()) // per_batch)
        self._blocks_per_batch = -(-int(self._blocks.sum()) // self._steps)
        self._epoch = -1
        self.on_epoch_end()

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray]]:
        rows = slice(index * self._blocks_per_batch, (index + 1) * self._blocks_per_batch)
        return ({name: array[rows] for name, array in self._arrays.items()},)

    def on_epoch_end(self) -> None:
        """Draw the next epoch."""
        self._epoch += 1
        self._arrays = self.epoch(self._epoch)

    def epoch(self, number: int) -> dict[str, np.ndarray]:
        """All batches of an epoch, one after the other."""
        rng = np.random.default_rng([self.seed, 8, number])
        slots = self._slots(rng)  # [all G, S], -1: nothing
        graph, real = self.graph, slots >= 0
        triples = slots[real]
        other, at_head, ok = self.corruption.draw(
            graph.head[triples], graph.relation[triples], graph.tail[triples], self.negatives, rng
        )
        arrays = {
            "relation": np.where(real[:, 0], graph.relation[slots[:, 0]], 0).astype(np.int32),
            "head": np.where(real, graph.head[slots], 0).astype(np.int32),
            "tail": np.where(real, graph.tail[slots], 0).astype(np.int32),
        }
        for name, values, kind in (("other", other, np.int32), ("at_head", at_head, bool), ("weight", ok, np.float32)):
            arrays[name] = np.zeros((*slots.shape, self.negatives), kind)
            arrays[name][real] = values
        return arrays

    def _slots(self, rng: np.random.Generator) -> np.ndarray:
        """Indices of triples, a relation a row, both triples within a relation and rows shuffled."""
        relation = self.graph.relation
        order = np.lexsort((rng.random(len(relation)), relation))
        counts = np.bincount(relation, minlength=len(self._blocks))
        shift = np.cumsum(self._blocks * BLOCK - counts) - (self._blocks * BLOCK - counts)  # gaps before the relation
        slots = np.full(self._steps * self._blocks_per_batch * BLOCK, -1)
        slots[np.arange(len(order)) + shift[relation[order]]] = order
        return rng.permutation(slots.reshape(-1, BLOCK))
