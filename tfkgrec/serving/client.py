"""A client of any TF Serving server, ours or the official one: raw ids in, numpy arrays out.

with Client("localhost:8500", "dink") as client:
    client.recommend(["196"], k=10).item_name[0]
    client.score(["196", "196"], ["50", "181"])
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc
import numpy as np
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from tfkgrec.errors import InputError
from tfkgrec.serving import tensors

# What a server says about the request rather than about itself.
_USER_ERRORS = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNIMPLEMENTED,
}


class ServerError(RuntimeError):
    """The server could not be reached, or failed, or took too long. The message is one line with a hint."""


@dataclass(frozen=True)
class Recommendations:
    """Ranked items for B requests, best first; a tail without eligible items is "" and 0.

    Attributes:
        item_id, item_name: str objects [B, k].
        score: probabilities, float32 [B, k].
        known: how much of the request the model knew: bool [B] for users; int32 [B] items for histories.
        version: the model version that answered.
    """

    item_id: np.ndarray
    item_name: np.ndarray
    score: np.ndarray
    known: np.ndarray
    version: int


class Client:
    """Calls one model's signatures.

    Args:
        target: `host:port`.
        model: its name on the server.
        timeout: seconds a call may take.
        version: a fixed version; None asks for the latest.

    Every call raises `InputError` when the server refuses the request (unknown model or signature, ...), and
    `ServerError` when it cannot be reached or fails.
    """

    def __init__(self, target: str, model: str, *, timeout: float = 5.0, version: int | None = None):
        if not target.rpartition(":")[0]:
            raise InputError(f"target: expected host:port, found {target!r}")
        self.target = target
        self.model = model
        self.timeout = timeout
        self.version = version
        self._channel = grpc.insecure_channel(
            target, options=[("grpc.max_receive_message_length", -1), ("grpc.enable_http_proxy", 0)]
        )
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)

    def recommend(self, users: Sequence[str], k: int = 10) -> Recommendations:
        """The best items for each user [B], those of their history left out; `known`: the users the model has.

        An export ranks a fixed number of items: at most that many come, whatever `k`.
        """
        return self._ranked("recommend", {"user_id": list(users)}, "known_user", k)

    def recommend_for_history(self, histories: Sequence[Sequence[str]], k: int = 10) -> Recommendations:
        """The best `k` items for B people known by the items they liked, oldest first; lengths may differ.

        `known` counts the items of each history that the model has.
        """
        longest = max((len(history) for history in histories), default=0)
        padded = [[*history, *[""] * (longest - len(history))] for history in histories]
        return self._ranked("recommend_for_history", {"history": padded}, "known_items", k)

    def score(self, users: Sequence[str], items: Sequence[str]) -> np.ndarray:
        """Probability [B] float32 that each user likes the item beside them."""
        return self.predict("serving_default", {"user_id": list(users), "item_id": list(items)})["probability"]

    def explain(self, users: Sequence[str], items: Sequence[str]) -> dict[str, np.ndarray]:
        """All outputs of the model's `explain` signature for B pairs; strings as str objects."""
        return self.predict("explain", {"user_id": list(users), "item_id": list(items)})

    def predict(self, signature: str, inputs: Mapping[str, Sequence]) -> dict[str, np.ndarray]:
        """Call any signature; its outputs by name."""
        return _decode(self._call(signature, inputs))

    def _ranked(self, signature: str, inputs: Mapping[str, Sequence], known: str, k: int) -> Recommendations:
        if k < 1:
            raise InputError(f"k: expected 1 or more, found {k}")
        reply = self._call(signature, inputs)
        outputs = _decode(reply)
        item_id, item_name, score = (outputs[name][:, :k] for name in ("item_id", "item_name", "score"))
        return Recommendations(item_id, item_name, score, outputs[known], reply.model_spec.version.value)

    def _call(self, signature: str, inputs: Mapping[str, Sequence]) -> predict_pb2.PredictResponse:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = self.model
        request.model_spec.signature_name = signature
        if self.version is not None:
            request.model_spec.version.value = self.version
        for name, values in inputs.items():
            request.inputs[name].CopyFrom(tensors.to_proto(_as_array(values)))
        try:
            return self._stub.Predict(request, timeout=self.timeout)
        except grpc.RpcError as error:
            raise self._explained(error) from None

    def _explained(self, error: grpc.RpcError) -> Exception:
        code, details = error.code(), " ".join((error.details() or "").split())
        if code in _USER_ERRORS:
            return InputError(f"{self.target} model {self.model}: {details}")
        if code is grpc.StatusCode.UNAVAILABLE:
            return ServerError(
                f"no server answers at {self.target}; start one: python -m tfkgrec.serve --port PORT ({details})"
            )
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return ServerError(f"{self.target} did not answer within {self.timeout:g} s; allow more with --timeout")
        return ServerError(f"{self.target} model {self.model}: {code.name}: {details}")

    def close(self) -> None:
        self._channel.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _as_array(values: Sequence) -> np.ndarray:
    array = np.asarray(values)
    return array if array.size else array.astype(str)  # an empty list has no type of its own; ids are strings


def _decode(reply: predict_pb2.PredictResponse) -> dict[str, np.ndarray]:
    arrays = {name: tensors.from_proto(proto) for name, proto in reply.outputs.items()}
    return {name: _to_str(array) if array.dtype == object else array for name, array in arrays.items()}


def _to_str(array: np.ndarray) -> np.ndarray:
    text = [value.decode(errors="replace") for value in array.flat]
    return np.array(text, dtype=object).reshape(array.shape)
