"""`training.jit_compile: auto` is what its comment says: XLA, on every device."""

import inspect

import pytest
import tensorflow as tf

from tests.cases.small_models import small_model
from tfkgrec.config import TrainingConfig
from tfkgrec.config import training as settings
from tfkgrec.training.backend import use_xla
from tfkgrec.training.trainer import make_task


@pytest.mark.parametrize("kinds", [["CPU"], ["CPU", "GPU"]], ids="+".join)
def test_auto_is_yes_on_every_device_and_the_comment_says_so(kinds, monkeypatch):
    devices = [tf.config.PhysicalDevice(f"/physical_device:{kind}:0", kind) for kind in kinds]
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind=None: [d for d in devices if kind in (None, d.device_type)]
    )
    assert use_xla("auto") is True
    assert (use_xla(True), use_xla(False)) == (True, False)
    (line,) = [line for line in inspect.getsource(settings).splitlines() if " jit_compile:" in line]
    assert TrainingConfig().jit_compile == "auto" and "auto: yes, on every device" in line


@pytest.mark.parametrize(("asked", "compiled"), [("auto", True), (False, False)])
def test_a_step_is_compiled_where_auto_says_so(asked, compiled):
    """Also here, on a CPU, where Keras' own "auto" is no."""
    small = small_model("mf")
    task = make_task(small.protocol, small.model, TrainingConfig(jit_compile=asked), 0.1)
    assert task.jit_compile is compiled
