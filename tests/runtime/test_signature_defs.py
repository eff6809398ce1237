"""The signature definitions of an export, as TF Serving and saved_model_cli read them."""

import re
import shutil
import sys

import numpy as np
import pytest
import tensorflow as tf
from absl import flags
from tensorflow.core.protobuf import fingerprint_pb2, saved_model_pb2
from tensorflow.python.saved_model import fingerprinting_utils
from tensorflow.python.tools import saved_model_cli
from tensorflow_serving.apis import classification_pb2

from tests.toy import export_toy
from tfkgrec.errors import InputError
from tfkgrec.runtime.classify import classify
from tfkgrec.runtime.examples import example
from tfkgrec.runtime.servable import RuntimeOptions, Servable
from tfkgrec.runtime.signature_defs import read_signature_defs
from tfkgrec.runtime.status import ServingError
from tfkgrec.savedmodel.standard_ops import require_standard_ops


def test_method_names_are_set_and_classify_and_regress_share_their_input(exported_anew):
    signatures = read_signature_defs(exported_anew("hkrm"))
    methods = {
        name: signature.method_name.removeprefix("tensorflow/serving/") for name, signature in signatures.items()
    }
    assert methods == {
        "serving_default": "predict",
        "recommend": "predict",
        "recommend_for_history": "predict",
        "recommend_filtered": "predict",
        "recommend_filtered_for_history": "predict",
        "rank": "predict",
        "similar": "predict",
        "explain": "predict",
        "classify": "classify",
        "regress": "regress",
    }
    assert signatures["classify"].inputs["inputs"].name == signatures["regress"].inputs["inputs"].name


def test_python_reads_the_mended_file_too_and_its_fingerprint_fits(publish):
    path = publish(1)
    loaded = tf.saved_model.load(str(path)).signatures
    inputs = tf.constant([example({"user_id": "u1", "item_id": "i2"}).SerializeToString()])
    scores = loaded["classify"](inputs=inputs)["scores"].numpy()
    np.testing.assert_allclose(scores[0, 1], loaded["regress"](inputs=inputs)["outputs"].numpy()[0])
    written = checksum(path)
    fingerprinting_utils.write_fingerprint(str(path))
    assert checksum(path) == written


def checksum(path):
    content = (path / "fingerprint.pb").read_bytes()
    return fingerprint_pb2.FingerprintDef.FromString(content).saved_model_checksum


def test_saved_model_cli_shows_and_runs_an_export(exports, monkeypatch, capsys):
    """TensorFlow's own tool uses the session loader, as TF Serving does."""
    common = ["--dir", str(exports / "1"), "--tag_set", "serve", "--signature_def"]
    examples = 'inputs=[{"user_id":["u1"],"item_id":["i2"]}]'
    commands = [
        ["show", *common, "classify"],
        ["run", *common, "classify", "--input_examples", examples],
        ["run", *common, "recommend", "--input_exprs", 'user_id=["nobody"]'],
    ]
    for command in commands:
        monkeypatch.setattr(sys, "argv", ["saved_model_cli", *command])
        for name in flags.FLAGS:
            flags.FLAGS[name].unparse()  # absl's are the process's
        try:
            saved_model_cli.main()
        except SystemExit as ended:
            assert not ended.code
    shown = capsys.readouterr().out
    assert "Method name is: tensorflow/serving/classify" in shown
    assert "[[b'0' b'1']]" in shown
    assert re.search(r"Result for output key known_user:\n\[False\]", shown)
    assert re.search(r"Result for output key score:\n\[\[0\.\d+ ", shown)


def test_the_method_name_is_looked_at_only_where_that_is_asked_for(publish, tmp_path):
    path = publish(1)
    file = path / "saved_model.pb"
    message = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    message.meta_graphs[0].signature_def["classify"].method_name = "tensorflow/serving/predict"
    file.write_bytes(message.SerializeToString())
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name, request.model_spec.signature_name = "toy", "classify"
    request.input.example_list.examples.append(example({"user_id": "u1", "item_id": "i1"}))
    lenient, strict = (Servable("toy", 1, path, RuntimeOptions(check_method_names=check)) for check in (False, True))
    assert len(classify(lenient, request).result.classifications) == 1
    with pytest.raises(ServingError, match="to be tensorflow/serving/classify. Was: tensorflow/serving/predict"):
        classify(strict, request)
    lenient.close()
    strict.close()


def test_exports_hold_standard_operations_only(exported_anew, exports):
    require_standard_ops(exported_anew("hkrm"))
    require_standard_ops(exports / "1")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("python", "calls back into Python"),
        ("xla", "must be compiled by XLA"),
        ("custom", "is none of TensorFlow's"),
    ],
)
def test_what_tf_serving_cannot_run_is_refused(tmp_path, exports, kind, text):
    folder = tmp_path / "1"
    if kind == "custom":
        shutil.copytree(exports / "1", folder)
        file = folder / "saved_model.pb"
        message = saved_model_pb2.SavedModel.FromString(file.read_bytes())
        message.meta_graphs[0].graph_def.node.add(name="mine", op="MyOwnOperation")
        file.write_bytes(message.SerializeToString())
    else:
        module = tf.Module()
        specification = [tf.TensorSpec([None], tf.float32)]
        if kind == "python":
            call = tf.function(lambda x: tf.numpy_function(lambda y: y, [x], tf.float32), specification)
        else:
            call = tf.function(lambda x: inner(x) + 1, specification)
            inner = tf.function(lambda x: x * 2, jit_compile=True)
        tf.saved_model.save(module, str(folder), signatures={"serving_default": call})
    with pytest.raises(InputError, match=text):
        require_standard_ops(folder)


def test_a_run_that_takes_too_long_is_cancelled(tmp_path):
    path = export_toy(tmp_path / "toy", 1)
    servable = Servable("toy", 1, path, RuntimeOptions(run_timeout_ms=20_000))
    found = servable.run(
        "serving_default",
        {"user_id": np.array([b"u1"], object), "item_id": np.array([b"i1"], object)},
        ["probability"],
    )
    assert found["probability"].shape == (1,)
    servable.close()
    endless = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, name="x")])
    def call(x):
        return {"y": tf.while_loop(lambda i: i >= 0, lambda i: (i + 1) % 1000, [x[0]])[0]}

    tf.saved_model.save(endless, str(tmp_path / "endless"), signatures={"serving_default": call})
    servable = Servable("endless", 1, tmp_path / "endless", RuntimeOptions(run_timeout_ms=200))
    with pytest.raises(tf.errors.DeadlineExceededError):
        servable.run("serving_default", {"x": np.array([1])}, ["y"])
    servable.close()
