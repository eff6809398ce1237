"""What the registry promises of every model, protocol and dataset; the cases (tests/cases/) ask what they do."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import keras
import pytest

import tfkgrec
from tests.outside import installed_package
from tfkgrec import registry
from tfkgrec.config import EvaluationConfig, ModelSettings, Section, TrainingConfig
from tfkgrec.errors import InputError

ROOT = Path(tfkgrec.__file__).parent
CONFIGS = ROOT.parent / "configs"
GROUPS = {"models": registry.models, "protocols": registry.protocols, "datasets": registry.datasets}
MAY_BE_EMPTY = {  # group -> fields that a spec may leave away
    "models": {"citation", "explain_text", "ablations", "paper_ablations", "speed_preset", "baseline", "takes_vectors"}
    | {"whole_histories", "defaults", "by_data", "presets", "needs_facts", "side_table"}
    | {"stages", "grow"},  # none: of a sum of parts
    "protocols": {"aliases", "own_candidates", "any_rating", "k_core", "own_test", "weighted", "sharded"},
    "datasets": {"graphs", "settings", "synthetic", "citation", "dataset", "splits"},
}


def folders(group: str) -> dict[str, ModuleType]:
    found = [path.parent.name for path in (ROOT / group).glob("*/__init__.py")]
    packages = {name: import_module(f"tfkgrec.{group}.{name}") for name in found}
    return {name: package for name, package in packages.items() if hasattr(package, "SPEC")}


def specs() -> list[tuple[str, registry.Spec]]:
    return [(group, spec) for group, known in GROUPS.items() for spec in known().values()]


everyone = pytest.mark.parametrize(("group", "spec"), specs(), ids=lambda value: getattr(value, "name", value))


@pytest.mark.parametrize("group", GROUPS)
def test_every_folder_declares_itself_and_is_found(group):
    """A dataset's folder is a Python name, its own may not be one: "ml-1m" is in movielens_1m."""
    declared, known = folders(group), GROUPS[group]()
    assert sorted(package.SPEC.name for package in declared.values()) == sorted(known)
    for folder, package in declared.items():
        assert known[package.SPEC.name] is package.SPEC
        assert package.SPEC.name == folder or group == "datasets"


@everyone
def test_every_field_is_filled(group, spec):
    for name, value in vars(spec).items():
        assert value or name in MAY_BE_EMPTY[group], name
    assert spec.name == spec.name.strip().lower()


@pytest.mark.parametrize("spec", registry.models().values(), ids=registry.models())
def test_keras_knows_a_model_by_its_name(spec):
    """So that `keras.models.load_model` reads its runs (tests/test_keras_names.py)."""
    registry.load(spec.build)
    assert keras.saving.get_registered_object(spec.keras_name).__module__ == f"tfkgrec.models.{spec.name}.model"


@everyone
def test_paths_lead_to_something_that_can_be_called(group, spec):
    paths = [value for value in vars(spec).values() if isinstance(value, str) and value.startswith("tfkgrec.")]
    assert paths
    for path in paths:
        assert callable(registry.load(path)), path
        assert path.partition(":")[0].startswith(f"tfkgrec.{group}.")  # one folder holds all of it


@everyone
def test_settings_are_sections_with_defaults(group, spec):
    kinds = {"settings": Section, "training": TrainingConfig, "evaluation": EvaluationConfig, "split": Section}
    kinds |= {"settings": ModelSettings} if group == "models" else {}
    for name, kind in kinds.items():
        if getattr(spec, name, None) is not None:
            assert issubclass(getattr(spec, name), kind), name
    if group == "models":
        assert spec.settings().name == spec.name


@pytest.mark.parametrize("group", GROUPS)
def test_titles_and_names_are_nobody_elses(group):
    known = GROUPS[group]()
    assert len({spec.title for spec in known.values()}) == len(known)
    words = [word for spec in known.values() for word in (spec.name, *getattr(spec, "aliases", ()))]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("name", registry.models())
def test_a_models_protocols_stages_and_configs_are_there(name):
    spec = registry.model(name)
    assert set(spec.protocols) <= set(registry.protocols())
    assert set(spec.takes_vectors) <= {"knowledge", "items"}
    assert not set(spec.ablations) & set(spec.paper_ablations)
    assert spec.citation is not None and spec.citation.title in str(spec.citation)
    if not spec.baseline:
        assert list((CONFIGS / name).glob("*.yaml"))


def test_an_entry_point_that_is_none_is_told_in_one_line(tmp_path):
    wrong = {
        "outside_missing": ("outside_missing:SPEC", "expected outside_missing:SPEC to be importable, found Attribute"),
        "outside_other": ("outside_other:SPEC", "expected a ModelSpec, found 3"),
        "outside_twice": ("outside_twice:SPEC", "expected a new name, found another mf"),
    }
    texts = {
        "outside_missing": "",
        "outside_other": "SPEC = 3\n",
        "outside_twice": "from tfkgrec.models.mf import SPEC\n",
    }
    for package, (path, line) in wrong.items():
        folder = tmp_path / package
        folder.mkdir()
        points = {"tfkgrec.models": {"mine": path}}
        with installed_package(folder, package, {"__init__.py": texts[package]}, points):
            with pytest.raises(InputError) as found:
                registry.models()
        assert str(found.value).startswith("entry point mine of tfkgrec.models: ")
        assert line in str(found.value) and "\n" not in str(found.value)
    assert "mf" in registry.models()


@pytest.mark.parametrize("look", [registry.model, registry.protocol, registry.dataset])
def test_a_name_that_nobody_has_is_told_with_those_there_are(look):
    with pytest.raises(InputError, match=r"^\S+: expected one of '.*', found 'nobody'$"):
        look("nobody")
