"""models.config: what TF Serving reads, and what it would not start on."""

from pathlib import Path

import pytest

from tfkgrec.errors import InputError
from tfkgrec.serving.lifecycle.model_config import read_model_config

GOOD = """# two models
model_config_list {
  config {
    name: "dink"
    base_path: "/models/dink"
    model_platform: "tensorflow"
  }
  config { name: "mf" base_path: "/srv/mf" model_platform: "tensorflow"
    model_version_policy { specific { versions: 3 versions: 4 } }
    version_labels { key: "stable" value: 3 }
  }
}
"""


@pytest.fixture
def read(tmp_path):
    def read_text(text):
        path = tmp_path / "models.config"
        path.write_text(text)
        return read_model_config(path, Path("/work/export"))

    return read_text


def test_models_policies_and_labels_are_read(read):
    dink, mf = read(GOOD)
    assert (dink.name, dink.base_path) == ("dink", Path("/work/export/dink"))
    assert dink.policy.WhichOneof("policy_choice") is None
    assert (mf.name, mf.base_path, mf.labels) == ("mf", Path("/srv/mf"), {"stable": 3})
    assert list(mf.policy.specific.versions) == [3, 4]


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ('name: "dink"', 'nme: "dink"', 4, 'has no field named "nme"'),
        ('name: "dink"', "name: dink", 4, "Expected string"),
        ('name: "dink"', "", 3, "expected name, found none"),
        ('name: "dink"', 'name: "mf"', 8, "Illegal to list model mf multiple times in config list"),
        ('"/models/dink"', '"export/dink"', 3, "to have an absolute path or URI; got base_path()=export/dink"),
        ('"/srv/mf"', '"gs://bucket/mf"', 8, "local folders, found base_path gs://bucket/mf"),
        ('model_platform: "tensorflow"\n  }', "}", 3, 'expected model_platform: "tensorflow", found ""'),
        ("  }\n}\n", "", 10, 'Expected "}"'),
        (GOOD, "", 1, "with a model, found none"),
    ],
)
def test_a_bad_file_is_one_line_that_says_where(read, old, new, line, text):
    with pytest.raises(InputError) as refused:
        read(GOOD.replace(old, new))
    message = str(refused.value)
    assert f"models.config:{line}: " in message and text in message and "\n" not in message


def test_a_missing_or_binary_file_is_one_line(tmp_path):
    with pytest.raises(InputError, match="readable model config file"):
        read_model_config(tmp_path / "none", tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="readable model config file"):
        read_model_config(tmp_path / "binary", tmp_path)
