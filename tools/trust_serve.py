"""The embedded server while versions change, readers are slow, a crowd knocks and a certificate has expired.

python tools/trust.py serve --seconds 20
"""

import argparse
import datetime
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import trustme
from google.protobuf import text_format

from tfkgrec.client import Client, ServerError, Tls
from tfkgrec.protos.serving_config import SSLConfig
from tfkgrec.serving.grpc.tls import server_credentials
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.server import GrpcOptions, ModelServer
from trust_damage import made

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"  # and empty settings


class Load:
    """Callers that ask all the time; what went wrong."""

    def __init__(self, target: str, callers: int) -> None:
        self.answers, self.versions, self.wrong, self.slowest = 0, set[int](), list[str](), 0.0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(target,)) for _ in range(callers)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, target: str) -> None:
        with Client(target, "mf", timeout=60, retry=False) as client:
            while not self._stop.is_set():
                started = time.perf_counter()
                try:
                    self.versions.add(int(client.recommend(["user-1"], 3).version))
                    self.answers += 1
                except Exception as error:
                    self.wrong.append(f"{type(error).__name__}: {error}")
                self.slowest = max(self.slowest, time.perf_counter() - started)

    def told(self) -> str:
        """In a line."""
        first = f", the first {self.wrong[0]}" if self.wrong else ""
        return f"{self.answers:,} answers, slowest {self.slowest:.2f} s, {len(self.wrong):,} failed{first}"


def serving(base: Path, **options: object) -> ModelServer:
    """A server of the export."""
    return ModelServer(ModelManager([ModelConfig("mf", base)]), host="localhost", port=0, **options)  # type: ignore[arg-type]


def hot_changes(export: Path, seconds: float) -> tuple[str, bool]:
    """New versions are put beside the old ones, which are taken away, while callers ask."""
    with serving(export, poll_seconds=0.2) as server, Load(server.address, 4) as load:
        until, version = time.monotonic() + seconds, 1
        while time.monotonic() < until:
            aside = Path(shutil.copytree(export / str(version), export / ".aside"))
            aside.rename(export / str(version + 1))
            waited = time.monotonic() + 60
            while version + 1 not in load.versions and time.monotonic() < waited:
                time.sleep(0.05)
            shutil.rmtree(export / str(version))
            version += 1
    return f"{len(load.versions)} versions one after another: {load.told()}", not load.wrong and len(load.versions) > 1


def slow_readers(export: Path, seconds: float) -> tuple[str, bool]:
    """Connections that say something of HTTP/2 and never read, or say nothing, while callers ask."""
    return _beside(export, seconds, 200, PREFACE, "connections that never read")


def crowd(export: Path, seconds: float) -> tuple[str, bool]:
    """As many connections as this process may open, that say nothing."""
    return _beside(export, seconds, 800, b"", "connections that say nothing")


def _beside(export: Path, seconds: float, count: int, said: bytes, what: str) -> tuple[str, bool]:
    with ExitStack() as opened, serving(export, poll_seconds=0) as server:
        host, _, port = server.address.rpartition(":")
        held = 0
        for _ in range(count):
            try:
                connection = opened.enter_context(socket.create_connection((host, int(port)), timeout=5))
                connection.sendall(said)
                held += 1
            except OSError:  # refused politely
                pass
        with Load(server.address, 4) as load:
            time.sleep(seconds)
    return f"{held} of {count} {what}: {load.told()}", not load.wrong and load.answers > 0


def expired(export: Path, seconds: float) -> tuple[str, bool]:
    """A certificate that is over: the client says so in one line, and the server goes on."""
    authority = trustme.CA()
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    told = []
    for name, until in (("expired", yesterday), ("good", None)):
        certificate = authority.issue_cert("localhost", not_after=until)
        config = export.parent / f"{name}.config"
        key, chain = (part.bytes().decode() for part in (certificate.private_key_pem, certificate.cert_chain_pems[0]))
        config.write_text(text_format.MessageToString(SSLConfig(server_key=key, server_cert=chain)))
        (export.parent / "ca.pem").write_bytes(authority.cert_pem.bytes())
        options = GrpcOptions(credentials=server_credentials(config))
        with serving(export, poll_seconds=0, grpc=options) as server:
            try:
                with Client(server.address, "mf", timeout=20, tls=Tls(ca=export.parent / "ca.pem")) as client:
                    client.recommend(["user-1"], 3)
                told.append(f"{name}: answered")
            except ServerError as error:
                told.append(f"{name}: {type(error).__name__}")
    return "; ".join(told), told == ["expired: Unavailable", "good: answered"]


PARTS: dict[str, Callable[[Path, float], tuple[str, bool]]] = {
    "hot version changes": hot_changes,
    "slow readers": slow_readers,
    "a crowd": crowd,
    "a certificate that has expired": expired,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Each in turn; 1 where one of them did not go as it should."""
    parser = argparse.ArgumentParser(prog="tools/trust.py serve", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="of each")
    options = parser.parse_args(argv)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        made(Path(folder) / "whole")
        for name, part in PARTS.items():
            base = Path(folder) / name.replace(" ", "-")
            shutil.copytree(Path(folder) / "whole/export", base)
            text, fine = part(base / "mf", options.seconds)
            print(f"{name}: {text}{'' if fine else '  <- not as it should be'}", flush=True)
            good = good and fine
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
