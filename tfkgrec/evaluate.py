"""`tfkgrec evaluate`: measure a finished run again, with its baselines beside it."""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from tfkgrec import registry
from tfkgrec.cli import run_main
from tfkgrec.errors import InputError
from tfkgrec.tf_logging import quiet_import


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, rewrite metrics.json, print the table."""
    parser = argparse.ArgumentParser(prog="tfkgrec evaluate", description="Measure a finished run again.")
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    parser.add_argument("--protocol", metavar="NAME", help="default: the run's own")
    parser.add_argument("--top-k", action="store_true", help="also rank the whole catalogue for every test user")
    options = parser.parse_args(argv)

    with quiet_import():
        from tfkgrec.evaluation.report import read_metrics, report, write_metrics
        from tfkgrec.runs.fingerprint import check_same_data
        from tfkgrec.runs.run import evaluate_run, load_run, prepare

    config, run, model = load_run(options.run_dir)
    if options.protocol is not None and registry.protocol(options.protocol).name != config.data.protocol:
        found = options.protocol
        raise InputError(f"--protocol: expected {config.data.protocol}, as the run was trained, found {found}")
    if options.top_k:
        if not hasattr(config.evaluation, "top_k"):
            raise InputError(
                f"--top-k: expected a run that does not rank all items anyway, found {config.data.protocol}"
            )
        evaluation = type(config.evaluation)(**{**vars(config.evaluation), "top_k": True})
        config = dataclasses.replace(config, evaluation=evaluation)
    timing = read_metrics(run.metrics)["timing"] if run.metrics.exists() else {}  # it was stopped before it was judged
    prepared = prepare(config)
    check_same_data(run, prepared.dataset, prepared.splits)
    metrics = evaluate_run(config, prepared, model, timing)
    write_metrics(run.metrics, metrics)
    print(report(metrics))
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
