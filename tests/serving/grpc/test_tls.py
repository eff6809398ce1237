"""TLS and mutual TLS from TF Serving's ssl_config file."""

import grpc
import pytest
import trustme
from google.protobuf import text_format
from tensorflow_serving.apis import prediction_service_pb2_grpc

from tests.toy import request
from tfkgrec.errors import InputError
from tfkgrec.protos.serving_config import SSLConfig
from tfkgrec.serving.grpc.tls import server_credentials
from tfkgrec.serving.lifecycle.manager import ModelManager
from tfkgrec.serving.lifecycle.model_config import ModelConfig
from tfkgrec.serving.server import GrpcOptions, ModelServer

PAIR = {"user_id": ["u1"], "item_id": ["i2"]}


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority):
    return authority.issue_cert("localhost")


def pem(blob):
    return blob.bytes().decode()


def write_config(path, certificate, authority=None, **changes):
    config = SSLConfig(
        server_key=pem(certificate.private_key_pem),
        server_cert=pem(certificate.cert_chain_pems[0]),
        custom_ca=pem(authority.cert_pem) if authority else "",
        client_verify=authority is not None,
    )
    for field, value in changes.items():
        setattr(config, field, value)
    path.write_text(text_format.MessageToString(config))
    return path


@pytest.fixture
def secure(publish, tmp_path):
    """`secure(config file)`: the address of a server of the toy with that."""
    publish(1)
    running = []

    def start(config):
        manager = ModelManager([ModelConfig("toy", publish.base)])
        options = GrpcOptions(credentials=server_credentials(config))
        server = ModelServer(manager, host="localhost", port=0, poll_seconds=0, grpc=options)
        server.start()
        running.append(server)
        return server.address

    yield start
    for server in running:
        server.stop()


def version(address, credentials):
    """The version that answers a client of these credentials; None: plain text."""
    channel = grpc.secure_channel(address, credentials) if credentials is not None else grpc.insecure_channel(address)
    with channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        return stub.Predict(request(**PAIR), timeout=10).model_spec.version.value


def test_tls(secure, certificate, authority, tmp_path):
    address = secure(write_config(tmp_path / "ssl.config", certificate))
    trusting = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
    assert version(address, trusting) == 1
    for distrusting in (None, grpc.ssl_channel_credentials(trustme.CA().cert_pem.bytes())):
        with pytest.raises(grpc.RpcError) as refused:
            version(address, distrusting)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_mutual_tls_lets_in_only_whom_the_authority_knows(secure, certificate, authority, tmp_path):
    address = secure(write_config(tmp_path / "ssl.config", certificate, authority))

    def client(issuer):
        own = issuer.issue_cert("client")
        return grpc.ssl_channel_credentials(
            authority.cert_pem.bytes(), own.private_key_pem.bytes(), own.cert_chain_pems[0].bytes()
        )

    assert version(address, client(authority)) == 1
    for outsider in (client(trustme.CA()), grpc.ssl_channel_credentials(authority.cert_pem.bytes())):
        with pytest.raises(grpc.RpcError) as refused:
            version(address, outsider)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"server_key": ""}, r"ssl.config: server_key: expected a PEM text .*, found none"),
        ({"server_cert": "/etc/cert.pem"}, r"ssl.config: server_cert: expected a PEM text .*, found something else"),
        ({"client_verify": True}, r"ssl.config: custom_ca: expected a PEM text .*, found none"),
    ],
)
def test_a_part_that_is_missing_is_named(certificate, tmp_path, changes, text):
    with pytest.raises(InputError, match=text):
        server_credentials(write_config(tmp_path / "ssl.config", certificate, **changes))


def test_what_is_no_ssl_config_is_told_with_its_line(tmp_path):
    path = tmp_path / "ssl.config"
    with pytest.raises(InputError, match="expected a readable config file"):
        server_credentials(path)
    path.write_text('server_key: "x"\nkey: "y"\n')
    with pytest.raises(InputError, match=r"ssl.config:2: .*no field named \"key\""):
        server_credentials(path)
