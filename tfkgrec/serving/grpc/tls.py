"""TLS and mutual TLS for gRPC, from TF Serving's `ssl_config_file`; REST stays plain, as TF Serving's does."""

from pathlib import Path

import grpc

from tfkgrec.errors import InputError
from tfkgrec.protos.serving_config import SSLConfig, read_text_proto


def server_credentials(path: Path) -> grpc.ServerCredentials:
    """The credentials of a config file: PEM texts, of which `custom_ca` signs the clients' certificates.

    Raises:
        InputError: the file is none, or lacks a part.
    """
    config = read_text_proto(path, SSLConfig())
    for field in ("server_key", "server_cert", *(("custom_ca",) if config.client_verify else ())):
        text = getattr(config, field)
        if "-----BEGIN " not in text:
            found = "something else" if text else "none"
            raise InputError(f"{path}: {field}: expected a PEM text (not the name of a file), found {found}")
    return grpc.ssl_server_credentials(
        [(config.server_key.encode(), config.server_cert.encode())],
        root_certificates=config.custom_ca.encode() or None,
        require_client_auth=config.client_verify,
    )
