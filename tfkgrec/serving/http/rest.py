"""TF Serving's REST API on a port of its own: `/v1/models/...` and the Prometheus page.

aiohttp, because one package gives a C parser, size limits and an orderly end. Its event loop runs in one thread;
requests are answered in a pool.

Source of paths and codes: tensorflow_serving/model_servers/{http_server,http_rest_api_util,http_rest_api_handler}.cc.
"""

import asyncio
import functools
import json
import logging
import os
import re
import socket
import threading
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from aiohttp import web
from aiohttp.http import HttpProcessingError
from google.protobuf import json_format
from google.protobuf.message import Message
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    regression_pb2,
)
from tensorflow_serving.apis.model_pb2 import ModelSpec

from tfkgrec.errors import InputError
from tfkgrec.runtime.status import DEADLINE_EXCEEDED, INTERNAL, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, ServingError
from tfkgrec.serving.api import Api
from tfkgrec.serving.http import json_requests
from tfkgrec.serving.metrics import CONTENT_TYPE, REST

log = logging.getLogger(__name__)
_protocol_log = logging.getLogger(f"{__name__}.protocol")
_protocol_log.setLevel(logging.CRITICAL)  # a traceback for every client that does not speak HTTP, from aiohttp

_WHERE = r"(?i)/v1/models/([^/:]+)(?:(?:/versions/([0-9]+))|(?:/labels/([^/:]+)))?"
_POST = re.compile(_WHERE + r":(classify|regress|predict)")
_GET = re.compile(r"(?i)/v1/models(?:/([^/:]+))?(?:(?:/versions/([0-9]+))|(?:/labels/([^/:]+)))?(?:/(metadata))?")

_HTTP = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}


@dataclass(frozen=True)
class RestOptions:
    """TF Serving's `--rest_api_*` flags, and ours.

    Attributes:
        port: 0 takes a free one.
        threads: requests answered at once; None: four for every processor.
        timeout_ms: a request that takes longer ends with 504.
        cors: let pages of other sites ask.
        metrics_path: where the Prometheus page is; None: nowhere.
        max_request_bytes: a longer body ends with 413.
        max_requests: in the server at once; the next one ends with 429.
    """

    port: int
    threads: int | None = None
    timeout_ms: int = 30_000
    cors: bool = False
    metrics_path: str | None = None
    max_request_bytes: int = 64 << 20
    max_requests: int = 256


