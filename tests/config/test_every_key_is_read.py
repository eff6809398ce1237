"""A key of a config is read by the run that it is in, or refused with its line before any data are read."""

import dataclasses
import inspect
from collections import defaultdict
from contextlib import contextmanager

import pytest

from tfkgrec import registry
from tfkgrec.config import Config, Section, build_config, load_config
from tfkgrec.errors import InputError
from tfkgrec.protocols.sequential import protocol as sequential
from tfkgrec.protocols.top_n import protocol as top_n
from tfkgrec.runs.cache import RunCache
from tfkgrec.runs.refit import final_fit
from tfkgrec.runs.run import evaluate_run, prepare
from tfkgrec.training.run_directory import RunDirectory
from tfkgrec.training.trainer import fit

PAIRS = [(model, protocol) for model, spec in registry.models().items() for protocol in spec.protocols]
CHEAPEST = {"ctr": "mf", "sequential": "ksr", "top_n": "mf"}
NEEDED = {"ksr": {"train_items": True, "train_knowledge": True, "min_relation_triples": 1, "history_length": 6}}
OF_FILES = {"data_dir", "knowledge_graph", "unlinked_items"}  # read with the public files, refused without a choice


def names(section: type[Section]) -> set[str]:
    return {field.name for field in dataclasses.fields(section)}


def settings(model: str, protocol: str, **training: object) -> dict:
    """The smallest config of a pair, as a file would have it."""
    own = {"name": model, **NEEDED.get(model, {})}
    world = {"users": 30, "items": 25, "positives_per_user": 8}
    data = {"dataset": "synthetic", "protocol": protocol, "synthetic": world, "k_core": 2}
    quick = {"epochs": 1, "batch_size": 64, "jit_compile": False, **training}
    return {"model": own, "data": data, "training": quick, "evaluation": {"floors": ["popularity"]}}


@contextmanager
def recorded():
    """Class name -> the settings of it that are read inside the `with`."""
    read: dict[str, set[str]] = defaultdict(set)

    def watch(self, name):
        if not name.startswith("_"):
            read[type(self).__name__].add(name)
        return object.__getattribute__(self, name)

    Section.__getattribute__ = watch
    try:
        yield read
    finally:
        del Section.__getattribute__


@pytest.mark.parametrize("protocol", CHEAPEST)
def test_a_run_reads_every_key_of_its_protocol(protocol, monkeypatch, tmp_path):
    """With all baselines of the protocol; of those that are learned, an epoch."""
    for module in (sequential, top_n):
        monkeypatch.setattr(module, "BPR", dataclasses.replace(module.BPR, item_epochs=1))
    config = build_config(settings(CHEAPEST[protocol], protocol))
    with recorded() as read:
        prepared = prepare(config)
        model = prepared.model(config)
        fit(model, prepared.protocol, config.training, RunDirectory(tmp_path / "run"), verbose=False)
        prepared.protocol.finalize(model)
        evaluate_run(config, prepared, model, {}, RunCache())
        final_fit(config, RunDirectory(tmp_path), prepared, model)
    for section in (config.training, config.evaluation, config.data.split):
        missing = names(type(section)) - read[type(section).__name__]
        assert not missing, f"{type(section).__name__}: nothing reads {missing}"
    missing = names(type(config.data)) - read["DataConfig"] - OF_FILES
    assert not missing, f"DataConfig: nothing reads {missing}"


@pytest.mark.parametrize(("model", "protocol"), PAIRS)
def test_a_builder_takes_every_key_of_its_model(model, protocol):
    """Hyperparameters are handed over by name, so the constructor (or the builder) must know each of them."""
    config = build_config(settings(model, protocol))
    with recorded() as read:
        built = prepare(config).model(config)
    assert names(type(config.model)) - {"name"} <= read[type(config.model).__name__]
    assert built.built


def foreign_keys(protocol: str) -> list[tuple[str, str, str]]:
    """(section, key, protocol that has it) of what the other protocols read and this one does not."""
    own = registry.protocol(protocol)
    found = []
    for section, part in (("training", "training"), ("evaluation", "evaluation"), ("data", "split")):
        for other in registry.protocols().values():
            new = names(getattr(other, part)) - names(getattr(own, part))
            found += [(section, key, other.name) for key in sorted(new)]
    return found


@pytest.mark.parametrize(("model", "protocol"), PAIRS)
def test_keys_of_other_protocols_are_refused_with_their_place(model, protocol, tmp_path):
    foreign = foreign_keys(protocol)
    assert foreign  # each protocol has keys of its own
    for section, key, other in foreign:
        override = f"{section}.{key}=true"
        with pytest.raises(InputError) as error:
            build_config(settings(model, protocol), [override])
        line = str(error.value)
        assert line.startswith(f"--set {override}: {section}.{key}: expected only with data.protocol")
        assert other in line
        assert line.endswith(f"found data.protocol {protocol}")


def test_a_file_is_named_with_its_line(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("model: {name: dink}\ndata:\n  dataset: synthetic\n  next: session\n")
    with pytest.raises(InputError, match=r"config\.yaml:4: data\.next: expected only with data\.protocol sequential"):
        load_config(path)


@pytest.mark.parametrize("model", registry.models())
def test_stages_and_vectors_that_a_model_would_not_take_are_refused(model):
    spec = registry.models()[model]
    raw = settings(model, spec.protocols[0])
    if spec.stages < 2:
        with pytest.raises(InputError, match="training.first_stage: expected null for model"):
            build_config(raw, ["training.first_stage.epochs=2"])
    else:
        assert build_config(raw, ["training.first_stage.epochs=2"]).training.first_stage.epochs == 2
    for part, method in (("knowledge", "transe"), ("items", "bpr")):
        override = f"pretraining.{part}={method}"
        if part in spec.takes_vectors:
            assert getattr(build_config(raw, [override]).pretraining, part) == method
        else:
            with pytest.raises(InputError, match=f"--set {override}.*pretraining.*: expected null for model {model}"):
                build_config(raw, [override])


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("training.predict=later", r"training\.predict: expected its new name training\.target \(next \| any_future\)"),
        (
            "training.negatives_from=liked",
            r"expected its new name training\.negative_pool \(catalogue \| train_positiv",
        ),
        ("data.columns.user=u", "data.columns: expected only with dataset: files, found dataset: synthetic"),
    ],
)
def test_old_names_and_other_datasets_are_told(override, line):
    with pytest.raises(InputError, match=line):
        build_config(settings("dink", "ctr"), [override])


def test_letters_are_understood():
    for letter, name in (("C", "ctr"), ("R", "top_n")):
        assert build_config(settings("mf", letter)).data.protocol == name
    assert build_config(settings("ksr", "S")).data.protocol == "sequential"


@pytest.mark.parametrize("model", registry.models())
def test_every_default_stands_in_one_place(model):
    """A constructor has no default of its own that differs from the settings'."""
    spec = registry.models()[model]
    config = build_config(settings(model, spec.protocols[0]))
    built = prepare(config).model(config)
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(type(built).__init__).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    plain = {field.name: field.default for field in dataclasses.fields(spec.settings)}
    different = {name for name, value in defaults.items() if name in plain and value != plain[name]}
    assert not different


def test_the_record_sees_what_is_read():
    """The teeth of this file: a key that nobody touches is missed."""
    config = build_config(settings("mf", "ctr"))
    with recorded() as read:
        assert config.training.epochs == 1
    assert read["CtrTraining"] == {"epochs"}
    assert isinstance(config, Config)
