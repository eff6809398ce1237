"""A trained run -> a SavedModel version that TF Serving loads."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfkgrec.errors import InputError
from tfkgrec.runtime.servable import RuntimeOptions, Servable
from tfkgrec.runtime.signature_defs import finish_signature_defs
from tfkgrec.runtime.warmup import replay_warmup, write_warmup
from tfkgrec.savedmodel.example_requests import Inputs, example_inputs, warmup_requests
from tfkgrec.savedmodel.model_card import RunFacts, write_card
from tfkgrec.savedmodel.publish import publish, require_new, writing_folder
from tfkgrec.savedmodel.sequence_signatures import SequenceSignatures
from tfkgrec.savedmodel.signatures import Signatures, Traceable
from tfkgrec.savedmodel.standard_ops import require_standard_ops

TOLERANCE = 1e-5


def export_signatures(
    signatures: Signatures,
    name: str,
    folder: Path,
    export_dir: Path,
    facts: RunFacts | None = None,
    version: int | None = None,
) -> Path:
    """Write `export_dir/<name>/<version>/`, checked, in one piece, and its model card.

    The version is written beside its place, opened again in the session loader, which is what TF Serving uses, and
    compared with the model in memory on the warm-up requests; only then is it renamed into place.

    Args:
        signatures: of the trained model.
        name: of the model, as it will be served.
        folder: the run's vocabularies, from which the warm-up requests take their ids.
        export_dir: the model repository.
        facts: about the run, for the card (model_card.run_facts); None: no card.
        version: its number; None takes the next.

    Returns:
        The folder of the new version.

    Raises:
        InputError: the version exists, or the SavedModel does not answer as the model does.
        OSError: the disk is full, say; nothing is left behind.
    """
    base = export_dir / name
    if version is not None:
        require_new(base, version)  # told before the work; `publish` looks again
    with writing_folder(base) as aside:
        functions = signatures.functions()
        _write(aside, signatures, functions)
        inputs = _inputs(folder, signatures, functions)
        write_warmup(aside, warmup_requests(name, inputs))
        require_standard_ops(aside)
        verify(name, aside, functions, inputs)
        published = publish(aside, base, version)
    if facts is not None:
        write_card(export_dir, published, facts)
    return published


def _write(aside: Path, signatures: Signatures, functions: Mapping[str, Traceable]) -> None:
    """Not by ExportArchive, which has TensorFlow trace every function again: a third of an export's time."""
    traced = {key: function.get_concrete_function() for key, function in functions.items()}
    saved = tf.Module()
    # The variables themselves: behind Keras' own ones the session loader finds none (docs/known-issues.md).
    held = {id(v): v for function in traced.values() for v in function.variables}
    saved.held = sorted(held.values(), key=lambda variable: variable.name)
    saved.tables = signatures.vocabularies.tables
    tf.saved_model.save(saved, str(aside), signatures=traced)
    finish_signature_defs(aside)


def _inputs(folder: Path, signatures: Signatures, functions: Iterable[str]) -> dict[str, Inputs]:
    """What to ask each of the functions, with ids of the vocabularies in `folder`."""
    examples = example_inputs(folder)
    if isinstance(signatures, SequenceSignatures):
        clicked = examples["serving_default"]["item_id"]
        examples["advance"] = {"item_id": clicked, **signatures.zero_state(len(clicked))}
    return {key: examples[key] for key in functions}


def verify(name: str, saved: Path, functions: Mapping[str, Traceable], inputs: Mapping[str, Inputs]) -> None:
    """Raise `InputError` unless the SavedModel, in the session loader, answers as the model in memory does.

    Args:
        name: of the model.
        saved: folder of the SavedModel with its warm-up file.
        functions: its signatures over the model in memory.
        inputs: for each of them, what to ask.
    """
    servable = Servable(name, 0, saved, RuntimeOptions(optimise=False))
    try:
        for key, arrays in inputs.items():
            with _as_traced():
                wanted = {output: value.numpy() for output, value in functions[key](**arrays).items()}
            found = servable.run(key, {n: _as_bytes(a) for n, a in arrays.items()}, list(wanted))
            for output, value in wanted.items():
                same = (
                    np.allclose(value, found[output], atol=TOLERANCE)
                    if value.dtype.kind == "f"
                    else np.array_equal(value, found[output])
                )
                if not same:
                    raise InputError(
                        f"{saved}: signature {key}: expected {output} as the model gives it, found another"
                    )
        replay_warmup(servable)
    finally:
        servable.close()


@contextmanager
def _as_traced() -> Iterator[None]:
    """Functions that are called first in here run as they were traced: to rewrite them takes longer than one call."""
    key = "disable_meta_optimizer"
    before = tf.config.optimizer.get_experimental_options().get(key, False)
    tf.config.optimizer.set_experimental_options({key: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({key: before})


def _as_bytes(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind in "fi":
        return array
    texts = [value.encode() if isinstance(value, str) else value for value in array.ravel()]
    return np.array(texts, object).reshape(array.shape)
