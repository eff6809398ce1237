"""`tfkgrec plan`: memory, steps, hours and machines that a model would take on data of a size.

python -m tfkgrec.plan --users 1e8 --items 1e7 --interactions 1e10 --model hkrm
"""

import argparse
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfkgrec import registry
from tfkgrec.cli import CommandParser, add_set_argument, run_main
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.progress import phase
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.benchmarks.cost_model import Size, StepCost, TableCost

GIB = 2**30
SHOWN = 8
"""Tables that have a row of their own, the largest."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables, the time, and whether one machine is enough."""
    options = _parser().parse_args(argv)
    with quiet_import():
        from tfkgrec.benchmarks import cost_model

    size = cost_model.Size(options.users, options.items, options.interactions)
    overrides = options.overrides or []
    with phase("building the model at three sizes"):
        tables = cost_model.table_costs(options.model, overrides, size)
    with phase("timing its steps at two sizes"):
        step = cost_model.step_cost(options.model, overrides, size)
    print(_memory(tables, size))
    print(_time(step, size, options.epochs, options.hours))
    print(_verdict(tables, size, options.machine_gib))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="tfkgrec plan", description="What a model would cost on data of a size.")
    clicks = [name for name, spec in registry.models().items() if spec.stages and spec.protocols[0] == "ctr"]
    parser.add_argument("--model", required=True, choices=clicks, help="with its defaults, unless --set says otherwise")
    for what in ("users", "items", "interactions"):
        parser.add_argument(f"--{what}", required=True, type=_count, metavar="N", help="such as 1e8")
    parser.add_argument("--epochs", type=_count, default=10, metavar="N", help="default 10")
    parser.add_argument("--hours", type=float, default=24.0, help="that training may take (default 24)")
    parser.add_argument("--machine-gib", type=float, default=64.0, metavar="GIB", help="memory of one (default 64)")
    add_set_argument(parser)
    return parser


def _count(text: str) -> int:
    value = float(text)
    if not (1 <= value < math.inf):
        raise argparse.ArgumentTypeError(f"expected a number of 1 or more, found {text!r}")
    return round(value)


def _memory(tables: Sequence["TableCost"], size: "Size") -> str:
    from tfkgrec.benchmarks.cost_model import reads_rows

    by_rows = reads_rows(size)
    largest = sorted(tables, key=lambda table: -table.bytes(size, by_rows))
    kinds = {True: "weights and moments" if by_rows else "weights, moments, gradient", False: "as it is"}
    rows = [
        [table.name, f"{table.numbers(size):,.0f}", kinds[table.trained], f"{table.bytes(size, by_rows) / GIB:,.2f}"]
        for table in largest[:SHOWN]
    ]
    rest = sum(table.bytes(size, by_rows) for table in largest[SHOWN:])
    rows += [[f"{len(largest) - SHOWN} others", "", "", f"{rest / GIB:,.2f}"]] if len(largest) > SHOWN else []
    return text_table(["table", "numbers", "held in training", "GiB"], rows)


def _time(step: "StepCost", size: "Size", epochs: int, hours: float) -> str:
    from tfkgrec.benchmarks import cost_model

    steps = cost_model.steps_of_an_epoch(size, step.pairs)
    took = step.milliseconds(size)
    training = steps * epochs * took / 3.6e6
    grows = "whatever the tables hold" if not step.per_row else "growing with the tables"
    workers = max(1, math.ceil(training / hours))
    lines = [
        f"\nreading: {cost_model.reading_hours(size):,.2f} hours of one core",
        f"steps: {steps:,} an epoch of {step.pairs:,.0f} pairs, {took:,.1f} ms each on this machine, {grows}",
        f"training: {training:,.1f} hours for {epochs} epochs on one machine like this",
        f"machines: {workers:,} for {hours:g} hours"
        + (", if their sums cost nothing (docs/scale.md)" if workers > 1 else ""),
    ]
    return "\n".join(lines)


def _verdict(tables: Sequence["TableCost"], size: "Size", machine_gib: float) -> str:
    """Every worker holds the whole model, so more machines do not help where one is too small."""
    from tfkgrec.benchmarks import cost_model

    held = sum(table.bytes(size, cost_model.reads_rows(size)) for table in tables)
    program, data = cost_model.PROGRAM_BYTES, cost_model.reading_bytes(size)
    parts = f"{held / GIB:,.1f} for the model, {data / GIB:,.1f} for reading, {program / GIB:,.1f} for the program"
    total = (held + data + program) / GIB
    told = f"memory: {total:,.1f} GiB on every machine, {parts}"
    if total <= machine_gib:
        return f"{told}: fits into {machine_gib:g}"
    if (held + program) / GIB <= machine_gib:
        return f"{told}: more than {machine_gib:g}, by reading alone; `tfkgrec prepare` on Beam reads in shards"
    return (
        f"{told}: more than {machine_gib:g}, and no machine may hold less than the whole model: fewer dimensions, or"
        " fewer items"
    )


if __name__ == "__main__":
    sys.exit(run_main(main))
