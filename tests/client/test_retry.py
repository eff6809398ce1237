"""What happens when a server fails, is away, or is slow: the same for both clients."""

import asyncio
import socket
import threading
import time
from contextlib import ExitStack

import grpc
import pytest

from tests.client.fake_server import Script, fake_server, probabilities
from tfkgrec.client import (
    AsyncClient,
    CallError,
    Client,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    NotAllowed,
    NotFound,
    OutOfRange,
    RequestRefused,
    ResourceExhausted,
    ServerError,
    Unavailable,
    Unimplemented,
)
from tfkgrec.client.channel import ATTEMPTS

Code = grpc.StatusCode


def ask(target, **settings):
    with Client(target, "toy", **settings) as client:
        return client.score(["u"], ["i"]).tolist()


def ask_async(target, **settings):
    async def run():
        async with AsyncClient(target, "toy", **settings) as client:
            return (await client.score(["u"], ["i"])).tolist()

    return asyncio.run(run())


both = pytest.mark.parametrize("ask", [ask, ask_async], ids=["sync", "async"])


@both
def test_a_server_that_is_away_for_a_moment_is_asked_again(ask):
    script = Script(Code.UNAVAILABLE, Code.UNAVAILABLE, probabilities(0.5))
    with fake_server(script) as target:
        assert ask(target) == [0.5]
    assert script.calls == 3


@both
def test_it_gives_up_after_the_last_attempt(ask):
    script = Script(Code.UNAVAILABLE)
    with fake_server(script) as target, pytest.raises(Unavailable, match=f"no server answers at {target}.*as told"):
        ask(target, timeout=20)
    assert script.calls == ATTEMPTS


@both
def test_without_retry_it_asks_once(ask):
    script = Script(Code.UNAVAILABLE, probabilities(0.5))
    with fake_server(script) as target, pytest.raises(Unavailable):
        ask(target, retry=False)
    assert script.calls == 1


@both
def test_the_deadline_is_for_all_attempts_together(ask):
    script = Script(Code.UNAVAILABLE)
    started = time.monotonic()
    with fake_server(script) as target, pytest.raises(DeadlineExceeded, match="within 0.1 s"):
        ask(target, timeout=0.1)
    assert time.monotonic() - started < 5
    assert script.calls < ATTEMPTS


@both
def test_a_server_that_starts_in_the_meantime_is_found(ask):
    """The channel itself has to try again too: gRPC's own pause of a second would outlast the retries."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with ExitStack() as stack:
        late = threading.Timer(0.15, lambda: stack.enter_context(fake_server(Script(probabilities(0.5)), port)))
        late.start()
        assert ask(f"127.0.0.1:{port}", timeout=20) == [0.5]
        late.join()


def test_several_addresses_share_the_requests_and_one_that_is_away_is_left_out():
    scripts = [Script(probabilities(0.5)) for _ in range(2)]
    with fake_server(scripts[0]) as first, fake_server(scripts[1]) as second:
        with Client(f"ipv4:{first},{second},127.0.0.1:1", "toy") as client:
            for _ in range(40):
                assert client.score(["u"], ["i"]).tolist() == [0.5]
    assert sum(script.calls for script in scripts) == 40
    assert min(script.calls for script in scripts) > 5


@both
def test_a_slow_server_is_a_deadline(ask):
    done = threading.Event()

    def slow(request, context):
        done.wait(10)
        return b""

    with fake_server(slow) as target:
        with pytest.raises(DeadlineExceeded) as failed:
            ask(target, timeout=0.2)
        done.set()
    assert str(failed.value) == f"{target} did not answer within 0.2 s; allow more with --timeout"


@both
@pytest.mark.parametrize(
    ("code", "kind", "family"),
    [
        (Code.INVALID_ARGUMENT, InvalidArgument, RequestRefused),
        (Code.NOT_FOUND, NotFound, RequestRefused),
        (Code.FAILED_PRECONDITION, FailedPrecondition, RequestRefused),
        (Code.OUT_OF_RANGE, OutOfRange, RequestRefused),
        (Code.UNIMPLEMENTED, Unimplemented, RequestRefused),
        (Code.DEADLINE_EXCEEDED, DeadlineExceeded, ServerError),
        (Code.RESOURCE_EXHAUSTED, ResourceExhausted, ServerError),
        (Code.UNAUTHENTICATED, NotAllowed, ServerError),
        (Code.PERMISSION_DENIED, NotAllowed, ServerError),
        (Code.INTERNAL, ServerError, ServerError),
        (Code.DATA_LOSS, ServerError, ServerError),
    ],
)
def test_every_status_has_its_class_and_is_not_asked_twice(ask, code, kind, family):
    script = Script(code)
    with fake_server(script) as target, pytest.raises(CallError) as failed:
        ask(target)
    assert type(failed.value) is kind and isinstance(failed.value, family)
    assert (failed.value.code, failed.value.details) == (code.name, f"as told, {code.name}")
    assert script.calls == 1
    assert "\n" not in str(failed.value)


@both
def test_a_reply_of_another_model_is_an_error_that_names_what_is_missing(ask):
    with fake_server(Script(b"")) as target, pytest.raises(ValueError, match="found no probability"):
        ask(target)
