"""What the client commands share: the flags that name a server, and the exit status when it does not answer."""

import argparse
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfkgrec.client import Client


def add_server_arguments(parser: argparse.ArgumentParser, required: bool) -> None:
    """Add `--target`, `--model`, `--timeout` and `--json`."""
    parser.add_argument("--target", required=required, metavar="HOST:PORT", help="the server")
    parser.add_argument("--model", required=required, metavar="NAME", help="the model's name on the server")
    parser.add_argument(
        "--timeout", type=_seconds, default=5.0, metavar="SECONDS", help="how long to wait (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def ask(options: argparse.Namespace, question: Callable[["Client"], None]) -> int:
    """Put `question` to the server of `options`; a server that does not answer is one line on stderr and status 1."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # a refused connection is told once, in our words
    from tfkgrec.client import Client, ServerError

    try:
        with Client(options.target, options.model, timeout=options.timeout) as client:
            question(client)
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds above 0, found {text}")
    return seconds
