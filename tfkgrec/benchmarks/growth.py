"""`tfkgrec benchmark growth`: what a training step costs as tables grow, dense and by rows (`training.row_sparse`).

Models of random data, each figure in a process of its own, so that its memory is its own. "dense" reads and moves whole
tables, as if they were small; "by rows" what a batch names; "auto" is what a run does. `times_the_first` is of the CPU
time, which other work on the machine disturbs least. Compare figures of one run only: ratios hold where milliseconds
do not.
"""

import argparse
import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tfkgrec.benchmarks.own_process import ask, tell
from tfkgrec.cli import CommandParser
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.models.recommender import Recommender

ITEMS_PER_USER = 8
MODELS = ("mf", "hkrm", "kgcn", "lightgcn", "fusion")
KINDS = ("dense", "by rows", "auto")
COLUMNS = (
    *("model", "rows", "kind", "ms_per_step", "cpu_ms_per_step"),
    *("times_the_first", "peak_memory_mb", "compile_seconds"),
)

Row: TypeAlias = dict[str, str | int | float]


@dataclass(frozen=True)
class GrowthJob:
    """Steps to time: `rows` of users and items together, vectors of `dim`, `batch_size` labelled pairs a step."""

    model: str
    rows: int
    kind: str
    dim: int
    batch_size: int
    steps: int
    jit_compile: bool

    def measure(self) -> Row:
        """In a fresh process."""
        found: Row = ask("tfkgrec.benchmarks.growth", json.dumps(asdict(self)))
        return {"model": self.model, "rows": self.rows, "kind": self.kind, **found}


def main(argv: Sequence[str]) -> tuple[list[Row], str]:
    """Measure what the arguments ask for; the rows, and a text for people."""
    options = _parser().parse_args(argv)
    if options.serving:
        from tfkgrec.benchmarks import growth_of_serving

        return growth_of_serving.measure(options.models, options.rows, options.dim, options.steps)
    rows: list[Row] = []
    for model in options.models:
        for kind in options.kinds:
            first = None
            for size in sorted(options.rows):
                if kind != "dense" or size <= options.dense_up_to:
                    job = GrowthJob(model, size, kind, options.dim, options.batch_size, options.steps, options.jit)
                    row = job.measure()
                    first = first or float(row["cpu_ms_per_step"])
                    rows.append({**row, "times_the_first": round(float(row["cpu_ms_per_step"]) / first, 2)})
    cells = [[str(row[c]) if isinstance(row[c], str) else f"{row[c]:,}" for c in COLUMNS] for row in rows]
    return rows, text_table(COLUMNS, cells)


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="tfkgrec benchmark growth", description=(__doc__ or "").partition("\n")[0])
    sizes = [100_000, 1_000_000, 10_000_000]
    parser.add_argument("--serving", action="store_true", help="what a request for recommendations costs instead")
    parser.add_argument(
        "--models", nargs="+", choices=MODELS, default=["mf"], help="default: mf; fusion: --serving only"
    )
    parser.add_argument(
        "--kinds", nargs="+", choices=KINDS, default=["dense", "by rows"], help="default: dense, by rows"
    )
    parser.add_argument("--rows", type=int, nargs="+", default=sizes, metavar="N", help=f"default: {sizes}")
    parser.add_argument("--dim", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=30, help="timed, of which the median counts (default 30)")
    parser.add_argument("--dense-up-to", type=int, default=1_000_000, metavar="N", help="larger ones by rows only")
    parser.add_argument("--jit", action=argparse.BooleanOptionalAction, default=True, help="XLA (default)")
    return parser


def _model(job: GrowthJob) -> "Recommender":
    """With `rows` / 2 users and items; MF is made without data, which take longer to draw than it has need for."""
    from tfkgrec.benchmarks.random_world import random_dataset, untrained
    from tfkgrec.models.hkrm import model as hkrm
    from tfkgrec.models.mf.model import MatrixFactorization, MatrixSizes

    half = job.rows // 2
    if job.model == "mf":
        made = MatrixFactorization(MatrixSizes(half, half), dim=job.dim, item_bias=False, l2=1e-2)
        made.build()
        return made
    if job.kind != "auto":
        hkrm.WORTH_IT = math.inf if job.kind == "dense" else 0
    dataset, history = random_dataset(half - 1, half - 1)
    return untrained(job.model, job.dim, dataset, history)


def _batches(job: GrowthJob, model: "Recommender") -> Callable[[], tuple[dict[str, Any], Any, Any]]:
    """What draws a batch, as a run under protocol ctr would feed it."""
    import numpy as np
    import tensorflow as tf

    rng, half = np.random.default_rng(0), job.rows // 2
    groups, length = job.batch_size // ITEMS_PER_USER, model.history_length

    def batch() -> tuple[dict[str, Any], Any, Any]:
        pairs = (groups, ITEMS_PER_USER)
        ids = {"user": rng.integers(1, half, groups), "item": rng.integers(1, half, pairs)}
        if length:
            ids |= {"history": rng.integers(1, half, (groups, length + 1)), "left_out": rng.integers(0, length, pairs)}
        label = rng.integers(0, 2, (*pairs, 1))
        inputs = {name: tf.constant(values, tf.int32) for name, values in ids.items()}
        return inputs, tf.constant(label, tf.float32), tf.ones(pairs)

    return batch


def _work(job: GrowthJob) -> Row:
    with quiet_import():
        import tensorflow as tf

        from tfkgrec.config import TrainingConfig
        from tfkgrec.tasks.ranking import RankingModel
        from tfkgrec.training.memory import peak_memory_mb
        from tfkgrec.training.trainer import compiled

    model = _model(job)
    by_rows: Any = {"dense": False, "by rows": True, "auto": "auto"}[job.kind]
    settings = TrainingConfig(row_sparse=by_rows, jit_compile=job.jit_compile)
    task = compiled(RankingModel(model), settings, 1e-3)
    step, batch = tf.function(task.train_step, jit_compile=job.jit_compile), _batches(job, model)

    def seconds() -> tuple[float, float]:
        inputs, start, cpu = batch(), time.perf_counter(), time.process_time()
        step(inputs)["loss"].numpy()
        return time.perf_counter() - start, time.process_time() - cpu

    (compiling, _), _ = seconds(), seconds()
    wall, cpu = zip(*(seconds() for _ in range(job.steps)), strict=True)
    return {
        "ms_per_step": round(1000 * statistics.median(wall), 2),
        "cpu_ms_per_step": round(1000 * statistics.median(cpu), 2),
        "peak_memory_mb": round(peak_memory_mb()),
        "compile_seconds": round(compiling, 1),
    }


if __name__ == "__main__":
    tell(_work(GrowthJob(**json.loads(sys.argv[1]))))
