"""`tfkgrec similar`: the items that a model takes for most alike, from a server, a run or an export.

python -m tfkgrec.similar runs/dink --item 50 --k 10
python -m tfkgrec.similar --target localhost:8500 --model dink --item 50
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfkgrec.cli import CommandParser, run_main
from tfkgrec.client.command import add_server_arguments, ask
from tfkgrec.console import json_line, one_line
from tfkgrec.progress import answering, phase
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.client.questions import Questions


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table of them; 0, or 1 when no server answers."""
    parser = CommandParser(prog="tfkgrec similar", description="Items that a model takes for alike.")
    parser.add_argument(
        "path", nargs="?", type=Path, metavar="RUN_OR_EXPORT", help="a trained run or an export, instead of a server"
    )
    add_server_arguments(parser, required=False)
    parser.add_argument("--item", required=True, metavar="ID", help="raw item id")
    parser.add_argument("--k", type=int, default=10, help="how many items (default: %(default)s)")
    options = parser.parse_args(argv)
    if (options.path is None) == (options.target is None):
        parser.error("expected either RUN_OR_EXPORT or --target HOST:PORT --model NAME")
    if options.target is not None and options.model is None:
        parser.error("--target: expected --model NAME beside it")
    answering()
    if options.target is not None:
        return ask(options, lambda client: _show(client, options))
    with quiet_import():
        from tfkgrec.offline.in_process import open_in_process

    with phase(f"loading {options.path}"):
        model = open_in_process(options.path, options.k)
    model.check_k(options.k)
    _show(model, options)
    return 0


def _show(client: "Questions", options: argparse.Namespace) -> None:
    with phase(f"asking {options.target or options.path}"):
        answer = client.similar([options.item], options.k)
    new = [{}] * answer.item_id.shape[1] if answer.new is None else [{"new_item": bool(one)} for one in answer.new[0]]
    rows = [
        {"rank": rank, "item_id": item, "item_name": name, "score": round(float(score), 6), **flag}
        for rank, (item, name, score, flag) in enumerate(
            zip(answer.item_id[0], answer.item_name[0], answer.score[0], new, strict=True), 1
        )
        if item
    ]
    if options.json:
        print(json_line({"model": client.model, "item": options.item, "known": bool(answer.known[0]), "items": rows}))
    elif not answer.known[0]:
        print(one_line(f"item {options.item} is unknown to the model"))
    else:
        print(one_line(f"{client.model}: most like item {options.item}, by the cosine of the model's vectors"))
        width = max(len(one_line(str(row["item_id"]))) for row in rows)
        for row in rows:
            line = f"{row['rank']:>4}  {row['item_id']:<{width}}  {row['score']:6.3f}  {row['item_name']}"
            print(one_line(line + ("  (new)" if row.get("new_item") else "")))


if __name__ == "__main__":
    sys.exit(run_main(main))
