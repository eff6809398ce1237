"""What a signature costs without a server: the loaded version called in this process, and the whole of Predict.

Runs in a process of its own; prints a line of JSON: signature -> `session_ms` (the runtime alone, what no server can
beat) and `predict_ms` (with reading the request and writing the reply, but without gRPC), medians.
"""

import functools
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from tfkgrec.benchmarks.serving_requests import requests
from tfkgrec.tf_logging import quiet_import

WARM_UP = 20

Value = TypeVar("Value")


def measure(
    version_dir: Path, model: str, seconds: float, users: list[str], items: list[str], signatures: list[str]
) -> dict[str, dict[str, float]]:
    """See the module."""
    with quiet_import():
        from tensorflow_serving.apis import predict_pb2

        from tfkgrec.runtime.predict import chosen_outputs, predict, read_inputs
        from tfkgrec.runtime.servable import Servable

    servable = Servable(model, int(version_dir.name), version_dir)
    rows: dict[str, dict[str, float]] = {}
    for name in signatures:
        sent = [predict_pb2.PredictRequest.FromString(one) for one in requests(model, name, users, items)]
        key = sent[0].model_spec.signature_name
        if key not in servable.signature_defs:
            continue
        signature = servable.signature(key)
        outputs = chosen_outputs(signature, [])
        arrays = [read_inputs(signature, request) for request in sent]
        run = functools.partial(servable.run, key, outputs=outputs)
        rows[name] = {
            "session_ms": _median_ms(run, itertools.cycle(arrays), seconds),
            "predict_ms": _median_ms(functools.partial(predict, servable), itertools.cycle(sent), seconds),
        }
    servable.close()
    return rows


def _median_ms(call: Callable[[Value], object], stream: Iterator[Value], seconds: float) -> float:
    for _ in range(WARM_UP):
        call(next(stream))
    taken: list[float] = []
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        value = next(stream)
        started = time.perf_counter()
        call(value)
        taken.append(time.perf_counter() - started)
    return round(float(np.median(taken)) * 1000, 3)


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(json.dumps(measure(Path(asked.pop("version_dir")), **asked)))
