"""`tfkgrec benchmark workers`: two processes over the loopback against one, on the same batches.

For every model, without XLA and with it: the losses of the first steps side by side, and whole runs with the validation
figure that chose their epoch. Then one run whose second worker is killed: when the other leaves, with which words, and
what `--resume` of both comes to.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tfkgrec import registry
from tfkgrec.benchmarks.own_process import MARK, tell
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.files import read_json
from tfkgrec.tf_logging import quiet_import
from tfkgrec.training.local_workers import environments

MODELS = ("hkrm", "dink", "ksr", "lightgcn")
COLUMNS = ("model", "xla", "loss_1", "loss_last", "apart", "ms_one", "ms_two", "chosen_by", "one", "two")
Row: TypeAlias = dict[str, Any]
WAIT_SECONDS = 600.0


@dataclass(frozen=True)
class WorkersJob:
    """So many steps of a config, and then a whole run of it, in each of `count` processes."""

    config: str
    overrides: tuple[str, ...]
    steps: int
    count: int

    def measure(self) -> Row:
        """What the first process tells; `alike`: whether all came to the same weights."""
        command = [sys.executable, "-m", "tfkgrec.benchmarks.workers", json.dumps(asdict(self))]
        told = _outputs(command, self.count)
        rows = [json.loads(line[len(MARK) :]) for text in told for line in text.splitlines() if line.startswith(MARK)]
        return {**rows[0], "alike": len(rows) == self.count and len({row["digest"] for row in rows}) == 1}


def main(argv: Sequence[str]) -> tuple[list[Row], str]:
    """Measure what the arguments ask for; the rows, and a text for people."""
    options = _parser().parse_args(argv)
    options.runs.mkdir(parents=True, exist_ok=True)
    options.runs = Path(tempfile.mkdtemp(prefix="", dir=options.runs))  # beside whatever is there
    rows = [_compared(model, xla, options) for model in options.models for xla in options.xla]
    cells = [[_cell(row[column]) for column in COLUMNS] for row in rows]
    text = text_table(COLUMNS, cells)
    if not options.kill:
        return rows, text
    killed = _killed(options.models[0], options)
    return [*rows, killed], "\n".join([text, "", *(f"{name}: {_cell(value)}" for name, value in killed.items())])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tfkgrec benchmark workers", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=list(MODELS), help=f"default: {' '.join(MODELS)}")
    both = [False, True]
    parser.add_argument("--xla", nargs="+", type=json.loads, default=both, metavar="BOOL", help="default: false true")
    parser.add_argument("--steps", type=int, default=20, help="compared one by one (default 20)")
    parser.add_argument("--epochs", type=int, default=5, help="of the whole runs (default 5)")
    parser.add_argument("--users", type=int, default=600, help="of the synthetic data (default 600)")
    parser.add_argument("--kill", action=argparse.BooleanOptionalAction, default=True, help="also kill a worker")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/workers"), metavar="DIR", help="gets a folder of this call"
    )
    return parser


def _compared(model: str, xla: bool, options: argparse.Namespace) -> Row:
    """A row of the table."""
    config = _config(model, options)
    more = ("training.shards=2", f"training.jit_compile={json.dumps(xla)}")
    one, two = (WorkersJob(str(config), more, options.steps, count).measure() for count in (1, 2))
    if not two["alike"]:
        raise RuntimeError(f"{model}: the workers' weights differ")
    row = {
        "model": model,
        "xla": "yes" if xla else "no",
        "loss_1": one["losses"][0],
        "loss_last": one["losses"][-1],
        "apart": max(abs(a - b) for a, b in zip(one["losses"], two["losses"], strict=True)),
        "ms_one": one["ms"],
        "ms_two": two["ms"],
        "chosen_by": one["chosen_by"],
        "one": one["best"],
        "two": two["best"],
    }
    print(", ".join(f"{name} {_cell(value)}" for name, value in row.items()), file=sys.stderr, flush=True)
    return row


def _killed(model: str, options: argparse.Namespace) -> Row:
    """A run of two, one of them killed after its second epoch, and what both then come to."""
    config, more = _config(model, options), ("training.shards=2", f"training.epochs={2 * options.epochs}")
    whole, run = options.runs / "uninterrupted", options.runs / "killed"
    _outputs(_train(config, more, whole, 2), 2)
    command = _train(config, more, run, 2)
    chief, other = (_start(command, environment) for environment in environments(2))
    deadline = time.monotonic() + WAIT_SECONDS
    while not _epochs(run) >= 2 and chief.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    other.kill()
    start, at = time.perf_counter(), _epochs(run)
    _, said = chief.communicate(timeout=WAIT_SECONDS)
    left_after = time.perf_counter() - start
    other.communicate()
    _outputs([*command, "--resume"], 2)
    return {
        "killed_after_epoch": at,
        "the_other_left_after_seconds": left_after,
        "its_status": chief.returncode,
        "it_said": said.strip(),
        "uninterrupted": _best(whole),
        "resumed": _best(run),
    }


def _config(model: str, options: argparse.Namespace) -> Path:
    """A model's defaults, without dropout, on synthetic data: two processes do not drop what one does."""
    protocol = "sequential" if model == "ksr" else "ctr"
    fields = f"epochs: {options.epochs}, batch_size: 512, learning_rate: 5e-3"
    dropout = ", dropout: 0.0" if hasattr(registry.model(model).settings, "dropout") else ""
    file: Path = options.runs / f"{model}.yaml"
    file.write_text(
        f"model: {{name: {model}{dropout}}}\n"
        f"data: {{dataset: synthetic, protocol: {protocol}, synthetic: {{users: {options.users}}}}}\n"
        f"training: {{{fields}}}\nevaluation: {{floors: [popularity]}}\n"
    )
    return file


