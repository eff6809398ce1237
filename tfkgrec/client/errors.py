"""What a call can end with: one class for each gRPC status a caller may want to tell apart.

`RequestRefused` is what the caller can mend (an `InputError`), `ServerError` what only the server's side can.
"""

from typing import TYPE_CHECKING

from tfkgrec.errors import InputError

if TYPE_CHECKING:
    import grpc


class CallError(Exception):
    """A call failed. The message is one line.

    Attributes:
        code: the name of the gRPC status, such as "NOT_FOUND".
        details: the server's own words.
    """

    code = "UNKNOWN"
    details = ""


class RequestRefused(CallError, InputError):
    """The server answered that the request is wrong."""


class InvalidArgument(RequestRefused):
    """The inputs do not fit the signature, or the version label is unknown."""


class NotFound(RequestRefused):
    """There is no such model or version."""


class FailedPrecondition(RequestRefused):
    """There is no such signature."""


class OutOfRange(RequestRefused):
    """A value is outside what the model takes."""


class Unimplemented(RequestRefused):
    """The server does not have this call."""


class ServerError(CallError, RuntimeError):
    """The server could not be reached, or failed, or took too long."""


class Unavailable(ServerError):
    """No server answers, even after retries."""


class DeadlineExceeded(ServerError):
    """No answer in time."""


class ResourceExhausted(ServerError):
    """The message is larger than the server takes, or its queue is full."""


class NotAllowed(ServerError):
    """The server wants other credentials."""


_CLASSES: dict[str, type[CallError]] = {
    "INVALID_ARGUMENT": InvalidArgument,
    "NOT_FOUND": NotFound,
    "FAILED_PRECONDITION": FailedPrecondition,
    "OUT_OF_RANGE": OutOfRange,
    "UNIMPLEMENTED": Unimplemented,
    "UNAVAILABLE": Unavailable,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
    "RESOURCE_EXHAUSTED": ResourceExhausted,
    "UNAUTHENTICATED": NotAllowed,
    "PERMISSION_DENIED": NotAllowed,
}


def from_rpc(error: "grpc.RpcError", target: str, model: str, timeout: float) -> CallError:
    """The exception to raise for what gRPC reported."""
    code, details = error.code().name, " ".join((error.details() or "").split())
    kind = _CLASSES.get(code, ServerError)
    if kind is Unavailable:
        text = f"no server answers at {target}; start one: python -m tfkgrec.serve --port PORT ({details})"
    elif kind is DeadlineExceeded:
        text = f"{target} did not answer within {timeout:g} s; allow more with --timeout"
    elif issubclass(kind, RequestRefused):
        text = f"{target} model {model}: {details}"
    else:
        text = f"{target} model {model}: {code}: {details}"
    made = kind(text)
    made.code, made.details = code, details
    return made
