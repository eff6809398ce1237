"""TLS and mutual TLS, with certificates made for the occasion."""

import asyncio
import subprocess

import grpc
import pytest

from tests.client.fake_server import Script, fake_server, probabilities
from tfkgrec.client import AsyncClient, Client, Tls, Unavailable
from tfkgrec.errors import InputError


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """Folder with ca, server and client (.pem and .key)."""
    folder = tmp_path_factory.mktemp("pem")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ("req", "-newkey", "rsa:2048", "-nodes")
    openssl(*new, "-x509", "-subj", "/CN=toy authority", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2")
    for name in ("server", "client"):
        openssl(*new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (folder / f"{name}.ext").write_text("subjectAltName=DNS:recommender.example\n")
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{name}.ext")
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", "-days", "2", *signed)
    return folder


@pytest.fixture
def target(pem, request):
    """A server that wants a client's certificate too, where the test asks for that."""
    mutual = getattr(request, "param", False)
    pair = [((pem / "server.key").read_bytes(), (pem / "server.pem").read_bytes())]
    ca = (pem / "ca.pem").read_bytes()
    credentials = grpc.ssl_server_credentials(pair, ca if mutual else None, mutual)
    with fake_server(Script(probabilities(0.5)), credentials=credentials) as address:
        yield address


NAME = "recommender.example"


def score(target, tls, **settings):
    with Client(target, "toy", tls=tls, timeout=5, **settings) as client:
        return client.score(["u"], ["i"]).tolist()


def test_an_encrypted_call(pem, target):
    tls = Tls(ca=pem / "ca.pem", server_name=NAME)
    assert score(target, tls) == [0.5]

    async def run():
        async with AsyncClient(target, "toy", tls=tls) as client:
            return (await client.score(["u"], ["i"])).tolist()

    assert asyncio.run(run()) == [0.5]


@pytest.mark.parametrize("tls", [None, "no authority", "another name"])
def test_without_trust_there_is_no_call(pem, target, tls):
    settings = {
        None: None,
        "no authority": Tls(server_name=NAME),
        "another name": Tls(ca=pem / "ca.pem", server_name="elsewhere.example"),
    }[tls]
    with pytest.raises(Unavailable):
        score(target, settings, retry=False)


@pytest.mark.parametrize("target", [True], indirect=True)
def test_mutual(pem, target):
    own = {"certificate": pem / "client.pem", "key": pem / "client.key"}
    assert score(target, Tls(ca=pem / "ca.pem", server_name=NAME, **own)) == [0.5]
    with pytest.raises(Unavailable):
        score(target, Tls(ca=pem / "ca.pem", server_name=NAME), retry=False)


def test_half_a_pair_and_a_missing_file_are_one_line(pem, tmp_path):
    with pytest.raises(InputError, match="certificate and key together"):
        Client("localhost:1", "toy", tls=Tls(certificate=pem / "client.pem"))
    with pytest.raises(InputError, match=r"none.pem: expected a readable PEM file: No such file"):
        Client("localhost:1", "toy", tls=Tls(ca=tmp_path / "none.pem"))