class RestServer:
    """Answers HTTP requests from an Api.

    Args:
        api: answers.
        page: writes the Prometheus page.
        host: address to listen on.
        options: see there.
        drain_seconds: how long `stop` waits for requests under way.

    Raises:
        InputError: the port is taken.
    """

    def __init__(self, api: Api, page: Callable[[], str], host: str, options: RestOptions, drain_seconds: float = 30.0):
        self._drain_seconds = drain_seconds
        self._api = api
        self._page = page
        self._options = options
        self._requests = 0  # in the server; touched by the event loop only
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: web.AppRunner | None = None
        self._socket = _bind(host, options.port)
        self.port: int = self._socket.getsockname()[1]

    def start(self) -> None:
        """Listen and answer."""
        self._pool = ThreadPoolExecutor(self._options.threads or 4 * (os.cpu_count() or 1), thread_name_prefix="rest")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rest", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def stop(self) -> None:
        """Take no new request, finish those under way."""
        if self._loop is not None and self._runner is not None:
            asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._socket.close()

    async def _listen(self) -> None:
        application = web.Application(client_max_size=self._options.max_request_bytes)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            logger=_protocol_log,
            keepalive_timeout=75,
            shutdown_timeout=self._drain_seconds,
        )
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()

    async def _handle(self, request: web.Request) -> web.Response:
        path = request.rel_url.raw_path
        if path == self._options.metrics_path and request.method == "GET":
            return web.Response(text=self._page(), content_type=CONTENT_TYPE)
        if not path.lower().startswith("/v1/"):
            return self._error(404, "Not Found")
        if self._options.cors and request.method == "OPTIONS":
            return web.Response(headers=_CORS)
        if self._requests >= self._options.max_requests:
            full = ServingError(RESOURCE_EXHAUSTED, f"{self._requests} requests are waiting already")
            return self._error(_HTTP[full.code.name], full.message)
        self._requests += 1
        try:
            async with asyncio.timeout(self._options.timeout_ms / 1000 or None):
                body = await request.read()
                work = asyncio.get_running_loop().run_in_executor(self._pool, self._answer, request.method, path, body)
                return self._json(200, await work)
        except TimeoutError:
            return self._error(_HTTP[DEADLINE_EXCEEDED.name], "Deadline Exceeded")
        except web.HTTPRequestEntityTooLarge:
            most = self._options.max_request_bytes
            return self._error(413, f"the request should have at most {most} bytes")
        except ServingError as error:
            return self._error(_HTTP[error.code.name], error.message)
        except (web.RequestPayloadError, ConnectionError, HttpProcessingError) as error:
            return self._error(400, f"the request's body is cut off or not as announced: {error}")
        except Exception:
            log.exception("a request failed inside the server")
            return self._error(500, "internal error")
        finally:
            self._requests -= 1

    def _answer(self, method: str, path: str, body: bytes) -> str:
        """The JSON of a reply; only a ServingError leaves."""
        try:
            return json.dumps(self._reply(method, path, body))
        except Exception as error:
            wrapped = ServingError.wrap(error)
            if wrapped.code is INTERNAL:
                log.exception("a request failed inside the server")
            raise wrapped from None

    def _reply(self, method: str, path: str, body: bytes) -> json_requests.Body:
        if method == "POST" and (found := _POST.fullmatch(path)):
            spec = _spec(*found.groups()[:3])
            return {"predict": self._predict, "classify": self._classify, "regress": self._regress}[found[4].lower()](
                spec, json_requests.parse(body)
            )
        if method == "GET" and (found := _GET.fullmatch(path)):
            if not found[1]:
                raise ServingError(INVALID_ARGUMENT, "Missing model name in request.")
            spec = _spec(*found.groups()[:3])
            return self._metadata(spec) if found[4] else self._status(spec)
        raise ServingError(INVALID_ARGUMENT, f"Malformed request: {method} {path}")

    def _predict(self, spec: ModelSpec, body: json_requests.Body) -> json_requests.Body:
        json_requests.set_signature(body, spec)
        response = self._api.predict_from(spec, functools.partial(json_requests.fill_predict, body), REST)
        return json_requests.predict_body(response, by_row="instances" in body)

    def _classify(self, spec: ModelSpec, body: json_requests.Body) -> json_requests.Body:
        request = classification_pb2.ClassificationRequest(model_spec=spec)
        json_requests.fill_examples(body, request)
        return json_requests.classify_body(self._api.classify(request, REST))

    def _regress(self, spec: ModelSpec, body: json_requests.Body) -> json_requests.Body:
        request = regression_pb2.RegressionRequest(model_spec=spec)
        json_requests.fill_examples(body, request)
        return json_requests.regress_body(self._api.regress(request, REST))

    def _status(self, spec: ModelSpec) -> json_requests.Body:
        return _message(self._api.status(get_model_status_pb2.GetModelStatusRequest(model_spec=spec)))

    def _metadata(self, spec: ModelSpec) -> json_requests.Body:
        request = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec, metadata_field=["signature_def"])
        reply = self._api.metadata(request)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        reply.metadata["signature_def"].Unpack(signatures)
        return {"model_spec": _message(reply.model_spec), "metadata": {"signature_def": _message(signatures)}}

    def _error(self, status: int, message: str) -> web.Response:
        return self._json(status, json.dumps({"error": message}))

    def _json(self, status: int, text: str) -> web.Response:
        headers = _CORS if self._options.cors else None
        return web.Response(status=status, text=text, content_type="application/json", headers=headers)


def _bind(host: str, port: int) -> socket.socket:
    """A socket that holds the port but does not listen yet: nobody is let in before the models are loaded."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise InputError(
            f"--rest_api_port {port}: expected a free port on {host}, found it taken or not allowed"
        ) from None
    return bound


def _spec(name: str, version: str | None, label: str | None) -> ModelSpec:
    spec = ModelSpec(name=urllib.parse.unquote(name))
    if version is not None:
        if len(version) > 18:
            raise ServingError(INVALID_ARGUMENT, f"Failed to convert version: {version} to numeric.")
        spec.version.value = int(version)
    if label is not None:
        spec.version_label = urllib.parse.unquote(label)
    return spec


def _message(message: Message) -> json_requests.Body:
    """A message as TF Serving prints it: its own field names, defaults included."""
    printed: json_requests.Body = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return printed
