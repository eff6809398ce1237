"""`tfkgrec recommend`: what to show a user, from a server, a run or an export; or all users, into a file.

    python -m tfkgrec.recommend --target localhost:8500 --model dink --user 196 --k 10
    python -m tfkgrec.recommend runs/dink --user 196 --k 10
    python -m tfkgrec.recommend --target localhost:8500 --model dink --history 50,181,7
    python -m tfkgrec.recommend runs/dink --user 196 --only genre=Drama --exclude 50,181
    python -m tfkgrec.recommend runs/dink --user 196 --candidates 50,181,7
    python -m tfkgrec.recommend runs/dink --all-users --k 100 --output recs.parquet

With --user and --history, the history is what an unknown user falls back to.
"""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfkgrec.cli import CommandParser, run_main
from tfkgrec.client.command import add_server_arguments, ask
from tfkgrec.console import json_line, one_line
from tfkgrec.progress import Bar, answering, phase, say
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.client import Recommendations
    from tfkgrec.client.questions import Questions
    from tfkgrec.offline.in_process import InProcess

NEW = "  (new)"
"""Beside an item that the model knows by its facts alone."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print a ranked table, or write a file of them; 0, or 1 when no server answers."""
    options = _options(argv)
    if options.output is not None:
        return _write(options)
    answering()
    if options.target is not None:
        return ask(options, lambda client: _recommend(client, options))
    _recommend(_opened(options), options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="tfkgrec recommend", description="What to show whom.")
    parser.add_argument(
        "path", nargs="?", type=Path, metavar="RUN_OR_EXPORT", help="a trained run or an export, instead of a server"
    )
    add_server_arguments(parser, required=False)
    parser.add_argument("--user", metavar="ID", help="raw user id")
    parser.add_argument("--k", type=int, default=10, help="how many items (default: %(default)s)")
    parser.add_argument(
        "--history",
        type=_ids,
        metavar="ID,ID,...",
        help="raw ids of items they liked, oldest first: for a new user; those with a comma in quotes, as in CSV",
    )
    parser.add_argument(
        "--only", type=_ids, default=[], metavar="WHAT,...", help="among these: raw item ids, or facts as genre=Drama"
    )
    parser.add_argument("--exclude", type=_ids, default=[], metavar="WHAT,...", help="without these")
    parser.add_argument(
        "--candidates", type=_ids, metavar="ID,...", help="order these items for the user, taken or not"
    )
    many = parser.add_argument_group("for many users, from a run or an export")
    many.add_argument("--all-users", action="store_true", help="all users of its data")
    many.add_argument("--users", type=Path, metavar="FILE", help="those of a file: one id a line, or a column user")
    many.add_argument(
        "--output", type=Path, metavar="FILE", help="a .parquet, .csv or .jsonl; goes on where it was cut"
    )
    return parser


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    """What is asked, once it makes sense."""
    parser = _parser()
    options = parser.parse_args(argv)
    if (options.path is None) == (options.target is None):
        parser.error("expected either RUN_OR_EXPORT or --target HOST:PORT --model NAME")
    if options.target is not None and options.model is None:
        parser.error("--target: expected --model NAME beside it")
    one, many_asked = options.user is not None or options.history is not None, options.all_users or options.users
    if bool(one) == bool(many_asked):
        parser.error("expected --user, --history or both; or one of --all-users and --users FILE")
    if options.all_users and options.users:
        parser.error("expected one of --all-users and --users FILE, found both")
    if bool(many_asked) != (options.output is not None):
        parser.error("expected --output FILE and --all-users or --users FILE, or none of them")
    if many_asked and options.path is None:
        parser.error("--output: expected RUN_OR_EXPORT in place of a server")
    if options.candidates and (options.user is None or options.history or options.only or options.exclude):
        parser.error("--candidates: expected --user beside it, and no other condition")
    if options.output and (options.only or options.exclude):
        parser.error("--output: expected no --only or --exclude beside it")
    return options


def _opened(options: argparse.Namespace) -> "InProcess":
    with quiet_import():
        from tfkgrec.offline.in_process import open_in_process

    with phase(f"loading {options.path}"):
        model = open_in_process(options.path, options.k)
    model.check_k(options.k)
    return model


