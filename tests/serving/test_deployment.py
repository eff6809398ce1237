"""serving/models.config and serving/docker-compose.yml say the same thing, in forms that TF Serving reads."""

import re
from pathlib import Path, PurePosixPath

import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tfkgrec import serve
from tfkgrec.serving.model_config import read_model_config

REPOSITORY = Path(__file__).parents[2]
SERVING = REPOSITORY / "serving"


@pytest.fixture(scope="module")
def models():
    text = (SERVING / "models.config").read_text()
    return text_format.Parse(text, model_server_config_pb2.ModelServerConfig()).model_config_list.config


@pytest.fixture(scope="module")
def service():
    (only,) = yaml.safe_load((SERVING / "docker-compose.yml").read_text())["services"].values()
    return only


def test_models_config_parses_and_maps_to_the_export_folder(models):
    assert [(model.name, model.model_platform) for model in models] == [("dink", "tensorflow")]
    here = read_model_config(SERVING / "models.config", REPOSITORY / "export")
    assert [model.base_path for model in here] == [REPOSITORY / "export" / "dink"]


def test_the_image_is_the_official_one_of_our_tensorflow(service):
    name, _, tag = service["image"].partition(":")
    assert name == "tensorflow/serving"
    wanted = re.search(r'"tensorflow-serving-api>=([\d.]+),', (REPOSITORY / "setup.py").read_text()).group(1)
    assert re.fullmatch(r"\d+\.\d+\.\d+", tag) and tag.startswith(f"{wanted}.")


def test_every_path_the_server_is_told_is_mounted_read_only(service, models):
    mounts = {}
    for volume in service["volumes"]:
        source, target, mode = volume.split(":")
        assert mode == "ro"
        assert (SERVING / source).resolve().exists()
        mounts[PurePosixPath(target)] = (SERVING / source).resolve()
    flags = dict(flag.split("=") for flag in service["command"])
    assert set(flags) == {"--model_config_file", "--file_system_poll_wait_seconds"}
    assert mounts[PurePosixPath(flags["--model_config_file"])] == SERVING / "models.config"
    for model in models:
        root = PurePosixPath(model.base_path).parent
        assert mounts[root] == REPOSITORY / "export"


def test_the_ports_are_the_images_and_only_for_this_machine(service):
    assert service["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]


def test_the_readmes_client_example_runs(server, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (SERVING / "README.md").read_text(), re.DOTALL)
    for there, here in (("localhost:8500", server.address), ('"dink"', '"toy"'), ("user-78", "u3")):
        assert there in code
        code = code.replace(there, here)
    exec(code, {})
    assert capsys.readouterr().out.startswith("[b'film 6', b'film 5', b''] [0.41")


def test_the_readme_names_flags_that_exist(capsys):
    with pytest.raises(SystemExit):
        serve.main(["--help"])
    known = set(re.findall(r"--[a-z][a-z_-]*", capsys.readouterr().out))
    commands = {"--target", "--model", "--user", "--item", "--k", "--history", "--config"}  # of the other commands
    named = set(re.findall(r"--[a-z][a-z_-]*", (SERVING / "README.md").read_text()))
    assert named - known == commands
