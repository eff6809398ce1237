"""A trained run -> a SavedModel version that TF Serving loads."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
from tensorflow_serving.apis import predict_pb2

from tfkgrec.errors import InputError
from tfkgrec.serving import tensors
from tfkgrec.serving.servable import Servable
from tfkgrec.serving.signatures import Answer, Signatures
from tfkgrec.serving.warmup import write_warmup
from tfkgrec.training.vocabularies import ITEMS, USERS

TOLERANCE = 1e-5


def export_signatures(signatures: Signatures, name: str, folder: Path, export_dir: Path) -> Path:
    """Write `export_dir/<name>/<next version>/`, checked, in one piece.

    The version is written beside its place, opened again in the session loader, which is what TF Serving uses, and
    compared with the model in memory on the warm-up requests; only then is it renamed into place.

    Args:
        signatures: of the trained model.
        name: of the model, as it will be served.
        folder: the run's vocabularies, from which the warm-up requests take their ids.
        export_dir: the model repository.

    Returns:
        The folder of the new version.

    Raises:
        InputError: the SavedModel does not answer as the model does.
        OSError: the disk is full, say; nothing is left behind.
    """
    base = export_dir / name
    base.mkdir(parents=True, exist_ok=True)
    aside = base / f".writing-{os.getpid()}"
    try:
        functions = signatures.functions()
        archive = keras.export.ExportArchive()
        archive.track(signatures)
        for key, function in functions.items():
            archive.add_endpoint(key, function)
        archive.write_out(str(aside), verbose=False)
        requests = example_requests(folder)
        inputs = {key: requests[key] for key in functions}
        write_warmup(aside, [_predict_request(name, key, arrays) for key, arrays in inputs.items()])
        verify(aside, functions, inputs)
        return _publish(aside, base)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def example_requests(folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """One small request for every signature, with known and unknown ids."""
    users, items = (_first_lines(folder / file, 3) for file in (USERS, ITEMS))
    pairs = {
        "user_id": np.array([users[0], "a user nobody knows"], object),
        "item_id": np.array([items[0], items[-1]], object),
    }
    return {
        "serving_default": pairs,
        "recommend": {"user_id": pairs["user_id"]},
        "recommend_for_history": {"history": np.array([items, [items[0]] + [""] * (len(items) - 1)], object)},
        "explain": pairs,
    }


def verify(
    saved: Path, functions: Mapping[str, Callable[..., Answer]], inputs: Mapping[str, Mapping[str, np.ndarray]]
) -> None:
    """Raise `InputError` unless the SavedModel, in the session loader, answers as the model in memory does.

    Args:
        saved: folder of the SavedModel.
        functions: its signatures over the model in memory.
        inputs: for each of them, what to ask.
    """
    servable = Servable("verify", 0, saved)
    try:
        for key, arrays in inputs.items():
            wanted = {name: value.numpy() for name, value in functions[key](**arrays).items()}
            found = servable.run(
                key, {n: np.char.encode(a.astype(str)).astype(object) for n, a in arrays.items()}, list(wanted)
            )
            for name, value in wanted.items():
                same = (
                    np.allclose(value, found[name], atol=TOLERANCE)
                    if value.dtype.kind == "f"
                    else np.array_equal(value, found[name])
                )
                if not same:
                    raise InputError(f"{saved}: signature {key}: expected {name} as the model gives it, found another")
    finally:
        servable.close()


def _publish(aside: Path, base: Path) -> Path:
    """Rename into the next free version; another export may take it first."""
    while True:
        taken = [int(child.name) for child in base.iterdir() if child.name.isdigit()]
        version = base / str(max(taken, default=0) + 1)
        try:
            os.rename(aside, version)
        except OSError:
            if not version.exists():
                raise
        else:
            return version


def _predict_request(name: str, key: str, arrays: Mapping[str, np.ndarray]) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, key
    for input_name, array in arrays.items():
        request.inputs[input_name].CopyFrom(tensors.to_proto(array))
    return request


def _first_lines(file: Path, count: int) -> list[str]:
    with file.open(encoding="utf-8") as lines:
        return [line.rstrip("\n") for line, _ in zip(lines, range(count), strict=False)]
