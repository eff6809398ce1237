"""A run or an export that answers in this process, as a server of it would: by the same signatures."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from tfkgrec.client.calls import Call, Calls, Result
from tfkgrec.client.questions import Questions
from tfkgrec.errors import InputError
from tfkgrec.files import reading
from tfkgrec.runs.id_files import ITEMS, USERS, read_texts
from tfkgrec.runtime import tensors
from tfkgrec.runtime.servable import Servable
from tfkgrec.savedmodel.in_process import run_signatures
from tfkgrec.training.run_directory import RunDirectory

Arrays = Mapping[str, np.ndarray]
Ask = Callable[[str, Arrays], Arrays]
"""(name of a signature, its inputs) -> its outputs, texts as bytes."""

SAVED_MODEL = "saved_model.pb"


class InProcess(Questions):
    """The calls of `Client`, answered here.

    Args:
        model: its name.
        version: of an export; 0 for a run.
        vocabularies: folder of its ids.
        weights: the file that tells this model from others.
        k_max: how long its lists are at most.
        signatures: which it has.
        flags_new: whether it says which items are new.
        ask: calls one of them.
    """

    def __init__(
        self,
        model: str,
        version: int,
        vocabularies: Path,
        weights: Path,
        k_max: int,
        signatures: frozenset[str],
        ask: Ask,
        flags_new: bool = False,
    ) -> None:
        self.flags_new = flags_new
        self.model, self.version, self.weights, self.k_max = model, version, weights, k_max
        self._vocabularies, self._signatures, self._ask = vocabularies, signatures, ask
        self._calls = Calls(model)

    def users(self) -> list[str]:
        """The raw ids of all users of its data."""
        return read_texts(self._vocabularies / USERS)

    def items(self) -> list[str]:
        """The raw ids of all items."""
        return read_texts(self._vocabularies / ITEMS)

    def check_k(self, k: int) -> None:
        """Raise `InputError` where its lists are shorter than `k`, though the catalogue is not."""
        if k < 1:
            raise InputError(f"k: expected 1 or more, found {k}")
        if self.k_max < min(k, len(self.items())):
            wanted = f"expected {self.k_max} at most, which this export ranks (export.k_max of its run)"
            raise InputError(f"k: {wanted}, found {k}; the run itself ranks any number")

    def outputs(self, signature: str, inputs: Arrays) -> Arrays:
        """What a signature answers, texts as bytes: without the messages of a request, which take their time."""
        self._check(signature)
        return self._ask(signature, inputs)

    def _check(self, key: str) -> None:
        if key not in self._signatures:
            raise InputError(f"model {self.model}: expected a model with the signature {key}, found it has none")

    def _run(self, call: Call[Result]) -> Result:
        request = predict_pb2.PredictRequest.FromString(call.request)
        key = request.model_spec.signature_name
        self._check(key)
        given = {name: tensors.from_proto(proto) for name, proto in request.inputs.items()}
        response = predict_pb2.PredictResponse()
        response.model_spec.version.value = self.version
        for name, array in self._ask(key, given).items():
            tensors.fill(response.outputs[name], array)
        return call.read(response.SerializeToString())


def open_in_process(path: str | Path, k: int | None = None) -> InProcess:
    """A run, or an export: a version's folder, or that of a model, whose newest version it is.

    Args:
        k: how long a run's lists are to be; None: as its settings have it. Those of an export are as they are.

    Raises:
        InputError: neither lies there.
    """
    path = Path(path)
    if (path / "config.yaml").exists():
        return _of_run(path, k)
    versions = [child for child in path.glob("[0-9]*") if child.name.isdigit() and (child / SAVED_MODEL).exists()]
    if versions:
        path = max(versions, key=lambda version: int(version.name))
    if not (path / SAVED_MODEL).exists():
        raise InputError(f"{path}: expected a run (config.yaml) or an export ({SAVED_MODEL}), found neither")
    return _of_export(path.resolve())


def _of_run(path: Path, k: int | None) -> InProcess:
    signatures = run_signatures(path, k_max=k, explain_more=True)
    run: RunDirectory = signatures.run
    functions = signatures.signatures.functions()

    def ask(key: str, inputs: Arrays) -> Arrays:
        found = functions[key](**{name: tf.convert_to_tensor(array) for name, array in inputs.items()})
        return {name: value.numpy() for name, value in found.items()}

    weights = run.final_model if run.final_model.exists() else run.model
    return InProcess(signatures.model, 0, run.vocabularies, weights, signatures.signatures.k, frozenset(functions), ask)


def _of_export(path: Path) -> InProcess:
    version = int(path.name) if path.name.isdigit() else 0
    with reading(path):
        servable = Servable(path.parent.name, version, path)
    keys = frozenset(key for key in servable.signature_defs if servable.has_signature(key))
    if "recommend" not in keys:
        raise InputError(f"{path}: expected an export of tfkgrec, found no signature recommend")

    def ask(key: str, inputs: Arrays) -> Arrays:
        return servable.run(key, inputs, list(servable.signature(key).outputs))

    (_, k_max) = (size.size for size in servable.signature_defs["recommend"].outputs["item_id"].tensor_shape.dim)
    weights = path / "variables/variables.data-00000-of-00001"
    flags_new = "new_item" in servable.signature("recommend").outputs
    return InProcess(path.parent.name, version, path / "assets", weights, k_max, keys, ask, flags_new)
