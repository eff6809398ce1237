"""TF Serving's SSLConfig and MonitoringConfig, which tensorflow-serving-api leaves out.

Source: tensorflow_serving/config/{ssl,monitoring}_config.proto.
"""

import re
from pathlib import Path
from typing import TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message

from tfkgrec.errors import InputError
from tfkgrec.protos.proto_builder import build

Filled = TypeVar("Filled", bound=Message)

_CLASSES = build(
    {
        "tensorflow.serving": {
            "SSLConfig": (
                "string server_key = 1",
                "string server_cert = 2",
                "string custom_ca = 3",
                "bool client_verify = 4",
            ),
            "PrometheusConfig": ("bool enable = 1", "string path = 2"),
            "MonitoringConfig": ("PrometheusConfig prometheus_config = 1",),
        }
    }
)
SSLConfig = _CLASSES["SSLConfig"]
MonitoringConfig = _CLASSES["MonitoringConfig"]


def read_text_proto(path: Path, message: Filled) -> Filled:
    """`message`, filled from a file in text form.

    Raises:
        InputError: the file cannot be read or says what the message does not have; the text has the line.
    """
    try:
        text_format.Parse(path.read_text(encoding="utf-8"), message)
        return message
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected a readable config file: {error}") from None
    except text_format.ParseError as error:
        text = re.sub(r"^\d+:\d+ : ", "", str(error))
        raise InputError(f"{path}:{error.GetLine() or 1}: {text}") from None
