"""`tfkgrec benchmark growth`: what a training step costs as tables grow, dense and by rows (`training.row_sparse`).

Matrix factorisation on random ids, each figure in a process of its own, so that its memory is its own. Compare figures
of one run only: ratios hold where milliseconds do not.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TypeAlias

from tfkgrec.benchmarks.own_process import ask, tell
from tfkgrec.cli import CommandParser
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.tf_logging import quiet_import

ITEMS_PER_USER = 8
COLUMNS = ("rows", "kind", "ms_per_step", "times_the_first", "peak_memory_mb", "compile_seconds")

Row: TypeAlias = dict[str, str | int | float]


@dataclass(frozen=True)
class GrowthJob:
    """Steps to time: `rows` of users and items together, vectors of `dim`, `batch_size` labelled pairs a step."""

    rows: int
    row_sparse: bool
    dim: int
    batch_size: int
    steps: int
    jit_compile: bool

    def measure(self) -> Row:
        """In a fresh process."""
        found: Row = ask("tfkgrec.benchmarks.growth", json.dumps(asdict(self)))
        return {"rows": self.rows, "kind": "by rows" if self.row_sparse else "dense", **found}


def main(argv: Sequence[str]) -> tuple[list[Row], str]:
    """Measure what the arguments ask for; the rows, and a text for people."""
    options = _parser().parse_args(argv)
    rows: list[Row] = []
    for row_sparse in (False, True):
        first = None
        for size in sorted(options.rows):
            if row_sparse or size <= options.dense_up_to:
                job = GrowthJob(size, row_sparse, options.dim, options.batch_size, options.steps, options.jit)
                row = job.measure()
                first = first or float(row["ms_per_step"])
                rows.append({**row, "times_the_first": round(float(row["ms_per_step"]) / first, 2)})
    cells = [[f"{row[c]:,}" if c != "kind" else str(row[c]) for c in COLUMNS] for row in rows]
    return rows, text_table(COLUMNS, cells)


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="tfkgrec benchmark growth", description=(__doc__ or "").partition("\n")[0])
    sizes = [100_000, 1_000_000, 10_000_000]
    parser.add_argument("--rows", type=int, nargs="+", default=sizes, metavar="N", help=f"default: {sizes}")
    parser.add_argument("--dim", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=30, help="timed, of which the median counts (default 30)")
    parser.add_argument("--dense-up-to", type=int, default=1_000_000, metavar="N", help="larger ones by rows only")
    parser.add_argument("--jit", action=argparse.BooleanOptionalAction, default=True, help="XLA (default)")
    return parser


def _work(job: GrowthJob) -> Row:
    with quiet_import():
        import numpy as np
        import tensorflow as tf

        from tfkgrec.config import TrainingConfig
        from tfkgrec.models.mf.model import MatrixFactorization, MatrixSizes
        from tfkgrec.tasks.ranking import RankingModel
        from tfkgrec.training.memory import peak_memory_mb
        from tfkgrec.training.trainer import compiled

    half = job.rows // 2
    model = MatrixFactorization(MatrixSizes(half, half), dim=job.dim, item_bias=False, l2=1e-2)
    model.build()
    task = compiled(RankingModel(model), TrainingConfig(row_sparse=job.row_sparse, jit_compile=job.jit_compile), 1e-3)
    step = tf.function(task.train_step, jit_compile=job.jit_compile)
    rng, groups = np.random.default_rng(0), job.batch_size // ITEMS_PER_USER

    def batch() -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
        pairs = (groups, ITEMS_PER_USER)
        ids = {"user": rng.integers(1, half, groups), "item": rng.integers(1, half, pairs)}
        label = rng.integers(0, 2, (*pairs, 1))
        inputs = {name: tf.constant(values, tf.int32) for name, values in ids.items()}
        return inputs, tf.constant(label, tf.float32), tf.ones(pairs)

    def seconds() -> float:
        inputs, start = batch(), time.perf_counter()
        step(inputs)["loss"].numpy()
        return time.perf_counter() - start

    compiling, _ = seconds(), seconds()
    return {
        "ms_per_step": round(1000 * statistics.median(seconds() for _ in range(job.steps)), 2),
        "peak_memory_mb": round(peak_memory_mb()),
        "compile_seconds": round(compiling, 1),
    }


if __name__ == "__main__":
    tell(_work(GrowthJob(**json.loads(sys.argv[1]))))
