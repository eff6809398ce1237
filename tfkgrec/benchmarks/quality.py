"""Quality over several seeds: every config's runs, their mean and standard deviation, the baselines beside them."""

from collections.abc import Sequence

from tfkgrec.benchmarks.places import Places
from tfkgrec.benchmarks.results import ResultRow
from tfkgrec.benchmarks.variants import Variant
from tfkgrec.config import load_config
from tfkgrec.evaluation.report import read_metrics
from tfkgrec.evaluation.summary import Summary, aggregate
from tfkgrec.files import read_json
from tfkgrec.runs.cache import RunCache
from tfkgrec.runs.run import train_run
from tfkgrec.training.run_directory import RunDirectory


def measure(
    model: str, dataset: str, variant: Variant, seeds: Sequence[int], places: Places, overrides: Sequence[str] = ()
) -> ResultRow:
    """Train and evaluate one config with several seeds; a seed whose metrics.json is there already is not run again."""
    path = places.config(model, dataset, variant)
    results, commits = [], []
    for seed in seeds:
        run = places.run(model, dataset, variant, seed)
        if not is_measured(run):
            settings = [*variant.overrides, *overrides, f"training.seed={seed}"]
            config = load_config(path, settings, places.data_dir)
            train_run(config, run, run.config.exists(), RunCache(places.runs / "shared"))
        results.append(read_metrics(run.metrics))
        commits.append(read_json(run.environment)["git_commit"] if run.environment.exists() else None)
    summary = aggregate(results)
    return ResultRow(
        model=model,
        dataset=dataset,
        variant=variant.name,
        config=str(path),
        seeds=summary.seeds,
        commits=tuple(commits),
        published=dict(load_config(path).published),
        mean={name: round(value, 5) for name, value in summary.mean.items()},
        std={name: None if value is None else round(value, 5) for name, value in summary.std.items()},
        test_by_seed=_test_by_seed(summary),
    )


def is_measured(run: RunDirectory) -> bool:
    """Whether a run is done with its baselines, too: they come last."""
    return run.metrics.exists() and "floors" in read_metrics(run.metrics)


def _test_by_seed(summary: Summary) -> dict[str, tuple[float, ...]]:
    return {
        name: tuple(round(value, 5) for value in values)
        for name, values in summary.values.items()
        if name.startswith("test.") and not name.endswith("_se")
    }
