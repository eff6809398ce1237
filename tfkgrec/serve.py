"""`tfkgrec serve`: the embedded server for TF Serving's gRPC and REST APIs.

    python -m tfkgrec.serve --model-base-path export/dink --model-name dink --port 8500 --rest_api_port 8501
    python -m tfkgrec.serve --model-config-file serving/models.config

Flags are tensorflow_model_server's, with _ or -. New versions in the folders are picked up without a failed request;
SIGTERM (or Ctrl-C) finishes the requests under way and ends with status 0.
"""

import argparse
import functools
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfkgrec.cli import add_log_format, run_main
from tfkgrec.errors import InputError
from tfkgrec.progress import log_format, phase, say, stamped
from tfkgrec.serving.flags import parser
from tfkgrec.serving.stop_signal import StopSignal
from tfkgrec.tf_logging import quiet_import

if TYPE_CHECKING:
    from tfkgrec.serving.lifecycle.model_config import ModelConfig
    from tfkgrec.serving.server import ServerOptions

DEFAULT_CONFIG = Path("serving/models.config")


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until a signal comes; 0."""
    made = parser(DEFAULT_CONFIG)
    add_log_format(made)
    options = made.parse_args(argv)
    with StopSignal() as stop:  # before TensorFlow starts threads
        _serve(options, stop)
    return 0


def _serve(options: argparse.Namespace, stop: StopSignal) -> None:
    with quiet_import():
        from tfkgrec.runtime.servable import RuntimeOptions, Servable
        from tfkgrec.serving.lifecycle.config_watch import ConfigWatch
        from tfkgrec.serving.lifecycle.manager import ModelManager
        from tfkgrec.serving.server import ModelServer

    runtime = RuntimeOptions(
        inter_op_threads=options.tensorflow_inter_op_parallelism,
        intra_op_threads=options.tensorflow_intra_op_parallelism,
        run_timeout_ms=round(options.max_run_seconds * 1000),
        check_method_names=options.enable_signature_method_name_check,
    )
    with phase("loading the models"):
        manager = ModelManager(
            _models(options),
            functools.partial(Servable, options=runtime),
            warm_up=options.enable_model_warmup,
            allow_unavailable_labels=options.allow_version_labels_for_unavailable_models,
        )
    server = ModelServer(manager, _server_options(options))
    watch = ConfigWatch(
        manager, _config_file(options), options.export_dir.absolute(), options.model_config_file_poll_wait_seconds
    )
    _log_to_stderr()
    with server, watch:
        rest = f", REST on {server.rest_address}" if server.rest_address else ""
        say(f"serving {', '.join(manager.names)} on {server.address}{rest}")
        stop.wait()
        say("draining")


def _models(options: argparse.Namespace) -> list["ModelConfig"]:
    """The models that the flags ask for; at least one of their folders exists."""
    from tfkgrec.serving.lifecycle.model_config import ModelConfig, read_model_config

    config = _config_file(options)
    if config is None:
        base_path = options.model_base_path.absolute()
        models = [ModelConfig(options.model_name or base_path.name, base_path)]
    elif options.model_name is not None:
        raise InputError(f"--model-name {options.model_name}: expected --model-base-path beside it")
    else:
        models = read_model_config(config, options.export_dir.absolute())
        _check_labels(config, models, options.allow_version_labels_for_unavailable_models)
    if not any(model.base_path.is_dir() for model in models):
        missing = ", ".join(str(model.base_path) for model in models)
        raise InputError(
            f"expected a folder of exported versions, found none at {missing}: train or export a model first"
        )
    return models


def _check_labels(config: Path, models: Sequence["ModelConfig"], allowed: bool) -> None:
    """TF Serving looks at the labels before it loads the first version, so without its flag none may be there."""
    for model in models:
        for number in model.labels.values():
            if not allowed:
                raise InputError(
                    f"{config}: Request to assign label to version {number} of model {model.name}, which is not "
                    "currently available for inference: start with --allow_version_labels_for_unavailable_models"
                )


def _config_file(options: argparse.Namespace) -> Path | None:
    """The file that names the models; None where the flags name one."""
    return None if options.model_base_path is not None else options.model_config_file or DEFAULT_CONFIG


def _server_options(options: argparse.Namespace) -> "ServerOptions":
    from tfkgrec.serving.grpc.tls import server_credentials
    from tfkgrec.serving.http.rest import RestOptions
    from tfkgrec.serving.monitoring import metrics_path
    from tfkgrec.serving.server import GrpcOptions, ServerOptions

    grpc = GrpcOptions(
        threads=options.grpc_max_threads,
        socket_path=options.grpc_socket_path,
        credentials=server_credentials(options.ssl_config_file) if options.ssl_config_file else None,
        max_request_bytes=options.max_request_bytes,
        max_requests=options.max_requests,
    )
    rest = RestOptions(
        port=options.rest_api_port or 0,
        threads=options.rest_api_num_threads,
        timeout_ms=options.rest_api_timeout_in_ms,
        cors=options.rest_api_enable_cors_support,
        metrics_path=metrics_path(options.monitoring_config_file) if options.monitoring_config_file else None,
        max_request_bytes=options.max_request_bytes,
        max_requests=options.max_requests,
    )
    return ServerOptions(
        host=options.host,
        port=options.port,
        poll_seconds=options.file_system_poll_wait_seconds,
        drain_seconds=options.drain_seconds,
        export_dir=options.export_dir.absolute(),
        grpc=grpc,
        rest=None if options.rest_api_port is None else rest,
    )


class _Stamped(logging.Formatter):
    """Log lines as `--log-format` has them."""

    def format(self, record: logging.LogRecord) -> str:
        return stamped(super().format(record), level=record.levelname.lower())


def _log_to_stderr() -> None:
    """Our own log lines, and TensorFlow's errors."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Stamped() if log_format() else logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("tfkgrec")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


if __name__ == "__main__":
    sys.exit(run_main(main))
