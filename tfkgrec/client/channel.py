"""How a client reaches its server: the channel's options, retries, and TLS."""

import json
from dataclasses import dataclass
from pathlib import Path

import grpc

from tfkgrec.errors import InputError

ATTEMPTS = 5  # as many as gRPC allows
FIRST_BACKOFF, MOST_BACKOFF = 0.05, 1.0  # seconds; doubled each time, with gRPC's own jitter


@dataclass(frozen=True)
class Tls:
    """Encrypt the connection.

    Attributes:
        ca: PEM file of the authority that signed the server's certificate; None: the system's.
        certificate, key: PEM files of the client's own, where the server asks for one (mutual TLS).
        server_name: the name in the server's certificate, where it is not the one in the target.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """Read the files."""
        if (self.certificate is None) != (self.key is None):
            raise InputError("Tls: expected certificate and key together, found one of them")
        return grpc.ssl_channel_credentials(_read(self.ca), _read(self.key), _read(self.certificate))


def channel_options(retry: bool, server_name: str | None = None) -> list[tuple[str, int | str]]:
    """The options of a channel.

    With `retry`, a call that ends UNAVAILABLE is made again up to ATTEMPTS times in all, within the deadline of the
    call. Every call only asks, so doing it twice does no harm. Where the target's name stands for several addresses (a
    headless service of Kubernetes), requests go to all of them in turn.
    """
    options: list[tuple[str, int | str]] = [
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
        ("grpc.enable_http_proxy", 0),
        # A channel that could not connect waits this long before it tries again; gRPC's own second would outlast
        # every retry.
        ("grpc.initial_reconnect_backoff_ms", 50),
        ("grpc.max_reconnect_backoff_ms", 2000),
        ("grpc.enable_retries", int(retry)),
    ]
    service: dict[str, object] = {"loadBalancingConfig": [{"round_robin": {}}]}
    if retry:
        policy = {
            "maxAttempts": ATTEMPTS,
            "initialBackoff": f"{FIRST_BACKOFF}s",
            "maxBackoff": f"{MOST_BACKOFF}s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        }
        name = {"service": "tensorflow.serving.PredictionService"}
        service["methodConfig"] = [{"name": [name], "retryPolicy": policy}]
    options.append(("grpc.service_config", json.dumps(service)))
    if server_name is not None:
        options.append(("grpc.ssl_target_name_override", server_name))
    return options


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: expected a readable PEM file: {error.strerror}") from None


def check_target(target: str) -> str:
    """`target`, when it has a host and a port."""
    if not target.rpartition(":")[0]:
        raise InputError(f"target: expected host:port, found {target!r}")
    return target
