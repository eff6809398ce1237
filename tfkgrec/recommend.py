"""`tfkgrec recommend`: ask a server what to show a user.

    python -m tfkgrec.recommend --target localhost:8500 --model dink --user 196 --k 10
    python -m tfkgrec.recommend --target localhost:8500 --model dink --history 50,181,7

With both, the history is what an unknown user falls back to.
"""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfkgrec.cli import run_main
from tfkgrec.client.command import add_server_arguments, ask
from tfkgrec.console import json_line, one_line

if TYPE_CHECKING:
    from tfkgrec.client import Client, Recommendations


def main(argv: Sequence[str] | None = None) -> int:
    """Print a ranked table; 0, or 1 when no server answers."""
    parser = argparse.ArgumentParser(prog="tfkgrec recommend", description="Ask a server for recommendations.")
    add_server_arguments(parser, required=True)
    parser.add_argument("--user", metavar="ID", help="raw user id")
    parser.add_argument("--k", type=int, default=10, help="how many items (default: %(default)s)")
    parser.add_argument(
        "--history",
        type=_ids,
        metavar="ID,ID,...",
        help="raw ids of items they liked, oldest first: for a new user; those with a comma in quotes, as in CSV",
    )
    options = parser.parse_args(argv)
    if options.user is None and options.history is None:
        parser.error("expected --user, --history or both")
    return ask(options, lambda client: _recommend(client, options))


def _recommend(client: "Client", options: argparse.Namespace) -> None:
    user, history = options.user, options.history
    answer, known_user = None, None
    if user is not None:
        answer = client.recommend([user], options.k)
        known_user = bool(answer.known[0])
    if answer is None or (history is not None and not known_user):
        answer = client.recommend_for_history([history], options.k)
        known_items = int(answer.known[0])
        basis = "history" if known_items else "popularity"
        note = f"from {known_items} of {len(history)} history items known to the model"
        if not known_items:
            note = f"none of the {len(history)} history items is known to the model: its most popular items instead"
        if known_user is False:
            note = f"user {user} is unknown to the model; {note}"
    else:
        basis = "user" if known_user else "popularity"
        note = "" if known_user else f"user {user} is unknown to the model: its most popular items instead"
    if options.json:
        print(json_line(_record(client, answer, user, known_user, basis)))
    else:
        print("\n".join(_table(client, answer, user, note)))
        if options.k > answer.item_id.shape[1]:
            print(f"this export ranks {answer.item_id.shape[1]} items, so --k {options.k} could not be met")


def _items(answer: "Recommendations") -> list[tuple[str, str, float]]:
    rows = zip(answer.item_id[0], answer.item_name[0], answer.score[0], strict=True)
    return [(item, name, float(score)) for item, name, score in rows if item]


def _record(
    client: "Client", answer: "Recommendations", user: str | None, known_user: bool | None, basis: str
) -> dict[str, object]:
    items = [
        {"rank": rank, "item_id": item, "item_name": name, "score": round(score, 6)}
        for rank, (item, name, score) in enumerate(_items(answer), 1)
    ]
    head = {"model": client.model, "version": answer.version, "user": user, "known_user": known_user, "basis": basis}
    return {**head, "items": items}


def _table(client: "Client", answer: "Recommendations", user: str | None, note: str) -> list[str]:
    items = [(one_line(item), one_line(name), score) for item, name, score in _items(answer)]
    name = str(answer.user_name[0]) if answer.user_name is not None else ""
    whom = "this history" if user is None else f"user {name or user}"
    lines = [f"{client.model} version {answer.version}, {_count(items)} for {whom}"] + ([note] if note else [])
    ids = max([len("item"), *(len(item) for item, _, _ in items)])
    lines.append(f"{'rank':>4}  {'item':<{ids}}  {'score':>6}  name")
    lines += [f"{rank:>4}  {item:<{ids}}  {score:6.3f}  {name}" for rank, (item, name, score) in enumerate(items, 1)]
    return [one_line(line) for line in lines]


def _count(items: Sequence[object]) -> str:
    return "1 item" if len(items) == 1 else f"{len(items)} items"


def _ids(text: str) -> list[str]:
    rows = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    ids = [field.strip() for row in rows for field in row if field.strip()]
    if not ids:
        raise argparse.ArgumentTypeError("expected item ids separated by commas")
    return ids


if __name__ == "__main__":
    sys.exit(run_main(main))