def _write(options: argparse.Namespace) -> int:
    from tfkgrec.offline.table_files import check_output

    check_output(options.output)
    from tfkgrec.offline.user_files import read_users

    named = None if options.all_users else read_users(options.users)  # before the model, which takes longer
    model = _opened(options)
    from tfkgrec.offline.lists_file import write_lists

    users = model.users() if named is None else named
    found = write_lists(model, users, options.k, options.output, lambda done: Bar(len(users), "users", done).show)
    say(f"{found.rows:,} recommendations for {found.users:,} users: {options.output}")
    if found.unknown:
        say(f"unknown to the model: {found.unknown:,} of these users, who get its most popular items instead")
    return 0


def _recommend(client: "Questions", options: argparse.Namespace) -> None:
    if options.candidates:
        return _rank(client, options)
    user, history = options.user, options.history
    answer, known_user = None, None
    if user is not None:
        answer = _asked(client, options, user)
        known_user = bool(answer.known[0])
    if answer is None or (history is not None and not known_user):
        answer = _asked(client, options)
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
    if answer.known_conditions is not None:
        asked, known = len(options.only) + len(options.exclude), int(answer.known_conditions[0])
        about = f"{known} of {asked} conditions name an item, or a fact of items, that the model knows"
        note = "; ".join(filter(None, (note, about if known < asked else "")))
    if options.json:
        print(json_line(_record(client, answer, user, known_user, basis)))
    else:
        print("\n".join(_table(client, answer, user, note)))
        if options.k > answer.item_id.shape[1]:
            print(f"this export ranks {answer.item_id.shape[1]} items, so --k {options.k} could not be met")


def _asked(client: "Questions", options: argparse.Namespace, user: str | None = None) -> "Recommendations":
    """The list of a user, or of the history, under the conditions if there are any: older exports know none."""
    k, conditions = options.k, (options.exclude, options.only)
    with phase(f"asking {options.target or options.path}"):
        if not any(conditions):
            return client.recommend_for_history([options.history], k) if user is None else client.recommend([user], k)
        if user is None:
            return client.recommend_filtered_for_history([options.history], k, *conditions)
        return client.recommend_filtered([user], k, *conditions)


def _rank(client: "Questions", options: argparse.Namespace) -> None:
    """The candidates, best first."""
    answer = client.predict("rank", {"user_id": [options.user], "candidates": [options.candidates]})
    flags = [key for key in ("known_item", "new_item") if key in answer]
    order = np.argsort(-answer["score"][0], kind="stable")
    items = [
        {
            "rank": rank,
            "item_id": options.candidates[place],
            **{key: bool(answer[key][0][place]) for key in flags},
            "score": round(float(answer["score"][0][place]), 6),
        }
        for rank, place in enumerate(order, 1)
    ]
    known_user = bool(answer["known_user"][0])
    if options.json:
        print(json_line({"model": client.model, "user": options.user, "known_user": known_user, "items": items}))
        return
    print(
        one_line(f"{client.model}, {_count(items)} for user {options.user}{'' if known_user else ', who is unknown'}")
    )
    for row in items:
        note = NEW if row.get("new_item") else "" if row["known_item"] else "  (unknown to the model)"
        print(one_line(f"{row['rank']:>4}  {row['score']:6.3f}  {row['item_id']}{note}"))


def _items(answer: "Recommendations") -> list[tuple[str, str, float, bool]]:
    """Raw id, name, score, and whether it is new."""
    new = answer.item_id[0] == "" if answer.new is None else answer.new[0]
    rows = zip(answer.item_id[0], answer.item_name[0], answer.score[0], new, strict=True)
    return [(item, name, float(score), bool(is_new)) for item, name, score, is_new in rows if item]


def _record(
    client: "Questions", answer: "Recommendations", user: str | None, known_user: bool | None, basis: str
) -> dict[str, object]:
    items = [
        {"rank": rank, "item_id": item, "item_name": name, "score": round(score, 6)}
        | ({} if answer.new is None else {"new_item": new})
        for rank, (item, name, score, new) in enumerate(_items(answer), 1)
    ]
    head = {"model": client.model, "version": answer.version, "user": user, "known_user": known_user, "basis": basis}
    return {**head, "items": items}


def _table(client: "Questions", answer: "Recommendations", user: str | None, note: str) -> list[str]:
    items = [(one_line(item), one_line(name) + NEW * new, score) for item, name, score, new in _items(answer)]
    name = str(answer.user_name[0]) if answer.user_name is not None else ""
    whom = "this history" if user is None else f"user {name or user}"
    which = f"{client.model} version {answer.version}" if answer.version else client.model  # a run has none
    lines = [f"{which}, {_count(items)} for {whom}"] + ([note] if note else [])
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
