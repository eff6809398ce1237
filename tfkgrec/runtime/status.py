"""An answer that is an error: a gRPC code and the text TF Serving would send with it."""

import grpc
import tensorflow as tf

INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND
FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
UNIMPLEMENTED = grpc.StatusCode.UNIMPLEMENTED
INTERNAL = grpc.StatusCode.INTERNAL
UNKNOWN = grpc.StatusCode.UNKNOWN
DEADLINE_EXCEEDED = grpc.StatusCode.DEADLINE_EXCEEDED
RESOURCE_EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED

_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}  # TensorFlow numbers its errors as gRPC does


class ServingError(Exception):
    """A request or a load that ends with `code` and `message`."""

    def __init__(self, code: grpc.StatusCode, message: str):
        super().__init__(message)
        self.code = code
        self.message = message

    @classmethod
    def wrap(cls, error: Exception) -> "ServingError":
        """Any exception as a ServingError; TensorFlow's own keep their code and text."""
        if isinstance(error, cls):
            return error
        if isinstance(error, tf.errors.OpError):
            return cls(_BY_NUMBER[error.error_code], error.message.removeprefix("Graph execution error:").strip())
        if isinstance(error, FileNotFoundError):
            return cls(NOT_FOUND, str(error))
        return cls(INTERNAL, f"{type(error).__name__}: {error}")
