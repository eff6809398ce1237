"""What lies in serving/: files that TF Serving, compose and Kubernetes read, and that say the same thing."""

import re
import subprocess
from pathlib import Path, PurePosixPath

import grpc
import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tests.client.fake_server import Script, fake_server, probabilities
from tests.client.test_tls import pem  # noqa: F401
from tfkgrec import benchmark, registry, serve
from tfkgrec.client import Client, Tls
from tfkgrec.protos.proto_builder import build
from tfkgrec.protos.serving_config import MonitoringConfig, SSLConfig, read_text_proto
from tfkgrec.serving.grpc.tls import server_credentials
from tfkgrec.serving.lifecycle.model_config import read_model_config
from tfkgrec.serving.metrics import PATH

REPOSITORY = Path(__file__).parents[2]
SERVING = REPOSITORY / "serving"
README = (SERVING / "README.md").read_text()

# tensorflow_serving/servables/tensorflow/session_bundle_config.proto; the API's wheel leaves it out
BATCHING = build(
    {
        "google.protobuf": {"Int64Value": ["int64 value = 1"], "StringValue": ["string value = 1"]},
        "tensorflow.serving": {
            "BatchingParameters": [
                "google.protobuf.Int64Value max_batch_size = 1",
                "google.protobuf.Int64Value batch_timeout_micros = 2",
                "google.protobuf.Int64Value max_enqueued_batches = 3",
                "google.protobuf.Int64Value num_batch_threads = 4",
                "google.protobuf.StringValue thread_pool_name = 5",
                "repeated int64 allowed_batch_sizes = 6",
                "bool pad_variable_length_inputs = 7",
            ]
        },
    }
)["BatchingParameters"]


@pytest.fixture(scope="module")
def models():
    text = (SERVING / "models.config").read_text()
    return text_format.Parse(text, model_server_config_pb2.ModelServerConfig()).model_config_list.config


@pytest.fixture(scope="module")
def service():
    (only,) = yaml.safe_load((SERVING / "docker-compose.yml").read_text())["services"].values()
    return only


@pytest.fixture(scope="module")
def kubernetes():
    """kind -> its objects, over all files of k8s/."""
    found = {}
    for file in sorted((SERVING / "k8s").glob("*.yaml")):
        for item in yaml.safe_load_all(file.read_text()):
            assert item["apiVersion"] and item["metadata"]["name"], file
            found.setdefault(item["kind"], []).append(item)
    return found


@pytest.fixture(scope="module")
def pod(kubernetes):
    (deployment,) = kubernetes["Deployment"]
    return deployment["spec"]["template"]


def flags_of(command):
    return dict(flag.split("=", 1) for flag in command)


def test_models_config_parses_and_maps_to_the_export_folder(models):
    names = [model.name for model in models]
    assert "dink" in names and len(set(names)) == len(names)
    assert {model.model_platform for model in models} == {"tensorflow"}
    here = read_model_config(SERVING / "models.config", REPOSITORY / "export")
    assert [model.base_path for model in here] == [REPOSITORY / "export" / name for name in names]


def test_models_config_has_every_other_model_of_a_paper_in_comments(tmp_path):
    text = (SERVING / "models.config").read_text()
    head, listed = text.split("model_config_list")
    active = re.findall(r'^ *name: "(\w+)"', listed, re.MULTILINE)
    assert active == ["dink"]  # the container waits for what is missing
    file = tmp_path / "models.config"
    file.write_text(head + "model_config_list" + re.sub(r"^# ", "  ", listed, flags=re.MULTILINE))
    here = {model.name: model.base_path for model in read_model_config(file, REPOSITORY / "export")}
    baselines = {name for name, spec in registry.models().items() if spec.baseline}
    assert here == {name: REPOSITORY / "export" / name for name in registry.models().keys() - baselines}


