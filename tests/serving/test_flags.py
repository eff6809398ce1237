"""The flags of `tfkgrec serve`, in tensorflow_model_server's spelling and ours."""

import re

import pytest

from tfkgrec import serve
from tfkgrec.cli import run_main
from tfkgrec.errors import InputError
from tfkgrec.serving.flags import parser
from tfkgrec.serving.metrics import PATH
from tfkgrec.serving.monitoring import metrics_path

TF_SERVING = """
port grpc_socket_path grpc_max_threads rest_api_port rest_api_num_threads rest_api_timeout_in_ms
rest_api_enable_cors_support model_config_file model_config_file_poll_wait_seconds model_name model_base_path
file_system_poll_wait_seconds enable_model_warmup enable_signature_method_name_check
allow_version_labels_for_unavailable_models ssl_config_file monitoring_config_file tensorflow_intra_op_parallelism
tensorflow_inter_op_parallelism
""".split()


def parse(*arguments):
    return parser(serve.DEFAULT_CONFIG).parse_args(arguments)


def test_every_flag_may_be_spelled_with_an_underscore_or_a_dash():
    known = {option for action in parser(serve.DEFAULT_CONFIG)._actions for option in action.option_strings}
    assert {f"--{name}" for name in TF_SERVING} | {f"--{name.replace('_', '-')}" for name in TF_SERVING} <= known
    assert parse("--rest_api_port=8501").rest_api_port == parse("--rest-api-port", "8501").rest_api_port == 8501


def test_a_switch_is_turned_on_and_off_as_tf_serving_has_it():
    assert parse().enable_model_warmup is True
    assert parse("--enable_model_warmup=false").enable_model_warmup is False
    assert parse("--rest_api_enable_cors_support").rest_api_enable_cors_support is True
    with pytest.raises(SystemExit):
        parse("--enable_model_warmup=perhaps")


def test_no_rest_unless_a_port_is_named():
    assert serve._server_options(parse()).rest is None
    assert serve._server_options(parse("--rest_api_port=0")).rest is None  # as tensorflow_model_server has it
    assert serve._server_options(parse("--rest_api_port=free")).rest.port == 0
    rest = serve._server_options(parse("--rest_api_port=8501", "--rest_api_timeout_in_ms=5")).rest
    assert (rest.port, rest.timeout_ms, rest.metrics_path, rest.cors) == (8501, 5, None, False)


def test_the_monitoring_config_says_whether_and_where(tmp_path):
    file = tmp_path / "monitoring.config"
    for text, path in [
        ("", None),
        ("prometheus_config { enable: false }", None),
        ("prometheus_config { enable: true }", PATH),
        ('prometheus_config { enable: true path: "/metrics" }', "/metrics"),
    ]:
        file.write_text(text)
        assert metrics_path(file) == path
    rest = serve._server_options(parse("--rest_api_port=1", f"--monitoring_config_file={file}")).rest
    assert rest.metrics_path == "/metrics"
    file.write_text('prometheus_config { enable: true path: "metrics" }')
    with pytest.raises(InputError, match="expected a path from /"):
        metrics_path(file)


def test_labels_need_the_flag_at_the_start_as_tf_serving_has_it(exports, tmp_path, capsys):
    file = tmp_path / "models.config"
    file.write_text(
        f'model_config_list {{ config {{ name: "toy" base_path: "{exports}" model_platform: "tensorflow" '
        'version_labels { key: "stable" value: 1 } } }'
    )
    assert run_main(serve.main, ["--model_config_file", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(r"Request to assign label to version 1 of model toy, .* --allow_version_labels_for_unav", line)
    allowed = parse("--model_config_file", str(file), "--allow_version_labels_for_unavailable_models")
    assert [model.labels for model in serve._models(allowed)] == [{"stable": 1}]
