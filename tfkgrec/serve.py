"""`tfkgrec serve`: the embedded server for the TF Serving gRPC API.

    python -m tfkgrec.serve --model-base-path export/dink --model-name dink --port 8500
    python -m tfkgrec.serve --model-config-file serving/models.config

Flags are tensorflow_model_server's, with _ or -. New versions in the folders are picked up without a failed request;
SIGTERM (or Ctrl-C) finishes the requests under way and ends with status 0.
"""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfkgrec.cli import run_main
from tfkgrec.errors import InputError
from tfkgrec.quiet import quiet_import

if TYPE_CHECKING:
    from tfkgrec.serving.model_config import ModelConfig

DEFAULT_CONFIG = Path("serving/models.config")


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until a signal comes; 0."""
    options = _parser().parse_args(argv)
    with quiet_import():
        from tfkgrec.serving.manager import ModelManager
        from tfkgrec.serving.server import ModelServer

    manager = ModelManager(_models(options))
    server = ModelServer(
        manager,
        host=options.host,
        port=options.port,
        threads=options.grpc_max_threads,
        poll_seconds=options.file_system_poll_wait_seconds,
        drain_seconds=options.drain_seconds,
    )
    _log_to_stderr()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with server:
        print(f"serving {', '.join(manager.names)} on {server.address}", flush=True)
        stop.wait()
        print("draining", flush=True)
    return 0


def _models(options: argparse.Namespace) -> list["ModelConfig"]:
    """The models that the flags ask for; at least one of their folders exists."""
    from tfkgrec.serving.model_config import ModelConfig, read_model_config

    if options.model_base_path is not None:
        models = [ModelConfig(options.model_name or options.model_base_path.name, options.model_base_path.absolute())]
    elif options.model_name is not None:
        raise InputError(f"--model-name {options.model_name}: expected --model-base-path beside it")
    else:
        models = read_model_config(options.model_config_file or DEFAULT_CONFIG, options.export_dir.absolute())
    if not any(model.base_path.is_dir() for model in models):
        missing = ", ".join(str(model.base_path) for model in models)
        raise InputError(
            f"expected a folder of exported versions, found none at {missing}: train or export a model first"
        )
    return models


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tfkgrec serve", description="Serve SavedModels over the TF Serving gRPC API."
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--model-config-file",
        "--model_config_file",
        type=Path,
        metavar="FILE",
        help=f"models to serve, as for tensorflow_model_server (default: {DEFAULT_CONFIG})",
    )
    which.add_argument(
        "--model-base-path",
        "--model_base_path",
        type=Path,
        metavar="DIR",
        help="serve one model: the folder of its versions, such as export/dink",
    )
    parser.add_argument(
        "--model-name", "--model_name", metavar="NAME", help="its name in requests (default: the folder's name)"
    )
    parser.add_argument(
        "--export-dir",
        "--export_dir",
        type=Path,
        default=Path("export"),
        metavar="DIR",
        help="stands for /models in the config file where there is no such folder (default: %(default)s)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8500, help="0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--file-system-poll-wait-seconds",
        "--file_system_poll_wait_seconds",
        type=_seconds,
        default=1.0,
        metavar="SECONDS",
        help="how often to look for new versions; 0: at the start only (default: %(default)s)",
    )
    parser.add_argument(
        "--grpc-max-threads",
        "--grpc_max_threads",
        type=_count,
        metavar="N",
        help="requests answered at once (default: 4 for every processor)",
    )
    parser.add_argument(
        "--drain-seconds",
        "--drain_seconds",
        type=_seconds,
        default=30.0,
        metavar="SECONDS",
        help="after SIGTERM, how long requests under way may take (default: %(default)s)",
    )
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, found {text}")
    return int(text)


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds from 0, found {text}")
    return seconds


def _log_to_stderr() -> None:
    """Our own log lines, and TensorFlow's errors."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("tfkgrec")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


if __name__ == "__main__":
    sys.exit(run_main(main))