def test_monitoring_config_shows_metrics_where_tf_serving_has_them():
    config = read_text_proto(SERVING / "monitoring.config", MonitoringConfig())
    assert config.prometheus_config.enable
    assert config.prometheus_config.path == PATH


def test_batching_config_is_one_that_tf_serving_takes():
    config = text_format.Parse((SERVING / "batching.config").read_text(), BATCHING())
    sizes = list(config.allowed_batch_sizes)
    assert sizes == sorted(set(sizes)) and sizes[-1] == config.max_batch_size.value  # its own two demands
    assert config.num_batch_threads.value >= 1 and config.max_enqueued_batches.value >= 1
    assert not config.pad_variable_length_inputs  # would fill histories with items nobody took


def test_ssl_config_is_a_pattern_without_a_secret():
    config = read_text_proto(SERVING / "ssl.config", SSLConfig())
    for text in (config.server_key, config.server_cert, config.custom_ca):
        first, middle, last, _ = text.split("\n")
        assert first.startswith("-----BEGIN ") and last.startswith("-----END ")
        assert middle == "..."
    assert config.client_verify


def test_the_readmes_way_to_a_tls_server_and_client_works(pem, tmp_path):  # noqa: F811
    """The shell lines that turn PEM files into an ssl.config, as the page has them."""
    (script,) = re.findall(r"```sh\n(pem\(\).*?)```", README, re.DOTALL)
    for name in ("server.key", "server.pem", "ca.pem"):
        assert name in script
    subprocess.run(["sh", "-ec", script.replace("/etc/tfkgrec", str(tmp_path))], cwd=pem, check=True)
    config = tmp_path / "ssl.config"
    assert config.stat().st_mode & 0o077 == 0  # it holds the key
    assert read_text_proto(config, SSLConfig()).server_key == (pem / "server.key").read_text()
    tls = Tls(
        ca=pem / "ca.pem", certificate=pem / "client.pem", key=pem / "client.key", server_name="recommender.example"
    )
    with fake_server(Script(probabilities(0.5)), credentials=server_credentials(config)) as target:
        with Client(target, "toy", tls=tls) as client:
            assert client.score(["u"], ["i"]).tolist() == [0.5]
        with grpc.insecure_channel(target) as channel, pytest.raises(grpc.RpcError):
            channel.unary_unary("/x")(b"", timeout=2)


def test_the_image_is_the_official_one_of_our_tensorflow(service, pod):
    name, _, tag = service["image"].partition(":")
    assert name == "tensorflow/serving"
    wanted = re.search(r'"tensorflow-serving-api>=([\d.]+),', (REPOSITORY / "setup.py").read_text()).group(1)
    assert re.fullmatch(r"\d+\.\d+\.\d+", tag) and tag.startswith(f"{wanted}.")
    assert pod["spec"]["containers"][0]["image"] == service["image"]


def test_every_path_the_container_is_told_is_mounted_read_only(service, models):
    mounts = {}
    for volume in service["volumes"]:
        source, target, mode = volume.split(":")
        assert mode == "ro"
        assert (SERVING / source).resolve().exists()
        mounts[PurePosixPath(target)] = (SERVING / source).resolve()
    flags = flags_of(service["command"])
    files = {flag: path for flag, path in flags.items() if flag.endswith("_file")}
    assert files.keys() == {"--model_config_file", "--monitoring_config_file"}
    for path in files.values():
        assert mounts[PurePosixPath(path)] == SERVING / PurePosixPath(path).name
    for model in models:
        assert mounts[PurePosixPath(model.base_path).parent] == REPOSITORY / "export"


