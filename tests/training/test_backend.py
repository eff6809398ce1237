"""`training.jit_compile: auto` is what its comment says: XLA where it was measured to be faster."""

import pytest
import tensorflow as tf

from tests.cases.small_models import small_model
from tfkgrec import registry
from tfkgrec.config import TrainingConfig
from tfkgrec.training import xla_choice
from tfkgrec.training.backend import use_xla
from tfkgrec.training.trainer import make_task


@pytest.mark.parametrize(("kinds", "found"), [(["CPU"], False), (["CPU", "GPU"], True)], ids=["CPU", "CPU+GPU"])
def test_auto_is_what_was_faster_for_the_model_on_the_device(kinds, found, monkeypatch, tmp_path):
    devices = [tf.config.PhysicalDevice(f"/physical_device:{kind}:0", kind) for kind in kinds]
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind=None: [d for d in devices if kind in (None, d.device_type)]
    )
    monkeypatch.setattr(xla_choice, "CHOICES", tmp_path / "choices.json")
    xla_choice.CHOICES.write_text("{}")
    xla_choice.write_choices(
        {("gpu", "tfkgrec>MatrixFactorization"): True, ("cpu", "tfkgrec>MatrixFactorization"): False}
    )
    xla_choice.write_choices({("cpu", "tfkgrec>DINK"): True})  # what was there stays
    model = small_model("mf").model
    assert use_xla("auto", model) is found
    assert (use_xla(True, model), use_xla(False, model)) == (True, False)
    assert use_xla("auto", small_model("neumf").model) is use_xla("auto") is True  # nobody has measured these
    xla_choice._choices.cache_clear()


def test_what_was_measured_names_models_as_keras_does():
    known = {spec.keras_name for spec in registry.models().values()}
    for models in xla_choice._choices().values():
        assert set(models) <= known


@pytest.mark.parametrize(("asked", "compiled"), [("auto", True), (False, False)])
def test_a_step_is_compiled_where_auto_says_so(asked, compiled):
    """Also here, on a CPU, where Keras' own "auto" is no."""
    small = small_model("mf")
    task = make_task(small.protocol, small.model, TrainingConfig(jit_compile=asked), 0.1)
    assert task.jit_compile is compiled
