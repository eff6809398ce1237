"""Quality over several seeds: every config's runs, their mean and standard deviation, the baselines beside them."""

from collections.abc import Sequence
from pathlib import Path

from tfkgrec.benchmarks.places import Places
from tfkgrec.benchmarks.plan import is_measured
from tfkgrec.benchmarks.results import ResultRow
from tfkgrec.benchmarks.variants import Variant
from tfkgrec.config import Config, load_config
from tfkgrec.evaluation.metric import CATALOGUE_METRICS, LIST_METRICS, registered_metrics
from tfkgrec.evaluation.report import read_metrics
from tfkgrec.evaluation.summary import aggregate
from tfkgrec.files import read_json
from tfkgrec.runs.cache import RunCache
from tfkgrec.runs.run import train_run
from tfkgrec.training.run_directory import RunDirectory


def train(config: Config, run: RunDirectory, shared: Path) -> None:
    """Train and evaluate into `run`, which is resumed if it was cut off; nothing where it is measured already.

    Args:
        shared: where the runs over one split share baselines and vectors.
    """
    if not is_measured(run):
        train_run(config, run, run.config.exists(), RunCache(shared))


def config_of(
    model: str, dataset: str, variant: Variant, seed: int, places: Places, overrides: Sequence[str] = ()
) -> Config:
    """The settings of a run; the catalogue is ranked, whatever the file says, unless `overrides` say otherwise."""
    path = places.config(model, dataset, variant)
    ranks = load_config(path, [*variant.overrides, *overrides], places.data_dir).evaluation
    always = ["evaluation.top_k=true"] if hasattr(ranks, "top_k") else []
    settings = [*variant.overrides, *always, *overrides, f"training.seed={seed}"]
    return load_config(path, settings, places.data_dir)


def measure(
    model: str, dataset: str, variant: Variant, seeds: Sequence[int], places: Places, overrides: Sequence[str] = ()
) -> ResultRow:
    """Train and evaluate one config with several seeds; a seed whose metrics.json is there already is not run again."""
    for seed in seeds:
        run = places.run(model, dataset, variant, seed)
        if not is_measured(run):
            train(config_of(model, dataset, variant, seed, places, overrides), run, places.shared)
    return collected(model, dataset, variant, seeds, places)


def collected(model: str, dataset: str, variant: Variant, seeds: Sequence[int], places: Places) -> ResultRow:
    """The row of runs that are measured."""
    path = places.config(model, dataset, variant)
    runs = [places.run(model, dataset, variant, seed) for seed in seeds]
    summary = aggregate([read_metrics(run.metrics) for run in runs])
    shown = [name for name in summary.mean if _is_shown(name)]
    return ResultRow(
        model=model,
        dataset=dataset,
        variant=variant.name,
        config=str(path.relative_to(places.configs.parent)),  # true in every checkout
        seeds=summary.seeds,
        commits=tuple(_commit(run) for run in runs),
        published=dict(load_config(path).published),
        mean={name: round(summary.mean[name], 5) for name in shown},
        std={name: None if summary.std[name] is None else round(summary.std[name] or 0.0, 5) for name in shown},
        test_by_seed={
            name: tuple(round(value, 5) for value in summary.values[name])
            for name in shown
            if name.startswith(("test.", "floors.")) and ".validation." not in name and not name.endswith("_se")
        },
    )


def _commit(run: RunDirectory) -> str | None:
    found: str | None = read_json(run.environment)["git_commit"] if run.environment.exists() else None
    return found


def _is_shown(name: str) -> bool:
    """Whether a figure is for tables: of the catalogue's ranking there are some forty that are not."""
    known = {metric.key for metric in (*CATALOGUE_METRICS, *LIST_METRICS, *registered_metrics())}
    *above, key = name.split(".")
    return not any(part.startswith("full") for part in above) or key.removesuffix("_se") in {*known, "users"}