def test_the_ports_are_the_images_and_only_for_this_machine(service):
    assert service["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]


def test_the_pod_is_told_what_the_container_is_told(service, pod, models):
    (container,) = pod["spec"]["containers"]
    assert flags_of(container["args"]).keys() == flags_of(service["command"]).keys()
    mounts = {PurePosixPath(m["mountPath"]): m for m in container["volumeMounts"]}
    assert mounts[PurePosixPath("/models")]["readOnly"] and mounts[PurePosixPath("/config")]["readOnly"]
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    assert {mount["name"] for mount in mounts.values()} == volumes.keys()
    assert volumes["models"]["persistentVolumeClaim"]["readOnly"]
    # The config files come from this folder, through the command of the README.
    (made,) = re.findall(r"kubectl create configmap (\S+) (.*)", README)
    assert volumes["config"]["configMap"]["name"] == made[0]
    named = {Path(path).name for path in re.findall(r"--from-file=(\S+)", made[1])}
    told = [path for flag, path in flags_of(container["args"]).items() if flag.endswith("_file")]
    assert {PurePosixPath(path).name for path in told} == named
    assert all((SERVING / name).exists() for name in named)


def test_the_probes_ask_what_is_there(pod, models):
    (container,) = pod["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        (kind,) = {"tcpSocket", "httpGet", "grpc"} & container[probe].keys()
        assert container[probe][kind]["port"] in ports
    asked = container["readinessProbe"]["httpGet"]["path"]
    assert asked.removeprefix("/v1/models/") in {model.name for model in models}
    notes = pod["metadata"]["annotations"]
    assert (notes["prometheus.io/port"], notes["prometheus.io/path"]) == ("8501", PATH)


def test_kubernetes_objects_know_each_other(kubernetes, pod):
    assert kubernetes.keys() == {
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "PersistentVolumeClaim",
    }
    labels = pod["metadata"]["labels"]
    (deployment,), (scaler,) = kubernetes["Deployment"], kubernetes["HorizontalPodAutoscaler"]
    (budget,), (claim,) = kubernetes["PodDisruptionBudget"], kubernetes["PersistentVolumeClaim"]
    selectors = [deployment["spec"]["selector"]["matchLabels"], budget["spec"]["selector"]["matchLabels"]]
    selectors += [service["spec"]["selector"] for service in kubernetes["Service"]]
    assert all(selector.items() <= labels.items() for selector in selectors)
    ports = {port["name"] for port in pod["spec"]["containers"][0]["ports"]}
    assert all(port["targetPort"] in ports for service in kubernetes["Service"] for port in service["spec"]["ports"])
    target = scaler["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", deployment["metadata"]["name"])
    assert scaler["spec"]["minReplicas"] == deployment["spec"]["replicas"] > budget["spec"]["minAvailable"]
    claims = [v["persistentVolumeClaim"]["claimName"] for v in pod["spec"]["volumes"] if "persistentVolumeClaim" in v]
    assert claims == [claim["metadata"]["name"]]
    assert "cpu" in pod["spec"]["containers"][0]["resources"]["requests"]  # the scaler's measure is a share of it


def python_blocks():
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", python_blocks(), ids=["client", "asyncio", "stock stub"])
def test_the_readmes_client_examples_run(server, capsys, code):
    for there, here in (("localhost:8500", server.address), ('"dink"', '"toy"'), ("user-78", "u3"), ("film-304", "i6")):
        code = code.replace(there, here)
    exec(code, {})
    assert "film 6" in capsys.readouterr().out


def test_the_readme_names_flags_that_exist(capsys):
    known = set()
    for module, arguments in ((serve, ["--help"]), (benchmark, ["serving", "--help"])):
        with pytest.raises(SystemExit):
            module.main(arguments)
        known |= set(re.findall(r"--[a-z][a-z_-]*", capsys.readouterr().out))
    known |= {
        "--target",
        "--rest-target",
        "--model",
        "--user",
        "--item",
        "--k",
        "--history",
        "--config",
    }  # clients, pytest
    known |= {"--from-file"}  # kubectl
    known |= {"--enable_batching", "--batching_parameters_file", "--enable_grpc_healthcheck_service"}  # the container's
    assert set(re.findall(r"(?<![-\w])--[a-z][a-z_-]*", README)) <= known
