"""`tfkgrec pretrain`: config in, a file of vectors out, with the link prediction that says what they are worth."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tfkgrec.cli import CommandParser, add_config_arguments, config_from, run_main
from tfkgrec.config import Config
from tfkgrec.errors import InputError
from tfkgrec.files import check_folder
from tfkgrec.progress import phase, say
from tfkgrec.tf_logging import quiet_import


def main(argv: Sequence[str] | None = None) -> int:
    """Learn what `pretraining` asks for, print loss, speed and link prediction, write the vectors."""
    parser = CommandParser(
        prog="tfkgrec pretrain",
        description="Learn vectors of a knowledge graph (--set pretraining.knowledge=transe), of items "
        "(--set pretraining.items=bpr) or both; `tfkgrec train --set pretraining.vectors=FILE` starts from them.",
    )
    add_config_arguments(parser)
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where the vectors go (default runs/vectors/<dataset>-<what>.npz)"
    )
    options = parser.parse_args(argv)
    config = config_from(options, check=lambda config: None)  # the vectors may be for another model
    settings = config.pretraining
    if settings is not None and settings.vectors is not None:
        raise InputError(f"pretraining.vectors: expected null, as vectors are to be learned, found {settings.vectors}")
    output = options.output or default_output(config)
    if output.is_dir():
        raise InputError(f"--output {output}: expected a file name, found a folder")
    check_folder(output.parent)

    with quiet_import():  # TensorFlow loads only once the config is known to be good
        from tfkgrec.runs.cache import pretrained
        from tfkgrec.runs.run import prepare

    prepared = prepare(config)
    with phase("pre-training"):
        vectors = pretrained(config, prepared.dataset, prepared.splits.train_history)
    vectors.save(output, prepared.dataset, prepared.splits.train_history)
    say(f"vectors: {output}")
    return 0


def default_output(config: Config) -> Path:
    """A name that tells dataset, graph, methods and seed."""
    settings = config.pretraining
    parts = [config.data.dataset, config.data.knowledge_graph]
    parts += [settings.knowledge, settings.items] if settings is not None else []
    return Path("runs/vectors") / f"{'-'.join(part for part in parts if part)}-{config.training.seed}.npz"


if __name__ == "__main__":
    sys.exit(run_main(main))
