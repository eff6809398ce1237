"""The asking side of the serving benchmark, in a process of its own: latencies as a caller sees them, no TensorFlow.

One caller is a program that waits for each answer (`Client`'s way); several are a service with that many requests under
way (`AsyncClient`'s). Requests are serialized before the clock runs and replies are read as bytes: the client's own
encoding, some 50 us, belongs to the caller.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import grpc
import grpc.aio
import numpy as np

from tfkgrec.benchmarks.serving_requests import requests
from tfkgrec.protos.messages import PREDICT

WARM_UP = 30
CLIENT_OPTIONS = [("grpc.max_receive_message_length", -1)]


@dataclass(frozen=True)
class Load:
    """What to ask.

    Attributes:
        target, model, signature: whom and what.
        callers: requests under way at any time.
        seconds: how long; 0: until `count` is reached.
        count: requests at most; 0: no limit.
        users, items: raw ids to ask about.
    """

    target: str
    model: str
    signature: str
    callers: int
    seconds: float
    count: int
    users: list[str]
    items: list[str]


def measure(load: Load) -> dict[str, float]:
    """`p50_ms`, `p95_ms`, `p99_ms`, `requests_per_second`, `requests`, over the answers of one load."""
    stream = itertools.cycle(requests(load.model, load.signature, load.users, load.items))
    latencies, seconds = _one(load, stream) if load.callers == 1 else asyncio.run(_many(load, stream))
    p50, p95, p99 = np.percentile(latencies, [50, 95, 99]) * 1000
    return {
        "p50_ms": round(float(p50), 3),
        "p95_ms": round(float(p95), 3),
        "p99_ms": round(float(p99), 3),
        "requests_per_second": round(len(latencies) / seconds, 1),
        "requests": len(latencies),
    }


def _one(load: Load, stream: Iterator[bytes]) -> tuple[Sequence[float], float]:
    latencies: list[float] = []
    with grpc.insecure_channel(load.target, CLIENT_OPTIONS) as channel:
        call = channel.unary_unary(PREDICT)
        for _ in range(WARM_UP):
            call(next(stream), timeout=60)
        started = time.perf_counter()
        while _goes_on(load, len(latencies), started):
            asked = time.perf_counter()
            call(next(stream), timeout=60)
            latencies.append(time.perf_counter() - asked)
        return latencies, time.perf_counter() - started


async def _many(load: Load, stream: Iterator[bytes]) -> tuple[Sequence[float], float]:
    latencies: list[float] = []
    async with grpc.aio.insecure_channel(load.target, CLIENT_OPTIONS) as channel:
        call = channel.unary_unary(PREDICT)
        for _ in range(WARM_UP):
            await call(next(stream), timeout=60)
        started = time.perf_counter()

        async def caller() -> None:
            while _goes_on(load, len(latencies), started):
                asked = time.perf_counter()
                await call(next(stream), timeout=60)
                latencies.append(time.perf_counter() - asked)

        await asyncio.gather(*(caller() for _ in range(load.callers)))
        return latencies, time.perf_counter() - started


def _goes_on(load: Load, answered: int, started: float) -> bool:
    if load.count and answered >= load.count:
        return False
    return not load.seconds or time.perf_counter() - started < load.seconds


def command(load: Load) -> list[str]:
    """The command that measures `load` and prints a line of JSON."""
    return [sys.executable, "-m", "tfkgrec.benchmarks.serving_load", json.dumps(asdict(load))]


if __name__ == "__main__":
    print(json.dumps(measure(Load(**json.loads(sys.argv[1])))))
