"""Thousands of malformed requests at a server that has to refuse each with the right code and stay well."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import grpc
import grpc.aio
import numpy as np

from tfkgrec.benchmarks.serving_fuzz_cases import OK, Case, Cases
from tfkgrec.protos import messages

CALLERS = 8
HEALTHY_EVERY = 50  # malformed requests to a healthy one, which must be answered
SOCKET_EVERY = 100  # malformed requests to a connection that speaks no HTTP/2
MAX_WRONG = 20  # kept for the report
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@dataclass
class Fuzzed:
    """What came of it.

    Attributes:
        answers: (kind, code) -> how often.
        wrong: the first answers with a code that was not allowed; none is how it should be.
        slowest: seconds that the slowest answer took.
        connections: raw connections that sent rubbish.
    """

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    wrong_count: int = 0
    slowest: float = 0.0
    connections: int = 0

    @property
    def requests(self) -> int:
        return sum(self.answers.values())

    def add(self, case: Case, code: str, details: str, seconds: float) -> None:
        self.answers[case.kind, code] += 1
        self.slowest = max(self.slowest, seconds)
        if code not in case.allowed:
            self.wrong_count += 1
            if len(self.wrong) < MAX_WRONG:
                sent = case.request[:200]
                expected = "/".join(sorted(case.allowed))
                self.wrong.append(f"{case.kind}: expected {expected}, found {code} ({details[:200]}); sent {sent!r}")


def fuzz(
    target: str, model: str, count: int, seed: int, users: Sequence[str] = (), items: Sequence[str] = ()
) -> Fuzzed:
    """Send `count` malformed requests, with healthy ones and raw connections among them.

    Raises:
        grpc.RpcError: the server does not even tell the model's signatures.
    """
    return asyncio.run(_fuzz(target, model, count, np.random.default_rng(seed), users, items))


async def _fuzz(
    target: str, model: str, count: int, rng: np.random.Generator, users: Sequence[str], items: Sequence[str]
) -> Fuzzed:
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    # A server may put a name of 10 MB into its refusal.
    options += [("grpc.max_metadata_size", 32 << 20), ("grpc.absolute_max_metadata_size", 64 << 20)]
    fuzzed = Fuzzed()
    async with grpc.aio.insecure_channel(target, options) as channel:
        cases = Cases(model, await _signatures(channel, model), rng, users, items)
        stream = enumerate(itertools.chain(cases.draw(count), [cases.healthy()]))

        async def caller() -> None:
            for number, case in stream:
                if number % HEALTHY_EVERY == 0:
                    await _send(channel, cases.healthy(), fuzzed)
                if number % SOCKET_EVERY == 0:
                    await _rubbish(target, rng)
                    fuzzed.connections += 1
                await _send(channel, case, fuzzed)

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return fuzzed


async def _send(channel: grpc.aio.Channel, case: Case, fuzzed: Fuzzed) -> None:
    started, code, details = time.perf_counter(), OK, ""
    try:
        await channel.unary_unary(case.path)(case.request, timeout=case.timeout)
    except grpc.RpcError as error:
        code, details = error.code().name, error.details() or ""
    fuzzed.add(case, code, details, time.perf_counter() - started)


async def _rubbish(target: str, rng: np.random.Generator) -> None:
    """Connect, say something that is no HTTP/2 or stops being it, and hang up, waiting for an answer or not."""
    host, _, port = target.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        if rng.random() < 0.5:
            writer.write(PREFACE)
        writer.write(rng.bytes(int(rng.integers(0, 5000))))
        await writer.drain()
        if rng.random() < 0.5:
            await asyncio.wait_for(reader.read(100), 0.05)
    except (OSError, TimeoutError):
        pass  # the server may hang up first, or wait for more
    finally:
        writer.close()


async def _signatures(channel: grpc.aio.Channel, model: str) -> dict[str, messages.SignatureDef]:
    """The signatures that Predict can call."""
    request = messages.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = model
    call = channel.unary_unary(messages.GET_MODEL_METADATA)
    reply = messages.GetModelMetadataResponse.FromString(await call(request.SerializeToString(), timeout=60))
    signatures = messages.SignatureDefMap.FromString(reply.metadata["signature_def"].value).signature_def
    return {
        name: signature
        for name, signature in signatures.items()
        if signature.method_name == "tensorflow/serving/predict" and not name.startswith("__")
    }


def summary(fuzzed: Fuzzed) -> str:
    """A table of what was sent and answered, and what was wrong."""
    kinds: dict[str, list[str]] = {}
    for (kind, code), times in sorted(fuzzed.answers.items()):
        kinds.setdefault(kind, []).append(f"{code} {times:,}")
    lines = [f"  {kind:<32} {', '.join(codes)}" for kind, codes in kinds.items()]
    sent = f"{fuzzed.requests:,} requests and {fuzzed.connections:,} raw connections"
    head = f"{sent}, slowest answer {fuzzed.slowest:.2f} s"
    return "\n".join([head, *lines, f"wrong codes: {fuzzed.wrong_count:,}", *(f"  {wrong}" for wrong in fuzzed.wrong)])
