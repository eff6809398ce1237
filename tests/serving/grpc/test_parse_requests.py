"""A message that does not parse is refused with INTERNAL, by a thread of the pool, and leaves nothing behind."""

import threading
from pathlib import Path

import grpc
import pytest

from tests.toy import request
from tfkgrec.protos import messages
from tfkgrec.serving.grpc.parse_requests import ParseRequests

RUBBISH = b"\xff" * 100


def _refusal(call, message):
    with pytest.raises(grpc.RpcError) as error:
        call(message, timeout=10)
    return error.value.code(), error.value.details()


@pytest.mark.parametrize("path", [messages.PREDICT, "/tensorflow.serving.ModelService/GetModelStatus"])
def test_every_service_refuses_rubbish(channel, path):
    assert _refusal(channel.unary_unary(path), RUBBISH) == (
        grpc.StatusCode.INTERNAL,
        "Exception deserializing request!",
    )


def test_rubbish_leaves_nothing_in_memory(channel):
    """gRPC's own refusal keeps 15 kB: 30 MB after these 2,000."""
    call = channel.unary_unary(messages.PREDICT)
    for _ in range(200):
        _refusal(call, RUBBISH)
    before = _resident_bytes()
    for _ in range(2000):
        _refusal(call, RUBBISH)
    assert _resident_bytes() - before < 15e6


def test_messages_are_parsed_where_requests_are_answered():
    """10 MB on their way in hold up nobody else."""
    parsed_in = []

    def parse(message):
        parsed_in.append(threading.current_thread().name)
        return message

    handler = grpc.unary_unary_rpc_method_handler(lambda message, context: message, parse, bytes)
    made = ParseRequests().intercept_service(lambda details: handler, None)
    assert made.request_deserializer is None and made.response_serializer is bytes
    assert made.unary_unary(b"abc", None) == b"abc"
    assert parsed_in == [threading.current_thread().name]


def test_an_unknown_call_and_a_stream_pass_through(channel):
    stream = grpc.unary_stream_rpc_method_handler(lambda message, context: iter(()))
    assert ParseRequests().intercept_service(lambda details: stream, None) is stream
    assert ParseRequests().intercept_service(lambda details: None, None) is None
    code, _ = _refusal(
        channel.unary_unary("/tensorflow.serving.PredictionService/Nothing"), request().SerializeToString()
    )
    assert code is grpc.StatusCode.UNIMPLEMENTED


def _resident_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024
