"""Where the quality benchmark finds configs and leaves runs."""

from dataclasses import dataclass
from pathlib import Path

from tfkgrec import registry
from tfkgrec.benchmarks.results import ResultRow
from tfkgrec.benchmarks.variants import Variant, row_named
from tfkgrec.errors import InputError
from tfkgrec.training.run_directory import RunDirectory


@dataclass(frozen=True)
class Places:
    """Where configs and runs lie.

    Attributes:
        configs: folder of `<model>/<dataset>[-paper].yaml`.
        runs: folder of `<model>-<dataset>-<variant>/seed-<n>`; in its shared/ the baselines and vectors of a split.
        data_dir: where the datasets lie; None: where the config or the environment says.
    """

    configs: Path
    runs: Path
    data_dir: Path | None = None

    def config(self, model: str, dataset: str, variant: Variant) -> Path:
        """The config that a variant starts from."""
        return self.configs / model / f"{dataset}{variant.suffix}.yaml"

    def run(self, model: str, dataset: str, variant: Variant, seed: int) -> RunDirectory:
        """The run of one seed."""
        return RunDirectory(self.runs / f"{model}-{dataset}-{variant.folder}" / f"seed-{seed}")

    def run_of(self, row: ResultRow, seed: int) -> RunDirectory:
        """The run of one seed of a row that was measured."""
        return self.run(row.model, row.dataset, row_named(row.model, row.variant), seed)

    @property
    def shared(self) -> Path:
        """Baselines and vectors that runs over one split share."""
        return self.runs / "shared"

    def check_config(self, model: str, dataset: str, variant: Variant) -> None:
        """Raise `InputError` unless there is one."""
        path = self.config(model, dataset, variant)
        if not path.exists():
            raise InputError(f"{path}: expected the settings of {model} on {dataset}, found no such file")


def configs_of(model: str, configs: Path) -> list[str]:
    """What a model has settings for in `configs`: a dataset that is split in two ways counts twice (ml-1m-session)."""
    stems = sorted({path.stem.removesuffix("-paper") for path in (configs / model).glob("*.yaml")})
    return [stem for name in registry.datasets() for stem in stems if dataset_of(stem) == name]


def dataset_of(stem: str) -> str | None:
    """The dataset of a config of that name: the longest that it begins with."""
    names = [name for name in registry.datasets() if stem == name or stem.startswith(f"{name}-")]
    return max(names, key=len, default=None)
