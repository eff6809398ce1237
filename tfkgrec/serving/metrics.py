"""What the server counts, under TF Serving's own names, for Prometheus.

Source of names and buckets: tensorflow_serving/servables/tensorflow/util.cc, tensorflow/cc/saved_model/loader.cc. A "/"
of TensorFlow's names is a ":" in Prometheus.
"""

import functools
import re
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from tfkgrec.runtime.status import ServingError
from tfkgrec.serving.lifecycle.manager import Observer

PATH = "/monitoring/prometheus/metrics"
CONTENT_TYPE = "text/plain"

GRPC, REST = "GRPC", "REST"

_LATENCY_BUCKETS = [10 * 1.8**power for power in range(33)]  # microseconds, up to about 20 minutes
_COUNT_BUCKETS = [2.0**power for power in range(15)]
_UNKNOWN = "<unknown>"  # every model that is not served: a client that makes names up must not fill the memory


class Metrics(Observer):
    """One server's counters; safe to use from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter("serving:request_count", "The total number of requests.", "model_name", "status")
        self._latency = self._histogram(
            "serving:request_latency",
            "Distribution of wall time (in microseconds) for Tensorflow Serving request.",
            _LATENCY_BUCKETS,
            ("model_name", "API", "entrypoint"),
        )
        self._example_count = self._counter(
            "serving:request_example_count", "The total number of tensorflow.Examples.", "model"
        )
        self._example_counts = self._histogram(
            "serving:request_example_counts",
            "The number of tensorflow.Examples per request.",
            _COUNT_BUCKETS,
            ("model",),
        )
        self._loads = self._counter(
            "cc:saved_model:load_attempt_count", "The number of times a SavedModel was loaded.", "model_path", "status"
        )
        self._load_latency = self._counter(
            "cc:saved_model:load_latency", "Latency in microseconds for SavedModels that were loaded.", "model_path"
        )

        # Finding the one counter or histogram of its labels takes longer than counting.
        self._answered = functools.cache(lambda model: self._requests.labels(model, "OK"))
        self._taken = functools.cache(self._latency.labels)

    @contextmanager
    def request(self, model: str, served: Collection[str], api: str, entrypoint: str) -> Iterator[None]:
        """Count the request answered inside, and how long it took if it was.

        Args:
            model: the name that was asked for.
            served: the names there are.
            api: "Predict", "Classify", "Regress" or "MultiInference".
            entrypoint: GRPC or REST.
        """
        name = model if model in served else _UNKNOWN
        started = time.perf_counter()
        try:
            yield
        except Exception as error:
            self._requests.labels(name, ServingError.wrap(error).code.name).inc()
            raise
        self._answered(name).inc()
        self._taken(name, api, entrypoint).observe((time.perf_counter() - started) * 1e6)

    def examples(self, model: str, count: int) -> None:
        """A request of `count` tf.Examples was answered."""
        self._example_count.labels(model).inc(count)
        self._example_counts.labels(model).observe(count)

    def loaded(self, path: Path, seconds: float, ok: bool) -> None:
        """A version was loaded, or could not be."""
        self._loads.labels(str(path), "success" if ok else "fail").inc()
        self._load_latency.labels(str(path)).inc(seconds * 1e6)

    def page(self) -> str:
        """All of them in Prometheus' text form, as TF Serving writes it."""
        text = generate_latest(self._registry).decode()
        lines = [line for line in text.splitlines() if not line.startswith("# HELP") and "_created" not in line]
        # The library ends every counter's name in _total; of TF Serving's only request_example_count_total does.
        return re.sub(r":(request_count|load_attempt_count|load_latency)_total\b", r":\1", "\n".join(lines)) + "\n"

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f":tensorflow:{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: list[float], labels: tuple[str, ...]) -> Histogram:
        return Histogram(f":tensorflow:{name}", text, labels, registry=self._registry, buckets=buckets)
