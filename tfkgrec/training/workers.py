"""Several processes that train one model together, on `tf.distribute` (docs/scale.md).

Each holds the model whole and makes the batches of its own shards of the users. What they share is a step's gradient:
the sum of theirs, which each then applies for itself, so that all stay alike. The variables are ordinary ones, of no
strategy; `tf.distribute.MultiWorkerMirroredStrategy` connects the processes, sums, gathers, and notices who is gone.
"""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.compiler.xla.tsl.protobuf import coordination_config_pb2
from tensorflow.python.eager import context as eager_context  # no public way to say how long a worker may be silent

from tfkgrec.errors import InputError

TF_CONFIG = "TF_CONFIG"
GONE = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)
"""What TensorFlow raises where another process no longer answers."""
ROLES = ("chief", "worker")  # in the order in which they are numbered
BYTES_AT_ONCE = 32 << 20
SILENCE_SECONDS = 30
"""After which a worker counts as gone. TensorFlow's 10 end a run on a machine that has too much to do."""


class WorkerLostError(InputError):
    """Another worker is gone, and this one cannot go on without it."""


class Workers:
    """All that train together; this class alone is one process that trains by itself.

    Attributes:
        index: which of them this process is, from 0.
        count: how many there are.
    """

    index, count = 0, 1

    @property
    def chief(self) -> bool:
        """Whether this is the one that judges, and writes what is kept."""
        return self.index == 0

    def sums(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Every worker's tensors, summed."""
        return list(tensors)

    def gather(self, rows: tf.Tensor) -> tf.Tensor:
        """Every worker's rows, one after another."""
        return rows

    def told(self, value: Any = None) -> list[Any]:
        """What every worker says, anything that JSON can hold, in their order."""
        return [value]

    def by_chief(self, make: Callable[[], Any]) -> Any:
        """What the chief makes of it, on every worker; anything that JSON can hold."""
        return self.told(make() if self.chief else None)[0]

    def share(self, variables: Sequence[keras.Variable]) -> None:
        """Give every worker the chief's values."""

    def check_alike(self, what: str, value: Any) -> None:
        """Raise `InputError`, on all of them, unless every worker says the same of `what`."""
        first, *others = self.told(value)
        for number, other in enumerate(others, 1):
            if other != first:
                raise InputError(f"worker {number}: expected the {what} of worker 0, found others")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Where another's end is a line: `WorkerLostError`."""
        yield


ALONE = Workers()


class ConnectedWorkers(Workers):
    """Those that TF_CONFIG names; made before anything else of TensorFlow is used.

    Args:
        place: as `read_tf_config` gives it.
    """

    def __init__(self, place: "Place") -> None:
        self.index, self.count = place.index, place.count
        _say_how_long_to_wait(place.cluster)
        options = tf.distribute.experimental.CommunicationOptions(bytes_per_pack=BYTES_AT_ONCE)
        self.strategy = tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which TensorFlow has caught, and does not end at

    def sums(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        def each(*own: tf.Tensor) -> list[tf.Tensor]:
            context = tf.distribute.get_replica_context()
            # identity: a tensor made elsewhere has no device, by which TensorFlow chooses the way
            return list(context.all_reduce(tf.distribute.ReduceOp.SUM, [tf.identity(one) for one in own]))

        return list(self.strategy.run(each, tuple(tensors))) if len(tensors) else []

    def gather(self, rows: tf.Tensor) -> tf.Tensor:
        def each(own: tf.Tensor) -> tf.Tensor:
            return tf.distribute.get_replica_context().all_gather(tf.identity(own), axis=0)

        return self.strategy.run(each, (rows,))

    def told(self, value: Any = None) -> list[Any]:
        text = np.frombuffer(json.dumps(value, default=float).encode(), np.uint8).astype(np.int32)
        lengths = self.gather(tf.constant([len(text)], tf.int32)).numpy()
        said = self.gather(tf.constant(text)).numpy().astype(np.uint8)
        return [json.loads(part.tobytes()) for part in np.split(said, np.cumsum(lengths)[:-1])]

    def share(self, variables: Sequence[keras.Variable]) -> None:
        for variable in variables:
            value = tf.convert_to_tensor(variable.value)
            variable.assign(*self.sums([value if self.chief else tf.zeros_like(value)]))

    @contextmanager
    def together(self) -> Iterator[None]:
        try:
            yield
        except tf.errors.OpError as error:
            if not isinstance(error, GONE):
                raise
            gone = re.search(r"/job:(\w+)/[\w:/]*task:(\d+)", error.message)
            whose = f"{gone[1]} {gone[2]}" if gone else "another worker"
            again = "start all of them again with --resume"
            raise WorkerLostError(f"{whose}: expected it to train on, found it gone; {again}") from None


def workers_of_environment(expected: int | None = None) -> Workers:
    """Those that TF_CONFIG names, once all of them are there.

    Raises:
        InputError: there is none, it is none of a worker's, or not of as many as expected; or this process would not
            know which GPU is its own.
    """
    place = read_tf_config(os.environ.get(TF_CONFIG))
    if expected not in (None, place.count):
        raise InputError(f"--workers: expected {place.count}, as in {TF_CONFIG}, found {expected}")
    gpus = tf.config.list_physical_devices("GPU")
    if len(gpus) > 1:
        raise InputError(f"CUDA_VISIBLE_DEVICES: expected one GPU for each worker, found {len(gpus)}")
    return ALONE if place.count == 1 else ConnectedWorkers(place)


@dataclass(frozen=True)
class Place:
    """Which worker this is, and of how many; and who they are, by their role."""

    index: int
    count: int
    cluster: dict[str, list[str]]


def read_tf_config(text: str | None) -> Place:
    """What the JSON in TF_CONFIG says; a chief, if one is named, comes first."""
    example = '{"cluster": {"worker": ["host-0:2222", "host-1:2222"]}, "task": {"type": "worker", "index": 0}}'
    if not text:
        raise InputError(f"{TF_CONFIG}: expected who trains and which of them this is, {example}, found nothing")
    try:
        content = json.loads(text)
        cluster, task = content["cluster"], content["task"]
        if others := sorted(cluster.keys() - set(ROLES)):
            raise InputError(f"{TF_CONFIG}: expected chief and worker alone, found {', '.join(others)}")
        before = {"chief": 0, "worker": len(cluster.get("chief", ()))}
        count = sum(len(cluster.get(role, ())) for role in ROLES)
        index = before[task["type"]] + int(task["index"])
        known = 0 <= int(task["index"]) < len(cluster[task["type"]])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{TF_CONFIG}: expected JSON such as {example}, found {text}") from None
    if not known:
        raise InputError(f"{TF_CONFIG}: expected a task that is in the cluster, found {task['type']} {task['index']}")
    return Place(index, count, cluster)


def _say_how_long_to_wait(cluster: dict[str, list[str]]) -> None:
    """Before TensorFlow connects anybody, which leaves alone what is set."""
    jobs = [(role, len(cluster[role])) for role in ROLES if role in cluster]
    eager_context.context().configure_coordination_service(
        service_type="standalone",
        service_leader=f"/job:{jobs[0][0]}/replica:0/task:0",
        heartbeat_timeout_in_ms=1000 * SILENCE_SECONDS,
        coordinated_jobs=[coordination_config_pb2.CoordinatedJob(name=role, num_tasks=size) for role, size in jobs],
    )
