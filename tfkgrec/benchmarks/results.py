"""What finished runs measured, written down: in configs/<model>/results.json, the README and the configs' headers."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tfkgrec import registry
from tfkgrec.benchmarks.quality import config_path, measure, run_directory
from tfkgrec.benchmarks.tables import as_markdown, tables
from tfkgrec.benchmarks.variants import AS_CONFIGURED, ablations_of, variants_of
from tfkgrec.errors import InputError
from tfkgrec.files import write_text

_BEGIN, _END = "<!-- tables: tfkgrec benchmark tables -->", "<!-- end of tables -->"


def collect(
    model: str, datasets: Iterable[str], seeds: Sequence[int], configs: Path, runs: Path
) -> list[dict[str, Any]]:
    """The rows of a model: those of `runs` of which a seed is finished, else what results.json says of them."""
    file = results_file(configs, model)
    known = json.loads(file.read_text())["rows"] if file.exists() else []
    before = {(row["dataset"], row["variant"]): row for row in known}
    found = []
    for dataset in datasets:
        for row in (variants_of(model) | ablations_of(model)).values():
            done = [seed for seed in seeds if run_directory(runs, model, dataset, row, seed).metrics.exists()]
            if done:
                found.append(measure(model, dataset, row, done, configs, runs))
            elif (dataset, row.label) in before:
                found.append(before[dataset, row.label])
    return found


def results_file(configs: Path, model: str) -> Path:
    """Where a model's rows lie."""
    return configs / model / "results.json"


def write_tables(readme: Path, rows: list[dict[str, Any]]) -> None:
    """Put the rows' tables between the README's two marks.

    Raises:
        InputError: no README, or none with the marks.
    """
    if not readme.exists():
        raise InputError(f"--readme: expected a file, found nothing at {readme}")
    text = readme.read_text(encoding="utf-8")
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise InputError(f"{readme}: expected the lines '{_BEGIN}' and '{_END}', found {'one' if begin else 'none'}")
    write_text(readme, f"{before}{_BEGIN}\n\n{as_markdown(tables(rows))}\n\n{_END}{after}")


def write_header(configs: Path, row: dict[str, Any]) -> None:
    """Bring the figures in the header of a row's config up to date, where the row is the config as it stands."""
    model, seeds, mean, std = row["model"], row["seeds"], row["mean"], row["std"]
    standing = {known.label: known for name, known in variants_of(model).items() if name in AS_CONFIGURED}
    if len(seeds) < 3 or row["variant"] not in standing:
        return
    figures = registry.protocol(registry.model(model).protocols[0]).headline
    ours = ", ".join(f"{title} {mean[name]:.3f} +- {std[name]:.3f}" for title, name in figures.items())
    title, name = next(iter(figures.items()))
    floor = mean.get(name.replace("test.", "floors.popularity."))
    path = config_path(configs, model, row["dataset"], standing[row["variant"]])
    text = re.sub(r"^# Ours: .*$", f"# Ours:      {ours} ({len(seeds)} seeds)", path.read_text(), flags=re.M)
    if floor is not None:
        text = re.sub(rf"popularity alone {title} 0\.\d+", f"popularity alone {title} {floor:.3f}", text)
    write_text(path, text)
