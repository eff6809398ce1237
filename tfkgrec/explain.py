"""`tfkgrec explain`: why an item is recommended to a user, from a server or from a trained run.

python -m tfkgrec.explain --target localhost:8500 --model dink --user 196 --item 50
python -m tfkgrec.explain runs/dink --user 196 --item 50
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfkgrec.cli import CommandParser, run_main
from tfkgrec.client.calls import LEAVE_ONE_OUT, SHAPLEY
from tfkgrec.client.command import add_server_arguments, ask
from tfkgrec.console import json_line, one_line
from tfkgrec.errors import InputError
from tfkgrec.models.explain_text import explain_text
from tfkgrec.pictures.explanation import check_kind, draw_explanation
from tfkgrec.progress import answering, phase
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.client import Client

WEIGHTS = "weights"
METHODS = (LEAVE_ONE_OUT, SHAPLEY, WEIGHTS)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the explanation; 0, or 1 when no server answers."""
    parser = CommandParser(prog="tfkgrec explain", description="Say why an item is recommended to a user.")
    parser.add_argument("run_dir", nargs="?", type=Path, metavar="RUN_DIR", help="a trained run, instead of a server")
    add_server_arguments(parser, required=False)
    parser.add_argument("--user", required=True, metavar="ID", help="raw user id")
    parser.add_argument("--item", required=True, metavar="ID", help="raw item id")
    parser.add_argument(
        "--method",
        choices=METHODS,
        default=METHODS[0],
        help="what the score owes to each item and fact: by leaving it out, by Shapley values (sampled), or "
        "nothing but the model's own weights",
    )
    parser.add_argument(
        "--needed", action="store_true", help="also the few items without which it would not be among the first 10"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw it, too: .png or .svg (extra plots)")
    parser.add_argument("--seed", type=int, default=0, help="of the orders that shapley draws")
    options = parser.parse_args(argv)
    if (options.run_dir is None) == (options.target is None):
        parser.error("expected either RUN_DIR or --target HOST:PORT --model NAME")
    if options.picture is not None:
        check_kind(options.picture)
    answering()
    if options.target is not None:
        if options.model is None:
            parser.error("--target: expected --model NAME beside it")
        return ask(options, lambda client: _show(_asked(client, options), options))
    with quiet_import():
        from tfkgrec.savedmodel.in_process import explain_run

    sampled = options.method == SHAPLEY
    pair = options.run_dir, options.user, options.item
    with phase(f"explaining by {options.run_dir}"):
        found = explain_run(*pair, sampled=sampled, seed=options.seed, needed=options.needed)
    _show(found, options)
    return 0


def _asked(client: "Client", options: argparse.Namespace) -> dict[str, np.ndarray]:
    """What a server says.

    Raises:
        InputError: its export has not what is asked for.
    """
    from tfkgrec.client import NotFound

    method = LEAVE_ONE_OUT if options.method == WEIGHTS else options.method
    try:
        with phase(f"asking {options.target}"):
            outputs = client.explain([options.user], [options.item], method, options.seed)
            return {**outputs, **client.needed([options.user], [options.item])} if options.needed else outputs
    except NotFound as error:
        if "signature" not in str(error).lower():
            raise
        raise InputError(f"{error} (tfkgrec export --explain-more makes one that has it)") from None


def _show(outputs: Mapping[str, np.ndarray], options: argparse.Namespace) -> None:
    if options.method == WEIGHTS:
        added = [name for name in outputs if "contribution" in name or name.startswith(("fact_", "top_"))]
        outputs = {name: array for name, array in outputs.items() if name not in added}
    told = [] if options.json and not options.picture else explain_text(outputs, options.user, options.item)
    if options.picture:
        draw_explanation(options.picture, outputs, options.user, options.item, "\n".join(told))
    if options.json:
        print(json_line({name: array[:1].tolist()[0] for name, array in outputs.items()}))
    else:
        print("\n".join(map(one_line, told)))


if __name__ == "__main__":
    sys.exit(run_main(main))
