"""`import tfkgrec` tells Keras the models' names, whichever of the two is imported first.

That their files can then be read, without another import, is asked of every model in tests/cases/run_on_jax.py.
"""

import os
import subprocess
import sys

import keras
import pytest

from tfkgrec import keras_names, registry

NAME = "tfkgrec>MatrixFactorization"
FAKE = """
class saving:
    known = {}
    get_custom_objects = staticmethod(lambda: saving.known)
"""


@pytest.mark.parametrize("order", [["tfkgrec", "keras"], ["keras", "tfkgrec"]], ids=" then ".join)
def test_names_are_there_once_both_are(tmp_path, order):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras/__init__.py").write_text(FAKE)
    first, second = order
    script = (
        f"import {first}, sys; assert '{second}' not in sys.modules; import {second}, keras; print(*keras.saving.known)"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {spec.keras_name for spec in registry.models().values()}


def test_a_class_that_is_there_stays_and_a_stand_in_gives_way_to_it(monkeypatch):
    registry.load(registry.model("mf").build)
    known = keras.saving.get_custom_objects()
    there = known[NAME]
    keras_names.register_models()
    assert known[NAME] is there
    monkeypatch.setattr(registry, "load", lambda path: known.update({NAME: there}))
    known[NAME] = keras_names.StandIn(registry.model("mf"))
    config = {"sizes": {"num_users": 3, "num_items": 4}, "dim": 2, "item_bias": True, "l2": 0.0}
    assert isinstance(known[NAME].from_config(config), there)
    assert known[NAME] is there
