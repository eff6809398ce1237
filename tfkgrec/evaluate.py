"""`tfkgrec evaluate`: measure a finished run again, with its baselines beside it."""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfkgrec import registry
from tfkgrec.cli import CommandParser, run_main
from tfkgrec.errors import InputError
from tfkgrec.progress import phase, say
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.config import Config
    from tfkgrec.models.recommender import Recommender
    from tfkgrec.training.run_directory import RunDirectory

PAIRS = 2000


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, rewrite metrics.json, print the table; on other data, write metrics-<name>.json beside it."""
    options = _options(argv)
    with quiet_import():
        from tfkgrec.evaluation.report import report, write_metrics
        from tfkgrec.runs.run import load_run

    with phase(f"loading {options.run_dir}"):
        config, run, model = load_run(options.run_dir)
    config = _asked(config, options)
    if options.explanations:
        _explanations(config, run, model, options.pairs or PAIRS, options.beside)
        return 0
    if options.data is None:
        metrics, target = _on_its_own(config, run, model), run.metrics
    else:
        metrics, target = _on_others(config, run, model, options.data), run.metrics_on(options.data)
    write_metrics(target, metrics)
    say(report(metrics), metrics=metrics)
    if options.data is not None:
        say(f"\nmetrics: {target}")
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser(prog="tfkgrec evaluate", description="Measure a finished run again.")
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    parser.add_argument("--protocol", metavar="NAME", help="default: the run's own")
    parser.add_argument("--top-k", action="store_true", help="also rank the whole catalogue for every test user")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="judge it on these interactions instead, such as next month's, by the run's ids and columns",
    )
    parser.add_argument(
        "--explanations",
        action="store_true",
        help="instead, how far its explanations hold: explanations.json beside metrics.json",
    )
    parser.add_argument("--pairs", type=int, metavar="N", help=f"that --explanations asks about (default: {PAIRS})")
    parser.add_argument(
        "--beside",
        type=Path,
        nargs="+",
        metavar="RUN_DIR",
        default=[],
        help="with --explanations: other runs of the model, of other seeds or trained again: do they say the same?",
    )
    options = parser.parse_args(argv)
    if options.pairs is not None and options.pairs < 2:
        parser.error(f"--pairs: expected 2 or more, found {options.pairs}")
    for given, option in ((options.pairs is not None, "--pairs"), (options.beside, "--beside")):
        if given and not options.explanations:
            parser.error(f"{option}: expected --explanations beside it")
    if options.explanations and (options.top_k or options.data is not None):
        parser.error("--explanations: expected neither --top-k nor --data beside it")
    return options


def _explanations(
    config: "Config", run: "RunDirectory", model: "Recommender", pairs: int, beside: Sequence[Path]
) -> None:
    from tfkgrec.evaluation.faithfulness import table
    from tfkgrec.evaluation.report import write_metrics
    from tfkgrec.runs.explanations import measure_explanations

    with phase("leaving out"):
        measured = measure_explanations(config, run, model, pairs, beside)
    write_metrics(run.explanations, measured)
    say(f"{table(measured)}\n\nwritten to {run.explanations}")


def _asked(config: "Config", options: argparse.Namespace) -> "Config":
    """The run's settings, and what the command line wants otherwise."""
    if options.protocol is not None and registry.protocol(options.protocol).name != config.data.protocol:
        found = options.protocol
        raise InputError(f"--protocol: expected {config.data.protocol}, as the run was trained, found {found}")
    if not options.top_k:
        return config
    if not hasattr(config.evaluation, "top_k"):
        raise InputError(f"--top-k: expected a run that does not rank all items anyway, found {config.data.protocol}")
    evaluation = type(config.evaluation)(**{**vars(config.evaluation), "top_k": True})
    return dataclasses.replace(config, evaluation=evaluation)


def _on_its_own(config: "Config", run: "RunDirectory", model: "Recommender") -> dict[str, Any]:
    from tfkgrec.evaluation.report import read_metrics
    from tfkgrec.runs.fingerprint import check_same_data
    from tfkgrec.runs.run import evaluate_run, prepare
    from tfkgrec.runs.test_reads import note_test_read
    from tfkgrec.training.run_directory import write_test_scores

    timing = read_metrics(run.metrics)["timing"] if run.metrics.exists() else {}  # it was stopped before it was judged
    prepared = prepare(config)
    check_same_data(run, prepared.dataset, prepared.splits)
    note_test_read(run, config.data.dataset, prepared.splits, config.training.seed)
    metrics = evaluate_run(config, prepared, model, timing)
    write_test_scores(run, getattr(prepared.protocol, "test_scores", {}))
    return metrics


def _on_others(config: "Config", run: "RunDirectory", model: "Recommender", file: Path) -> dict[str, Any]:
    from tfkgrec.runs.others import judge_others, told

    metrics = judge_others(config, run, model, file)
    say(f"{told(metrics['data'])}\n")
    return metrics


if __name__ == "__main__":
    sys.exit(run_main(main))
