"""`tfkgrec benchmark growth --serving`: what `recommend` costs as catalogues grow, for one user and for eight at once.

Models of random data whose weights are as they were drawn, each in a process of its own: the signature itself, without
a server. `cpu_ms` is the CPU time of a request, on all cores together; memory is the most while requests are answered.
"""

import contextlib
import ctypes
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from tfkgrec.benchmarks.own_process import ask, tell
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.savedmodel.signatures import Signatures

USERS = 10_000
ASKED = (1, 8)
"""Users of a request."""
LISTED = 100
MEMBERS = ("lightgcn", "hkrm", "mf", "counts")
"""Of a fusion here: DINK, which is one by default, runs a GRU for every item of the catalogue."""
COLUMNS = ("model", "items", "users", "ms", "ms_per_user", "cpu_ms", "peak_memory_mb")

Row: TypeAlias = dict[str, str | int | float]


def measure(models: Sequence[str], rows: Sequence[int], dim: int, times: int) -> tuple[list[Row], str]:
    """Rows of every model with `rows` / 2 items, as `benchmark growth` counts them, and a text for people."""
    found: list[Row] = []
    for model in models:
        for size in sorted(rows):
            job = {"model": model, "items": size // 2, "dim": dim, "times": times}
            told = ask("tfkgrec.benchmarks.growth_of_serving", json.dumps(job))
            found += told["requests"]
    cells = [[str(row[c]) if isinstance(row[c], str) else f"{row[c]:,}" for c in COLUMNS] for row in found]
    return found, text_table(COLUMNS, cells)


def _work(model: str, items: int, dim: int, times: int) -> dict[str, list[Row]]:
    with quiet_import():
        import numpy as np
        import tensorflow as tf

        from tfkgrec.training.memory import forget_peak, peak_memory_mb

    recommend = _signatures(model, items, dim).functions()["recommend"]
    _give_back()
    forget_peak()
    found: list[Row] = []
    for users in ASKED:
        wall, cpu = [], []
        for number in range(times + 2):
            named = tf.constant([f"u{1 + (number * users + n) % USERS}" for n in range(users)])
            start, begun = time.perf_counter(), time.process_time()
            np.asarray(recommend(named)["score"])
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - begun)
        ms, cpu_ms = (1000 * statistics.median(each[2:]) for each in (wall, cpu))  # the first ones trace
        figures = {"ms": round(ms, 1), "ms_per_user": round(ms / users, 1), "cpu_ms": round(cpu_ms, 1)}
        found.append({"model": model, "items": items, "users": users, **figures})
    return {"requests": [{**row, "peak_memory_mb": round(peak_memory_mb())} for row in found]}


def _give_back() -> None:
    """Let the system have what making the model has left behind: a server loads a model that is made."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # of glibc alone
        ctypes.CDLL(None).malloc_trim(0)


def _signatures(model: str, items: int, dim: int) -> "Signatures":
    """Of an untrained model of random data."""
    from tfkgrec.benchmarks.random_world import random_dataset, untrained
    from tfkgrec.runs.id_files import read_seen, write_id_files
    from tfkgrec.savedmodel.signatures import Signatures
    from tfkgrec.savedmodel.vocabularies import Vocabularies

    dataset, history = random_dataset(USERS, items)
    of_fusion = {name: untrained(name, dim, dataset, history) for name in MEMBERS} if model == "fusion" else None
    made = untrained(model, dim, dataset, history, of_fusion)
    with tempfile.TemporaryDirectory() as folder:
        write_id_files(Path(folder), dataset, history)
        vocabularies, seen = Vocabularies(Path(folder)), read_seen(Path(folder))
    return Signatures(made, vocabularies, seen, LISTED, model)


if __name__ == "__main__":
    tell(_work(**json.loads(sys.argv[1])))
