"""What a client asks and how it reads the answer, apart from how the bytes travel: the same for both clients."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from tfkgrec.client.tensors import STRING, from_proto, to_proto, zeros
from tfkgrec.errors import InputError
from tfkgrec.protos import messages

Result = TypeVar("Result")
Arrays = dict[str, np.ndarray]

Ids = Iterable[object]
"""Raw ids: texts, or what is the id when it is written as one, such as whole numbers."""

Conditions = Iterable[object]
"""Raw ids of items, or facts of them such as "genre=Drama": a list for all who are asked about, or a list for each."""

MISSING = ("NAType", "NaTType")
"""What pandas has for an id that is not there; to look whether it is needs no pandas."""

LEAVE_ONE_OUT, SHAPLEY = METHODS = ("leave_one_out", "shapley")
"""By which an explanation says what a score owes to items."""

STATE = "state_"  # how the names of state tensors begin, as inputs and as outputs


@dataclass(frozen=True)
class Recommendations:
    """Ranked items for B requests, best first; a tail without eligible items is "" and 0.

    Attributes:
        item_id, item_name: str objects [B, k].
        score: probabilities, float32 [B, k].
        known: how much of the request the model knew: bool [B] for users and for items of `advance`; int32 [B] items
            for histories.
        version: the model version that answered.
        state: of a sequence model, where each of the B people stands now, tensor name -> array [B, ...]: for
            `advance`. Empty for other models.
        user_name: str objects [B] of `recommend`, where the model's users have names; else None.
        known_conditions: int32 [B], how many of the conditions name an item or a fact that the model has; None: no
            such question.
        new: bool [B, k], which items the model knows by their facts alone; None: of a model that has no such items.
    """

    item_id: np.ndarray
    item_name: np.ndarray
    score: np.ndarray
    known: np.ndarray
    version: int
    state: Arrays
    user_name: np.ndarray | None = None
    known_conditions: np.ndarray | None = None
    new: np.ndarray | None = None


@dataclass(frozen=True)
class Call(Generic[Result]):
    """One unary call: its gRPC path, the serialized request, and the reader of the serialized reply."""

    path: str
    request: bytes
    read: Callable[[bytes], Result]


@dataclass(frozen=True)
class Calls:
    """Makes the calls to one model.

    Attributes:
        model: its name.
        version, label: which version; neither asks for the latest.
        history_width: see Client.
    """

    model: str
    version: int | None = None
    label: str | None = None
    history_width: int | None = None

    def recommend(self, users: Ids, k: int) -> Call[Recommendations]:
        return self._ranked("recommend", {"user_id": ids("users", users)}, "known_user", k)

    def recommend_for_history(self, histories: Iterable[Ids], k: int) -> Call[Recommendations]:
        return self._ranked("recommend_for_history", {"history": self._histories(histories)}, "known_items", k)

    def recommend_filtered(self, users: Ids, k: int, exclude: Conditions, only: Conditions) -> Call[Recommendations]:
        whom = ids("users", users)
        inputs: dict[str, ArrayLike] = {"user_id": whom, **_conditions(exclude, only, len(whom))}
        return self._ranked("recommend_filtered", inputs, "known_user", k)

    def recommend_filtered_for_history(
        self, histories: Iterable[Ids], k: int, exclude: Conditions, only: Conditions
    ) -> Call[Recommendations]:
        history = self._histories(histories)
        inputs = {"history": history, **_conditions(exclude, only, len(history))}
        return self._ranked("recommend_filtered_for_history", inputs, "known_items", k)

    def rank(self, users: Ids, candidates: Iterable[Ids]) -> Call[np.ndarray]:
        rows = [ids("candidates", own) for own in candidates]
        inputs: dict[str, ArrayLike] = {"user_id": ids("users", users), "candidates": padded(rows)}
        return self._predict("rank", inputs, lambda outputs, _: outputs["score"])

    def similar(self, items: Ids, k: int) -> Call[Recommendations]:
        return self._ranked("similar", {"item_id": ids("items", items)}, "known_item", k)

    def score(self, users: Ids, items: Ids) -> Call[np.ndarray]:
        return self._predict("serving_default", _pairs(users, items), lambda outputs, _: outputs["probability"])

    def explain(self, users: Ids, items: Ids, method: str = LEAVE_ONE_OUT, seed: int = 0) -> Call[Arrays]:
        pairs = _pairs(users, items)
        if method == LEAVE_ONE_OUT:
            return self.predict("explain", pairs)
        if method != SHAPLEY:
            raise InputError(f"method: expected {LEAVE_ONE_OUT} or {SHAPLEY}, found {method!r}")
        seeds = np.full(len(pairs["user_id"]), seed, np.int32)
        return self.predict("explain_shapley", {**pairs, "seed": seeds})

    def needed(self, users: Ids, items: Ids) -> Call[Arrays]:
        return self.predict("needed", _pairs(users, items))

    def advance(self, state: Mapping[str, ArrayLike], items: Ids, k: int) -> Call[Recommendations]:
        if not state or any(not name.startswith(STATE) for name in state):
            found = ", ".join(sorted(state)) or "none"
            raise InputError(f"state: expected the tensors of an answer's state, {STATE}..., found {found}")
        return self._ranked("advance", {**state, "item_id": ids("items", items)}, "known_item", k)

    def predict(self, signature: str, inputs: Mapping[str, ArrayLike]) -> Call[Arrays]:
        return self._predict(signature, inputs, lambda outputs, _: outputs)

    def new_state(self, people: int) -> Call[Arrays]:
        """The state of people nobody has seen: zeros, and "", of the shapes that `advance` takes."""
        request = messages.GetModelMetadataRequest(metadata_field=["signature_def"])
        self._fill_spec(request.model_spec)

        def read(reply: bytes) -> Arrays:
            metadata = messages.GetModelMetadataResponse.FromString(reply).metadata["signature_def"]
            signatures = messages.SignatureDefMap.FromString(metadata.value).signature_def
            if "advance" not in signatures:
                raise InputError(f'model {self.model}: Serving signature key "advance" not found.')
            inputs = signatures["advance"].inputs
            return {name: _nothing(name, inputs[name], people) for name in inputs if name.startswith(STATE)}

        return Call(messages.GET_MODEL_METADATA, request.SerializeToString(), read)

    def _histories(self, histories: Iterable[Ids]) -> np.ndarray:
        """The newest of each, as many as `history_width` says, "" behind."""
        rows = [ids("histories", history) for history in histories]
        width = self.history_width
        return padded(rows if width is None else [row[-width:] if width else [] for row in rows], width)

    def _ranked(self, signature: str, inputs: Mapping[str, ArrayLike], known: str, k: int) -> Call[Recommendations]:
        _check_k(k)
        return self._predict(signature, inputs, lambda outputs, version: _recommendations(outputs, known, k, version))

    def _predict(
        self, signature: str, inputs: Mapping[str, ArrayLike], read: Callable[[Arrays, int], Result]
    ) -> Call[Result]:
        request = messages.PredictRequest()
        self._fill_spec(request.model_spec)
        request.model_spec.signature_name = signature
        for name, values in inputs.items():
            try:
                to_proto(values, request.inputs[name])
            except ValueError as error:
                raise InputError(f"{name}: {error}") from None

        def read_reply(reply: bytes) -> Result:
            response = messages.PredictResponse.FromString(reply)
            outputs = {name: from_proto(proto) for name, proto in response.outputs.items()}
            try:
                return read(outputs, response.model_spec.version.value)
            except KeyError as error:
                raise InputError(
                    f"model {self.model}: expected the outputs of a tfkgrec export, found no {error.args[0]}"
                ) from None

        return Call(messages.PREDICT, request.SerializeToString(), read_reply)

    def _fill_spec(self, spec: messages.ModelSpec) -> None:
        spec.name = self.model
        if self.version is not None:
            spec.version.value = self.version
        elif self.label is not None:
            spec.version_label = self.label


def padded(rows: Sequence[Sequence[str | bytes]], width: int | None = None) -> np.ndarray:
    """Lists of texts as one array [B, width], "" behind; None: as wide as the longest."""
    width = max(map(len, rows), default=0) if width is None else width
    return np.array([[*row, *[""] * (width - len(row))] for row in rows], object).reshape(len(rows), width)


def _conditions(exclude: Conditions, only: Conditions, people: int) -> dict[str, np.ndarray]:
    return {"exclude": _of_each("exclude", exclude, people), "only": _of_each("only", only, people)}


def _of_each(what: str, conditions: Conditions, people: int) -> np.ndarray:
    """A list for each of the people, or one for all of them, as [people, n]."""
    if isinstance(conditions, str | bytes):
        return padded([ids(what, conditions)])  # which says what is wrong
    given: list[Any] = list(conditions)
    if not given or isinstance(given[0], str | bytes) or not isinstance(given[0], Iterable):
        return padded([ids(what, given)] * people)
    if len(given) != people:
        raise InputError(f"{what}: expected a list of conditions, or one for each of {people}, found {len(given)}")
    return padded([ids(what, own) for own in given])


def ids(what: str, values: Ids) -> list[str | bytes]:
    """`values` as the list of texts that an export knows them by.

    Raises:
        InputError: one id instead of a list (a text would pass for a list of letters), or something that is no id.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        kind = "text" if isinstance(values, str | bytes) else "value"
        raise InputError(f"{what}: expected a list of ids, found one {kind}, {values!r}")
    if hasattr(values, "columns"):  # a data frame would pass for a list of its columns' names
        raise InputError(f"{what}: expected a list of ids, found a table: one of its columns")
    return [_id(what, value) for value in values]


