"""The flags of `tfkgrec serve`: tensorflow_model_server's, spelled with _ or -, and a few of our own."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Group: TypeAlias = argparse._ActionsContainer  # a group, or one of whose flags one only may be given


def parser(default_config: Path) -> argparse.ArgumentParser:
    """Everything that can be said on the command line; `default_config` serves where no model is named."""
    made = argparse.ArgumentParser(
        prog="tfkgrec serve",
        description="Serve SavedModels over TF Serving's gRPC and REST APIs.",
        epilog="A switch is turned off with --flag=false, as tensorflow_model_server has it.",
    )
    _model_flags(made.add_argument_group("models"), default_config)
    _grpc_flags(made.add_argument_group("gRPC"))
    _rest_flags(made.add_argument_group("REST"))
    _limit_flags(made.add_argument_group("address, limits and end (ours)"))
    return made


def _model_flags(models: Group, default_config: Path) -> None:
    which = models.add_mutually_exclusive_group()
    _add(which, "model-config-file", Path, "FILE", f"models to serve (default: {default_config})")
    _add(which, "model-base-path", Path, "DIR", "serve one model: the folder of its versions, such as export/dink")
    _add(models, "model-name", str, "NAME", "its name in requests (default: the folder's name)")
    _add(models, "model-config-file-poll-wait-seconds", _seconds, "SECONDS", "how often to read it; 0: once", 0.0)
    _add(
        models,
        "file-system-poll-wait-seconds",
        _seconds,
        "SECONDS",
        "how often to look for new versions; 0: at the start only",
        1.0,
    )
    _switch(models, "allow-version-labels-for-unavailable-models", "labels may name versions not loaded yet", False)
    _switch(models, "enable-model-warmup", "replay a version's warm-up requests before it goes live", True)
    _switch(models, "enable-signature-method-name-check", "Classify and Regress look at method names", False)
    _add(models, "tensorflow-inter-op-parallelism", _whole, "N", "operations at once; 0: TensorFlow chooses", 0)
    _add(models, "tensorflow-intra-op-parallelism", _whole, "N", "threads of an operation; 0: TensorFlow chooses", 0)
    models.add_argument(
        "--export-dir",
        "--export_dir",
        type=Path,
        default=Path("export"),
        metavar="DIR",
        help="ours: stands for /models in a config where there is no such folder (default: %(default)s)",
    )


def _grpc_flags(grpc: Group) -> None:
    _add(grpc, "port", _port, "PORT", "0 takes a free one", 8500)
    _add(grpc, "grpc-socket-path", Path, "FILE", "listen on this UNIX socket too")
    _add(grpc, "grpc-max-threads", _count, "N", "requests answered at once (default: 4 for every processor)")
    _add(grpc, "ssl-config-file", Path, "FILE", "TLS: key, certificate and authority (default: plain text)")


def _rest_flags(rest: Group) -> None:
    _add(rest, "rest-api-port", _rest_port, "PORT", "0: no REST; free: takes a free one", None)
    _add(rest, "rest-api-num-threads", _count, "N", "requests answered at once (default: 4 for every processor)")
    _add(rest, "rest-api-timeout-in-ms", _whole, "MS", "how long a request may take", 30_000)
    _switch(rest, "rest-api-enable-cors-support", "let pages of other sites ask", False)
    _add(rest, "monitoring-config-file", Path, "FILE", "whether and where to show Prometheus metrics (default: not)")


def _limit_flags(limits: Group) -> None:
    _add(limits, "host", str, "ADDRESS", "address to listen on", "127.0.0.1")
    _add(limits, "max-request-bytes", _count, "N", "a larger request is refused", 64 << 20)
    _add(limits, "max-requests", _count, "N", "requests in each door at once; the next one is refused", 256)
    _add(limits, "max-run-seconds", _seconds, "SECONDS", "a longer run of a model is cancelled; 0: never", 120.0)
    _add(limits, "drain-seconds", _seconds, "SECONDS", "after SIGTERM, how long requests may take", 30.0)


def _add(
    group: Group, name: str, kind: Callable[[str], object], metavar: str, text: str, default: object = None
) -> None:
    shown = f"{text} (default: {default})" if default is not None else text
    group.add_argument(*_spellings(name), type=kind, metavar=metavar, help=shown, default=default)


def _switch(group: Group, name: str, text: str, default: bool) -> None:
    group.add_argument(
        *_spellings(name),
        type=_truth,
        nargs="?",
        const=True,
        default=default,
        metavar="true|false",
        help=f"{text} (default: {str(default).lower()})",
    )


def _spellings(name: str) -> list[str]:
    return list(dict.fromkeys([f"--{name}", f"--{name.replace('-', '_')}"]))


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise argparse.ArgumentTypeError(f"expected true or false, found {text}")
    return text.lower() in ("true", "1")


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected 0 to 65535, found {text}")
    return int(text)


def _rest_port(text: str) -> int | None:
    """A port; None for tensorflow_model_server's 0, no REST; 0 for "free"."""
    return 0 if text == "free" else _port(text) or None


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, found {text}")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
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