def _train(config: Path, more: Sequence[str], run: Path, count: int) -> list[str]:
    command = [sys.executable, "-m", "tfkgrec.train", "--config", str(config), "--run-dir", str(run), "--set", *more]
    return command + ["--strategy", "multiworker"] * (count > 1)


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _outputs(command: Sequence[str], count: int) -> list[str]:
    """What each of `count` processes prints; `RuntimeError` where one fails."""
    processes = [_start(command, one) for one in (environments(count) if count > 1 else [dict(os.environ)])]
    told = [process.communicate(timeout=WAIT_SECONDS) for process in processes]
    for process, (_, errors) in zip(processes, told, strict=True):
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)}: ended with {process.returncode}: {errors.strip()}")
    return [output for output, _ in told]


def _epochs(run: Path) -> int:
    state = run / "checkpoint" / "state.json"
    return int(read_json(state)["epoch"]) if state.exists() else 0


def _best(run: Path) -> float:
    """Of the figure that chose the epoch."""
    return float(read_json(run / "checkpoint" / "state.json")["best"])


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1e}" if 0 < abs(value) < 1e-3 else f"{value:.4f}" if abs(value) < 10 else f"{value:.1f}"
    return str(value)


def _work(job: WorkersJob) -> Row:
    """Take the steps, then train a fresh model to the end, and tell of both."""
    with quiet_import(3):
        import numpy as np
        import tensorflow as tf

        from tfkgrec.config import load_config
        from tfkgrec.runs.run import prepare
        from tfkgrec.training.callbacks import digest_weights
        from tfkgrec.training.trainer import all_batches, fit, make_task
        from tfkgrec.training.workers import ALONE, workers_of_environment

    workers = ALONE if job.count == 1 else workers_of_environment()
    config = load_config(Path(job.config), job.overrides)
    prepared = prepare(config)
    config = prepared.settled(config)
    model, settings = prepared.model(config), config.training
    batches = all_batches(prepared.protocol, model, settings, workers)
    task = make_task(prepared.protocol, model, settings, settings.learning_rate, workers)
    step = tf.function(task.train_step, jit_compile=task.jit_compile)
    losses, seconds = [], []
    feed = iter(batches.dataset().repeat())
    for _ in range(job.steps):
        start = time.perf_counter()
        task.reset_metrics()
        losses.append(float(step(next(feed))["loss"]))
        seconds.append(time.perf_counter() - start)
    digest = digest_weights(model.trainable_variables)
    progress = fit(prepared.model(config), prepared.protocol, settings, verbose=False, workers=workers).progress
    chosen_by = next(name for name in progress.rows[-1] if name.startswith("val_"))
    ms = 1000 * float(np.median(seconds[1:]))
    best = max(row[chosen_by] for row in progress.rows)
    return {"losses": losses, "ms": ms, "digest": digest, "chosen_by": chosen_by, "best": best}


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    tell(_work(WorkersJob(**{**given, "overrides": tuple(given["overrides"])})))
