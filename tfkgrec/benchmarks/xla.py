"""`benchmark xla`: the same steps with XLA and without: losses, times, and what `jit_compile: auto` takes."""

import dataclasses
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfkgrec import registry
from tfkgrec.benchmarks.own_process import ask, tell
from tfkgrec.benchmarks.speed import SpeedJob
from tfkgrec.cli import CommandParser
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.tf_logging import quiet_import

STEPS = 20
TIMED = 10
"""The last ones, when all is compiled and warm."""


@dataclass(frozen=True)
class XlaRow:
    """What XLA does to one model's training on this machine.

    Attributes:
        device: cpu or gpu, as TensorFlow calls it.
        largest_difference: between the losses of a step, over all steps.
        xla_ms, plain_ms: the median step.
        xla_start_s, plain_start_s: the first step, which traces and compiles.
        faster: how many times faster a step is with XLA.
    """

    model: str
    dataset: str
    device: str
    largest_difference: float
    xla_ms: float
    plain_ms: float
    xla_start_s: float
    plain_start_s: float

    @property
    def faster(self) -> float:
        return self.plain_ms / self.xla_ms


def main(argv: Sequence[str]) -> tuple[list[dict[str, Any]], str]:
    """The rows and the table of what `argv` asks for; `--write` also keeps what was faster, for `auto`."""
    from tfkgrec.training.xla_choice import write_choices

    parser = CommandParser(prog="tfkgrec benchmark xla", description="Steps with XLA and without, side by side.")
    with_steps = [name for name, spec in registry.models().items() if spec.stages]
    parser.add_argument("--models", nargs="+", choices=with_steps, default=with_steps)
    parser.add_argument(
        "--dataset", default="synthetic", metavar="NAME", help="default: synthetic, which needs no files"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR")
    parser.add_argument("--write", action="store_true", help="keep which was faster for `jit_compile: auto`")
    options = parser.parse_args(argv)
    rows = [measure(model, options.dataset, options.data_dir) for model in options.models]
    if options.write:
        write_choices(
            {(row.device, registry.model(row.model).keras_name or row.model): row.faster >= 1 for row in rows}
        )
    return [dataclasses.asdict(row) for row in rows], as_text(rows)


def measure(model: str, dataset: str, data_dir: Path | None) -> XlaRow:
    """In a process of its own."""
    job = SpeedJob(model, dataset, 0.0, None if data_dir is None else str(data_dir))
    return XlaRow(**ask("tfkgrec.benchmarks.xla", json.dumps(dataclasses.asdict(job))))


def as_text(rows: Sequence[XlaRow]) -> str:
    """For a terminal."""
    head = [
        "model",
        "device",
        "largest difference of a loss",
        "XLA ms",
        "plain ms",
        "times faster",
        "XLA start s",
        "plain",
    ]
    cells = [
        [row.model, row.device, f"{row.largest_difference:.1e}", f"{row.xla_ms:.1f}", f"{row.plain_ms:.1f}"]
        + [f"{row.faster:.2f}", f"{row.xla_start_s:.1f}", f"{row.plain_start_s:.1f}"]
        for row in rows
    ]
    return text_table(head, cells, names=2)


def _work(job: SpeedJob) -> XlaRow:
    with quiet_import():
        from tfkgrec.benchmarks.timed_steps import TimedSteps
        from tfkgrec.runs.run import prepare
        from tfkgrec.training.backend import device

    config = job.settings()
    prepared = prepare(config)
    xla, plain = (TimedSteps(config, prepared, jit) for jit in (True, False))
    for _ in range(STEPS):  # in turn, so that what else the machine does falls on both
        xla.take_one()
        plain.take_one()
    return XlaRow(
        model=job.model,
        dataset=job.dataset,
        device=device(),
        largest_difference=max(abs(a - b) for a, b in zip(xla.losses, plain.losses, strict=True)),
        xla_ms=1000 * statistics.median(xla.seconds[-TIMED:]),
        plain_ms=1000 * statistics.median(plain.seconds[-TIMED:]),
        xla_start_s=xla.seconds[0],
        plain_start_s=plain.seconds[0],
    )


if __name__ == "__main__":
    tell(dataclasses.asdict(_work(SpeedJob(**json.loads(sys.argv[1])))))
