"""Requests that no honest client sends, each with the codes that TF Serving's rules allow for its answer.

Needs no TensorFlow: the fuzzing process stays small. Everything follows from the generator that is passed in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from google.protobuf.message import DecodeError

from tfkgrec.client.tensors import STRING, from_proto, to_proto, zeros
from tfkgrec.protos import messages

OK, INVALID, NOT_FOUND, PRECONDITION = ("OK", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION")
INTERNAL, UNIMPLEMENTED, DEADLINE = "INTERNAL", "UNIMPLEMENTED", "DEADLINE_EXCEEDED"
SERVICE = "/tensorflow.serving.PredictionService/"
LONG = 10 << 20  # bytes of a long text
ODD_IDS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\n",
    "é\u4e2d\U0001f600",
    "-1",
    "1e999",
    "' OR 1=1",
    "../../etc/passwd",
    "x" * 10_000,
)


Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Case:
    """One request and the codes that may answer it.

    Attributes:
        kind: what is wrong with it.
        path: the gRPC method.
        timeout: seconds.
    """

    kind: str
    path: str
    request: bytes
    allowed: frozenset[str]
    timeout: float = 60.0


class Cases:
    """Draws cases about one model.

    Args:
        model: its name on the server.
        signatures: name -> SignatureDef, those that Predict answers.
        rng: what everything is drawn from.
        users, items: ids to mix in that the model may know.
    """

    def __init__(
        self,
        model: str,
        signatures: Mapping[str, messages.SignatureDef],
        rng: np.random.Generator,
        users: Sequence[str] = (),
        items: Sequence[str] = (),
    ):
        self.model, self.rng = model, rng
        self.signatures = {name: dict(signature.inputs) for name, signature in signatures.items()}
        self._ids = (*users, *items, *ODD_IDS)
        # kind -> (its maker, how often beside the others)
        self._kinds: dict[str, tuple[Callable[[], Case], float]] = {
            "odd ids": (self._odd_ids, 4),
            "wrong type": (self._wrong_type, 4),
            "wrong rank": (self._wrong_rank, 3),
            "unequal lengths": (self._unequal, 2),
            "missing, extra or renamed input": (self._names, 4),
            "a tensor that is none": (self._no_tensor, 4),
            "wrong spec": (self._spec, 4),
            "output_filter": (self._filter, 2),
            "numbers that are none": (self._not_a_number, 2),
            "many rows": (self._many_rows, 0.2),
            "10 MB text": (self._long_text, 0.1),
            "random bytes": (self._random_bytes, 3),
            "damaged request": (self._damaged, 4),
            "no such call": (self._no_call, 1),
            "no time": (self._no_time, 1),
        }

    def draw(self, count: int) -> Iterator[Case]:
        """`count` cases of all kinds, mixed."""
        weights = np.array([weight for _, weight in self._kinds.values()])
        makers = [maker for maker, _ in self._kinds.values()]
        for kind in self.rng.choice(len(makers), count, p=weights / weights.sum()):
            yield makers[kind]()

    def healthy(self) -> Case:
        """A request that any server of this model answers."""
        request = self._request("serving_default" if "serving_default" in self.signatures else self._a(self.signatures))
        return self._case("healthy", request, OK)

    def _odd_ids(self) -> Case:
        return self._case("odd ids", self._request(self._a(self.signatures)), OK)

    def _wrong_type(self) -> Case:
        request, name, info = self._request_and_input()
        kinds = [np.float32, np.float64, np.int32, np.int64, np.int8, np.uint16, np.bool_, np.float16, np.object_]
        array = from_proto(request.inputs[name])
        right = zeros(info.dtype, [0]).dtype
        kind = self._a([kind for kind in kinds if np.dtype(kind) != right])
        wrong: np.ndarray = np.full(array.shape, "x" if kind is np.object_ else 1, dtype=kind)
        if wrong.dtype.kind == "f":
            wrong = wrong * np.nan
        self._replace(request, name, wrong)
        return self._case("wrong type", request, INVALID)

    def _wrong_rank(self) -> Case:
        request, name, _ = self._request_and_input()
        array = from_proto(request.inputs[name])
        self._replace(
            request, name, array[..., None] if self.rng.random() < 0.5 else array.reshape(-1)[0:1].reshape([])
        )
        return self._case("wrong rank", request, INVALID)

    def _unequal(self) -> Case:
        several = [name for name, inputs in self.signatures.items() if len(inputs) > 1]
        if not several:
            return self._names()
        signature = self._a(several)
        request = self._request(signature, rows=3)
        name = self._a(self.signatures[signature])
        self._replace(request, name, from_proto(request.inputs[name])[:2])
        return self._case("unequal lengths", request, INVALID)

    def _names(self) -> Case:
        request, name, _ = self._request_and_input()
        match self.rng.integers(4):
            case 0:
                del request.inputs[name]
            case 1:
                to_proto(["x"], request.inputs[f"extra{self.rng.integers(10)}"])
            case 2:
                request.inputs[name.upper()].CopyFrom(request.inputs[name])
                del request.inputs[name]
            case _:
                request.inputs.clear()
        return self._case("missing, extra or renamed input", request, INVALID)

    def _no_tensor(self) -> Case:
        request, name, _ = self._request_and_input()
        proto = request.inputs[name]
        match self.rng.integers(5):
            case 0:
                proto.dtype = int(self._a([0, 20, 21, 107, 999, -1]))
            case 1:
                proto.tensor_shape.dim[0].size = int(self._a([1 << 40, 1 << 62, -1, -(1 << 62), 1 << 31]))
            case 2:
                proto.tensor_shape.dim.extend([proto.tensor_shape.dim[0]] * 300)
            case 3:
                proto.tensor_shape.unknown_rank = True
                del proto.tensor_shape.dim[:]
            case _:
                proto.tensor_shape.dim[0].size += 1 << 33
                proto.tensor_content = b"12345"
        return self._case("a tensor that is none", request, INVALID)

    def _spec(self) -> Case:
        request, _, _ = self._request_and_input()
        spec = request.model_spec
        allowed = INVALID
        match self.rng.integers(7):
            case 0:
                request.ClearField("model_spec")
            case 1:
                spec.name = ""
            case 2:
                spec.name, allowed = self._a(["nope", "x" * 100_000, "\n", "../" + self.model]), NOT_FOUND
            case 3:
                spec.version.value, allowed = int(self._a([0, -1, 10**6, (1 << 63) - 1, -(1 << 63)])), NOT_FOUND
            case 4:
                spec.version_label = self._a(["", "none", "x" * 100_000])
            case 5:
                spec.signature_name, allowed = self._a(["zzz", "__saved_model_init_op", "x" * 100_000]), PRECONDITION
            case _:
                spec.name, spec.signature_name, allowed = "nope", "zzz", NOT_FOUND
        return self._case("wrong spec", request, allowed)

    def _filter(self) -> Case:
        request, _, _ = self._request_and_input()
        names = [["nah"], [""], ["nah"] * 10_000, ["é" * 1000]][self.rng.integers(4)]
        request.output_filter.extend(names)
        return self._case("output_filter", request, INVALID)

    def _not_a_number(self) -> Case:
        """NaN, infinities and extremes where numbers belong; where none do, in place of texts."""
        numeric = [name for name, inputs in self.signatures.items() if any(i.dtype != STRING for i in inputs.values())]
        if not numeric:
            return self._wrong_type()
        signature = self._a(numeric)
        request = self._request(signature)
        for name, info in self.signatures[signature].items():
            array = from_proto(request.inputs[name])
            if info.dtype != STRING:
                extreme = self._a([np.nan, np.inf, -np.inf]) if array.dtype.kind == "f" else np.iinfo(array.dtype).min
                self._replace(request, name, np.full_like(array, extreme))
        return self._case("numbers that are none", request, OK)

    def _many_rows(self) -> Case:
        if "serving_default" not in self.signatures:
            return self._odd_ids()
        return self._case("many rows", self._request("serving_default", rows=5000), OK)

    def _long_text(self) -> Case:
        texts = [
            (signature, name)
            for signature, inputs in self.signatures.items()
            for name, info in inputs.items()
            if info.dtype == STRING and len(info.tensor_shape.dim) == 1
        ]
        if not texts or self.rng.random() < 0.2:
            request, _, _ = self._request_and_input()
            request.model_spec.name = "x" * LONG
            return self._case("10 MB text", request, NOT_FOUND)
        signature, name = texts[self.rng.integers(len(texts))]
        request = self._request(signature, rows=1)
        self._replace(request, name, np.array(["x" * LONG], object))
        return self._case("10 MB text", request, OK)

    def _random_bytes(self) -> Case:
        call = self._a(["Predict", "Classify", "Regress", "MultiInference", "GetModelMetadata"])
        request = self.rng.bytes(int(self.rng.integers(0, 300)))
        return Case("random bytes", SERVICE + call, request, frozenset({INTERNAL, INVALID, NOT_FOUND, PRECONDITION}))

    def _damaged(self) -> Case:
        """A good request with bytes cut off or changed: no message any more, or one that says something else."""
        request = bytearray(self._request(self._a(self.signatures)).SerializeToString())
        if self.rng.random() < 0.5:
            del request[self.rng.integers(1, len(request)) :]
        else:
            for place in self.rng.integers(0, len(request), self.rng.integers(1, 4)):
                request[place] = self.rng.integers(256)
        damaged = bytes(request)
        try:
            messages.PredictRequest.FromString(damaged)
        except DecodeError:
            return Case("damaged request", messages.PREDICT, damaged, frozenset({INTERNAL}))
        # It may still be a good one. INTERNAL: what our subset of the fields skips may be damaged as well.
        return Case(
            "damaged request", messages.PREDICT, damaged, frozenset({OK, INVALID, NOT_FOUND, PRECONDITION, INTERNAL})
        )

    def _no_call(self) -> Case:
        path = self._a([SERVICE + "Guess", "/no.Service/Predict", "/x", "/tensorflow.serving.ModelService/"])
        return Case("no such call", path, self.rng.bytes(20), frozenset({UNIMPLEMENTED}))

    def _no_time(self) -> Case:
        request = self._request(self._a(self.signatures)).SerializeToString()
        return Case("no time", messages.PREDICT, request, frozenset({OK, DEADLINE}), timeout=self.rng.random() * 0.003)

    def _case(self, kind: str, request: messages.PredictRequest, *allowed: str) -> Case:
        return Case(kind, messages.PREDICT, request.SerializeToString(), frozenset(allowed))

    def _request_and_input(self) -> tuple[messages.PredictRequest, str, messages.TensorInfo]:
        signature = self._a([name for name, inputs in self.signatures.items() if inputs])
        name = self._a(self.signatures[signature])
        return self._request(signature), name, self.signatures[signature][name]

    def _request(self, signature: str, rows: int | None = None) -> messages.PredictRequest:
        """A good request of random ids and zeros."""
        request = messages.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = self.model, signature
        rows = int(self.rng.integers(1, 4)) if rows is None else rows
        for name, info in self.signatures[signature].items():
            free = [int(self.rng.integers(1, 6)) for _ in info.tensor_shape.dim]
            shape = [size if dim.size < 0 else dim.size for dim, size in zip(info.tensor_shape.dim, free, strict=True)]
            shape[:1] = [rows]
            array = zeros(info.dtype, shape)
            if info.dtype == STRING:
                array = self.rng.choice(np.array(self._ids, object), shape)
            to_proto(array, request.inputs[name])
        return request

    def _replace(self, request: messages.PredictRequest, name: str, array: np.ndarray) -> None:
        request.inputs[name].Clear()
        to_proto(array, request.inputs[name])

    def _a(self, choices: Iterable[Choice]) -> Choice:
        """One of `choices`."""
        among = list(choices)
        return among[self.rng.integers(len(among))]
