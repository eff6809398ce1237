"""A client of any TF Serving server: raw ids in, numpy arrays out, and no TensorFlow in the process that asks."""

from tfkgrec.client.aio import AsyncClient
from tfkgrec.client.calls import Recommendations
from tfkgrec.client.channel import Tls
from tfkgrec.client.errors import (
    CallError,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    NotAllowed,
    NotFound,
    OutOfRange,
    RequestRefused,
    ResourceExhausted,
    ServerError,
    Unavailable,
    Unimplemented,
)
from tfkgrec.client.sync import Client

__all__ = [
    "AsyncClient",
    "CallError",
    "Client",
    "DeadlineExceeded",
    "FailedPrecondition",
    "InvalidArgument",
    "NotAllowed",
    "NotFound",
    "OutOfRange",
    "Recommendations",
    "RequestRefused",
    "ResourceExhausted",
    "ServerError",
    "Tls",
    "Unavailable",
    "Unimplemented",
]
