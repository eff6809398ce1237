"""A method from another package is a value of `pretraining.knowledge`, with nothing changed here."""

import re

import numpy as np
import pytest

from tests.planted import write_config
from tfkgrec import pretrain as command
from tfkgrec.cli import run_main
from tfkgrec.config import PretrainingConfig
from tfkgrec.errors import InputError
from tfkgrec.kge.methods import method_class
from tfkgrec.registry import kge_methods

GROUP = "tfkgrec.kge_methods"
SHIFT = """
import keras
from tfkgrec.kge.translation import Translation


@keras.saving.register_keras_serializable("outside")
class Shift(Translation):
    "TransE, squared."


SOMETHING = 3
"""


def test_it_is_learned_and_measured_like_ours(install_outside, tmp_path, capsys):
    install_outside(GROUP, "shift", "Shift", SHIFT)
    path = write_config(tmp_path, pretraining={"knowledge": "shift", "epochs": 2, "dim": 4, "batch_size": 256})
    assert run_main(command.main, ["--config", str(path), "--output", str(tmp_path / "v.npz")]) == 0
    assert re.search(r"^  shift +0\.\d+", capsys.readouterr().out, re.M)
    with np.load(tmp_path / "v.npz") as content:
        assert content["entity"].shape[1] == 4
    with pytest.raises(InputError, match=r"knowledge: expected one of (?=.*'shift').*'distmult'.*, found 'shifty'"):
        PretrainingConfig(knowledge="shifty")


def test_a_name_of_ours_stays_ours(install_outside):
    install_outside(GROUP, "transe", "Shift", SHIFT)
    assert method_class("transe").__module__ == "tfkgrec.kge.trans_e"


@pytest.mark.parametrize(
    ("attribute", "line"),
    [
        ("Lift", "expected the class outside_gone:Lift for 'gone', found: .*no attribute 'Lift'"),
        ("SOMETHING", "expected a KnowledgeModel at outside_gone:SOMETHING for 'gone', found 3"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_told(install_outside, attribute, line):
    install_outside(GROUP, "gone", attribute, SHIFT)
    assert kge_methods()["gone"] == f"outside_gone:{attribute}"
    with pytest.raises(InputError, match=line):
        method_class("gone")
