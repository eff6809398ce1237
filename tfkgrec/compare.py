"""`tfkgrec compare`: runs side by side, what really differs between them, and what differs in their settings.

python -m tfkgrec.compare runs/hkrm runs/dink runs/mf
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfkgrec import registry
from tfkgrec.benchmarks.comparison import Comparison
from tfkgrec.cli import CommandParser, run_main
from tfkgrec.config import Config
from tfkgrec.errors import InputError
from tfkgrec.evaluation.paired import interval_of, p_of_draws, resampled_gaps
from tfkgrec.evaluation.report import read_metrics
from tfkgrec.evaluation.summary import flatten
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.files import read_arrays, read_json
from tfkgrec.progress import answering, say
from tfkgrec.tf_logging import quiet_import
from tfkgrec.training.run_directory import RunDirectory

NOT_SETTINGS = ("data.data_dir", "comments", "published.")
"""Keys of a config that change nothing of a run."""


class Compared(NamedTuple):
    """A run, its settings, its figures by dotted name, and the digests of what it was trained and judged on."""

    run: RunDirectory
    config: Config
    figures: dict[str, Any]
    digests: Mapping[str, str]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures with paired differences to the first run, then the settings that differ."""
    parser = CommandParser(prog="tfkgrec compare", description="Finished runs side by side.")
    parser.add_argument(
        "run_dirs", type=Path, nargs="+", metavar="RUN_DIR", help="the others are compared with the first"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    options = parser.parse_args(argv)
    answering(options.json)
    if len(options.run_dirs) < 2:
        parser.error("expected two runs or more")
    runs = [_read(path) for path in options.run_dirs]
    protocols = {one.config.data.protocol for one in runs}
    if len(protocols) > 1:
        raise InputError(f"expected runs of one protocol, found {', '.join(sorted(protocols))}")
    headline = registry.protocol(protocols.pop()).headline
    figure = next(iter(headline.values()))
    compared = [None, *(_compared(one, runs[0], figure) for one in runs[1:])]
    settings = differing([one.config for one in runs])
    if options.json:
        print(json.dumps(_record(runs, headline, compared, settings), indent=2))
        return 0
    say(_figures(runs, headline, compared))
    say(f"\n{_settings(runs, settings)}")
    return 0


def _read(path: Path) -> Compared:
    with quiet_import():
        from tfkgrec.runs.version_0_1 import read_config

    run = RunDirectory(path)
    run.check()
    digests = read_json(run.data).get("digests", {}) if run.data.exists() else {}  # version 0.1 kept none
    return Compared(run, read_config(run.config), flatten(read_metrics(run.metrics)), digests)


def _compared(one: Compared, first: Compared, figure: str) -> Comparison | str:
    """The difference to the first run; or why there is none."""
    for what in ("interactions", "split"):
        if one.digests.get(what) != first.digests.get(what):
            return f"other {what}"
    if figure not in one.figures or figure not in first.figures:
        return "not measured"
    files = [run.test_scores for run in (one.run, first.run)]
    over_users: dict[str, Any] = {}
    if all(file.exists() for file in files):
        own, other = (read_arrays(file) for file in files)
        draws = resampled_gaps(own, other, figure, np.random.default_rng(8))
        if draws is not None:
            over_users = {"p_users": p_of_draws(draws), "interval": interval_of(draws)}
    return Comparison(one.figures[figure] - first.figures[figure], 1, **over_users)


def differing(configs: Sequence[Config]) -> dict[str, list[Any]]:
    """Key -> its value in each of the configs, where they differ; "-" where a config has no such key."""
    flat = [flatten(config.to_dict()) for config in configs]
    keys = dict.fromkeys(key for own in flat for key in own if not key.startswith(NOT_SETTINGS))
    found = {key: [own.get(key, "-") for own in flat] for key in keys}
    return {key: values for key, values in found.items() if any(value != values[0] for value in values)}


def _figures(runs: Sequence[Compared], headline: Mapping[str, str], compared: Sequence[Comparison | str | None]) -> str:
    title, *_ = headline
    rows = []
    for one, found in zip(runs, compared, strict=True):
        figures = (one.figures.get(name) for name in headline.values())
        cells = ("-" if figure is None else f"{figure:.4f}" for figure in figures)
        said = "" if found is None else found if isinstance(found, str) else _told(found)
        rows.append([str(one.run.path), one.config.model.name, *cells, said])
    return text_table(["run", "model", *headline, f"{title}: difference to the first"], rows, names=2)


def _told(found: Comparison) -> str:
    interval = "" if found.interval is None else " [{:+.4f}, {:+.4f}]".format(*found.interval)
    return f"{found.difference:+.4f}{interval}{ {True: ' real', False: ' not shown', None: ''}[found.real] }"


def _settings(runs: Sequence[Compared], settings: Mapping[str, list[Any]]) -> str:
    if not settings:
        return "no setting differs"
    rows = [[key, *(str(value) for value in values)] for key, values in settings.items()]
    return text_table(["setting", *(str(one.run.path) for one in runs)], rows, names=len(runs) + 1)


def _record(
    runs: Sequence[Compared],
    headline: Mapping[str, str],
    compared: Sequence[Comparison | str | None],
    settings: Mapping[str, list[Any]],
) -> dict[str, object]:
    figure = next(iter(headline.values()))
    first = (str(runs[0].run.path),)
    rows = [
        {
            "run": str(one.run.path),
            "model": one.config.model.name,
            **{name: one.figures.get(name) for name in headline.values()},
            "compared": found.to_json(first, figure) if isinstance(found, Comparison) else found,
        }
        for one, found in zip(runs, compared, strict=True)
    ]
    return {"runs": rows, "settings": {key: [str(v) for v in values] for key, values in settings.items()}}


if __name__ == "__main__":
    sys.exit(run_main(main))