def _id(what: str, value: object) -> str | bytes:
    """A number as files have it: 7, and 7.0 too, into which a table with a gap turns whole numbers, is "7"."""
    if isinstance(value, str | bytes):
        return value
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    missing = plain is None or type(plain).__name__ in MISSING
    if missing or isinstance(plain, bool | float | list | tuple | dict | np.ndarray):
        raise InputError(f"{what}: expected ids, found {value!r} among them")
    return str(plain)


def _pairs(users: Ids, items: Ids) -> dict[str, list[str | bytes]]:
    return {"user_id": ids("users", users), "item_id": ids("items", items)}


def _check_k(k: int) -> None:
    if k < 1:
        raise InputError(f"k: expected 1 or more, found {k}")


def _recommendations(outputs: Arrays, known: str, k: int, version: int) -> Recommendations:
    item_id, item_name, score = (outputs[name][:, :k] for name in ("item_id", "item_name", "score"))
    state = {name: array for name, array in outputs.items() if name.startswith(STATE)}
    about = {name: outputs.get(name) for name in ("user_name", "known_conditions")}
    new = outputs["new_item"][:, :k] if "new_item" in outputs else None
    return Recommendations(item_id, item_name, score, outputs[known], version, state, **about, new=new)


def _nothing(name: str, info: messages.TensorInfo, people: int) -> np.ndarray:
    sizes = [dim.size for dim in info.tensor_shape.dim]
    if not sizes or any(size < 0 for size in sizes[1:]):
        raise InputError(f"advance: {name}: expected a state of a known shape, found {sizes}")
    shape = [people, *sizes[1:]]
    return np.full(shape, "", object) if info.dtype == STRING else zeros(info.dtype, shape)
