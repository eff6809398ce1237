"""`tfkgrec tune`: search settings on the validation split; no test figure exists until `train` is run with the best.

python -m tfkgrec.tune --config C --space S.yaml --trials 20
"""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tfkgrec import registry
from tfkgrec.benchmarks.search_space import read_space
from tfkgrec.cli import CommandParser, add_config_arguments, config_from, run_main
from tfkgrec.config import Config, load_config
from tfkgrec.errors import InputError
from tfkgrec.files import check_folder
from tfkgrec.progress import say
from tfkgrec.tf_logging import quiet_import


def main(argv: Sequence[str] | None = None) -> int:
    """Search, then say what was found and how to train it."""
    parser = CommandParser(prog="tfkgrec tune", description="Search settings on the validation split.")
    add_config_arguments(parser)
    space = "YAML: model.dim: [16, 32], model.l2: {log: [1e-6, 1e-2]}, {uniform: ...}, {int: ...}"
    parser.add_argument("--space", type=Path, required=True, metavar="FILE", help=space)
    parser.add_argument("--trials", type=int, default=20, metavar="N", help="in all, those that are done included (20)")
    parser.add_argument(
        "--study-dir", type=Path, metavar="DIR", help="default runs/tune-<model>-<dataset>; goes on there"
    )
    sampler = "of the search; processes on one study need different ones (0)"
    parser.add_argument("--search-seed", type=int, default=0, metavar="N", help=sampler)
    options = parser.parse_args(argv)
    if options.trials < 1:
        parser.error(f"argument --trials: expected 1 or more, found {options.trials}")
    config, choices = config_from(options), read_space(options.space)
    if not registry.model(config.model.name).stages:
        raise InputError(f"--config: expected a model that is trained in epochs, found {config.model.name}")
    if any(choice.key.startswith("data.") or choice.key == "training.seed" for choice in choices):
        raise InputError(f"{options.space}: expected settings of the model and its training, found the data's")
    if find_spec("optuna") is None:
        raise InputError("tune: expected Optuna, found none: pip install 'tfkgrec[search]'")
    folder = options.study_dir or Path("runs") / f"tune-{config.model.name}-{config.data.dataset}"
    check_folder(folder)
    with quiet_import():
        from tfkgrec.benchmarks.search import Search, ended

    def config_of(overrides: Sequence[str]) -> Config:
        given = [*options.overrides, *([] if options.seed is None else [f"training.seed={options.seed}"])]
        return load_config(options.config, [*given, *overrides], options.data_dir)

    study = Search(folder, config_of, choices, options.search_seed).run(options.trials)
    if not (folder / "best.yaml").exists():
        raise InputError(f"{folder}: expected a trial that ends, found none of {ended(study)}")
    say(f"best of {ended(study)}: {study.best_value:.4f} on validation, trial {study.best_trial.number}")
    say(f"now: tfkgrec train --config {folder / 'best.yaml'}")
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
