"""Settings: reading, overriding, refusing, writing back, and that none is accepted and then ignored."""

import dataclasses
from pathlib import Path

import pytest
import yaml

from tfkgrec import registry
from tfkgrec.config import Config, DataConfig, PretrainingConfig, Section, load_config
from tfkgrec.datasets.own_files.settings import ColumnsConfig, FilesSettings
from tfkgrec.errors import InputError
from tfkgrec.models.dink.settings import DinkSettings
from tfkgrec.models.mf.settings import MfSettings
from tfkgrec.models.rkan.settings import RkanSettings
from tfkgrec.protocols.ctr.settings import CtrTraining
from tfkgrec.protocols.top_n.settings import TopNTraining

MODELS = ", ".join(repr(name) for name in sorted(registry.models()))
SMALL = """\
model: {name: dink, dim: 8}
data:
  dataset: lastfm
training:
  epochs: 3
  learning_rate: 1e-2
"""
OWN_FILES = """\
model: {name: mf}
data:
  dataset: files
  interactions: ratings.csv
  triples: kg/triples.tsv
"""


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "c.yaml"
        path.write_text(text)
        return path

    return write


def test_reads_values_and_defaults(write):
    config = load_config(write(SMALL))
    assert config.model == DinkSettings(dim=8)
    of_dink = registry.model("dink").defaults["training"]
    assert config.training == CtrTraining(**{**of_dink, "epochs": 3, "learning_rate": 0.01})  # YAML 1.1: 1e-2 is text
    assert config.data == DataConfig("lastfm", protocol="ctr", knowledge_graph=None, unlinked_items="drop")
    assert config.evaluation.floors == ("popularity", "item_knn", "mf")
    assert config.export.k_max == 100


@pytest.mark.parametrize(
    ("override", "section", "key", "expected"),
    [
        ("training.learning_rate=1e-3", "training", "learning_rate", 0.001),
        ("training.learning_rate=1", "training", "learning_rate", 1.0),
        ("training.jit_compile=true", "training", "jit_compile", True),
        ("training.jit_compile=auto", "training", "jit_compile", "auto"),
        ("model.item_bias=true", "model", "item_bias", True),
        ("model.dim = 1_024", "model", "dim", 1024),
        ("model.aggregator=none", "model", "aggregator", "none"),
        ("evaluation.floors=[mf, popularity]", "evaluation", "floors", ("mf", "popularity")),
        ("evaluation.floors=[]", "evaluation", "floors", ()),
        ("data.knowledge_graph=null", "data", "knowledge_graph", None),
        ("data.knowledge_graph=", "data", "knowledge_graph", None),
    ],
)
def test_override_is_read_by_the_fields_type(write, override, section, key, expected):
    value = getattr(getattr(load_config(write(SMALL), [override]), section), key)
    assert value == expected
    assert type(value) is type(expected)


def test_override_of_text_stays_text_and_the_last_one_wins(write):
    config = load_config(
        write(OWN_FILES), ["data.columns.user=7", "data.columns.item=a=b", "model.dim=2", "model.dim=3"]
    )
    assert config.data.source.columns == ColumnsConfig(user="7", item="a=b")
    assert config.model == MfSettings(dim=3)


def test_override_can_create_a_section_and_switch_the_dataset(write):
    config = load_config(write(SMALL), ["export.k_max=5", "data.dataset=ml-1m", "published.auc=0.929"])
    assert config.export.k_max == 5
    assert config.data.knowledge_graph == "satori-mkr"  # the dataset's first
    assert config.published == {"auc": 0.929}


def test_an_empty_section_is_its_defaults(write):
    assert load_config(write(SMALL + "export:\nevaluation: {}\n")).export.k_max == 100


def test_words_that_yaml_1_1_mistakes_stay_text(write):
    config = load_config(write(OWN_FILES + "  columns: {user: no, item: 10:30, rating: on, timestamp: 2020-01-01}\n"))
    assert config.data.source.columns == ColumnsConfig("no", "10:30", "on", "2020-01-01")


# ---------------------------------------------------------------------------------------------------------------------
# refusals: text to put in, and the whole line that comes out ({file} stands for the path)


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("training.epoch=3", "training.epoch: expected a known key; the nearest is training.epochs"),
        ("data.seed=3", "data.seed: expected a known key; the nearest is training.seed"),
        ("modle.dim=3", "modle: expected a known key; the nearest is model"),
        ("training.epochs=0", "training.epochs: expected an integer >= 1, found 0"),
        ("training.epochs=2.0", "training.epochs: expected an integer >= 1, found 2.0"),
        ("training.epochs=many", "training.epochs: expected an integer >= 1, found many"),
        ("training.epochs=true", "training.epochs: expected an integer >= 1, found true"),
        ("training.epochs=", "training.epochs: expected an integer >= 1, found nothing"),
        ("model.dim=-4", "model.dim: expected an integer >= 1, found -4"),
        ("model.dim.x=4", "model.dim: expected settings under it, found a value"),
        ("training.learning_rate=0", "training.learning_rate: expected a number > 0 and <= 10, found 0"),
        ("training.learning_rate=.nan", "training.learning_rate: expected a number > 0 and <= 10, found .nan"),
        ("training.learning_rate=1e999", "training.learning_rate: expected a number > 0 and <= 10, found 1e999"),
        (
            "training.unknown_user_rate=1.5",
            "training.unknown_user_rate: expected a number >= 0 and <= 1, found 1.5",
        ),
        ("model.item_bias=yes", "model.item_bias: expected true or false, found yes"),
        ("model.item_bias=1", "model.item_bias: expected true or false, found 1"),
        ("training.jit_compile=on", "training.jit_compile: expected 'auto' or true or false, found on"),
        (
            "model.aggregator=att",
            "model.aggregator: expected one of 'sum', 'concat', 'attention', 'none', found att",
        ),
        (
            "evaluation.floors=[popularity, knn]",
            "evaluation.floors: expected some of popularity, item_knn, mf with data.protocol ctr, found knn",
        ),
        (
            "model.name=din",
            f"model.name: expected one of {MODELS}, found din",
        ),
        (
            "model.name=[dink]",
            f"model.name: expected one of {MODELS}, found [dink]",
        ),
        ("model=dink", "model: expected settings as `key: value`, found dink"),
        ("data.protocol=Q", "data.protocol: expected one of 'ctr', 'sequential', 'top_n', found Q"),
        ("data.knowledge_graph=dbpedia", "data.knowledge_graph: expected null for dataset lastfm, found 'dbpedia'"),
        (
            "data.triples=x.tsv",
            "data.triples: expected only with dataset: files, found dataset: lastfm",
        ),
        (
            "training.batch_size=4",
            "training.batch_size: expected at least training.items_per_user, found 4 < 8",
        ),
        ("training.epochs", "expected section.key=value"),
        ("=3", "expected section.key=value"),
        ("training..epochs=3", "expected section.key=value"),
    ],
)
def test_bad_override_is_one_line(write, override, line):
    with pytest.raises(InputError) as caught:
        load_config(write(SMALL), [override])
    assert str(caught.value) == f"--set {override}: {line}"


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("training.negatives=fixed", "expected catalogue with negatives: fixed, found train_positives"),
        ("data.protocol=R", "expected only with data.protocol ctr, found data.protocol top_n"),
    ],
)
def test_negatives_come_from_train_positives_only_where_they_are_drawn(write, override, problem):
    with pytest.raises(InputError, match=rf": training\.negative_pool: {problem}$"):
        load_config(write(SMALL), [override, "training.negative_pool=train_positives"])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            SMALL.replace("epochs", "epoch"),
            "{file}:5: training.epoch: expected a known key; the nearest is training.epochs",
        ),
        (SMALL.replace("3", "0"), "{file}:5: training.epochs: expected an integer >= 1, found 0"),
        (SMALL.replace("3", "'3'"), "{file}:5: training.epochs: expected an integer >= 1, found '3'"),
        (SMALL.replace("dim: 8", "dim: -8"), "{file}:1: model.dim: expected an integer >= 1, found -8"),
        (SMALL + "  epochs: 4\n", "{file}:7: training.epochs: expected once, found on line 5 too"),
        (SMALL + "data: {}\n", "{file}:7: data: expected once, found on line 2 too"),
        (
            SMALL.replace("lastfm", "lastfn"),
            "{file}:3: data.dataset: expected one of 'book-crossing', 'lastfm', 'ml-100k', "
            "'ml-100k-rkge', 'ml-1m', 'files', 'prepared', 'synthetic', found 'lastfn'",
        ),
        (
            SMALL.replace("name: dink, ", ""),
            f"{{file}}:1: model.name: expected one of {MODELS}, found nothing",
        ),
        (
            SMALL.replace("lastfm", "ml-1m\n  knowledge_graph: 7"),
            "{file}:4: data.knowledge_graph: expected text or null, found 7",
        ),
        (
            SMALL.replace("lastfm", "ml-1m\n  knowledge_graph: wikidata"),
            "{file}:4: data.knowledge_graph: expected one of 'satori-mkr', 'freebase', 'dbpedia', 'imdb' "
            "for dataset ml-1m, found 'wikidata'",
        ),
        ("model: {name: mf}\n", "{file}: data: expected this section, found nothing"),
        ("model: {name: mf}\ndata:\n", "{file}:2: data: expected this section, found nothing"),
        (
            SMALL.replace("lastfm", "lastfm\n  protocol: [C]"),
            "{file}:4: data.protocol: expected one of 'ctr', 'sequential', 'top_n', found ['C']",
        ),
        (
            "model: {name: mf}\ndata: {protocol: C}\n",
            "{file}:2: data.dataset: expected one of 'book-crossing', 'lastfm', 'ml-100k', "
            "'ml-100k-rkge', 'ml-1m', 'files', 'prepared', 'synthetic', found nothing",
        ),
        ("", "{file}: model: expected this section, found nothing"),
        ("- model\n", "{file}: expected sections (model, data, ...), found ['model']"),
        (
            OWN_FILES.replace("interactions", "item_links"),
            "{file}:2: data.interactions: expected a path with dataset: files, found none",
        ),
        (
            OWN_FILES + "  positive_at: 4\n",
            "{file}:6: data.positive_at: expected columns.rating beside it, found none",
        ),
        (
            OWN_FILES + "  columns: {users: u}\n",
            "{file}:6: data.columns.users: expected a known key; the nearest is data.columns.user",
        ),
        (
            SMALL + "comments: one\n",
            "{file}:7: comments: expected a list of text, found 'one'",
        ),
        (
            SMALL + "7: x\n",
            "{file}:7: 7: expected a known key"
            " (model, data, pretraining, training, evaluation, export, published, comments)",
        ),
    ],
)
def test_bad_file_is_one_line_with_file_and_line(write, text, line):
    path = write(text)
    with pytest.raises(InputError) as caught:
        load_config(path)
    assert str(caught.value) == line.format(file=path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("model: {name: dink\ndata: x\n", 2),
        ("model:\n\tname: dink\n", 2),
        ("model: &m {a: *n}\n", 1),
        ("model: {[a]: {b: 1}}\n? {c: d}\n: e\n", 2),
    ],
)
def test_yaml_syntax_error_is_one_line_with_its_number(write, text, line):
    path = write(text)
    with pytest.raises(InputError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}:{line}: expected YAML, found: ")
    assert "\n" not in str(caught.value)


def test_unreadable_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml: expected a config file, found: No such file"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="expected a config file, found: Is a directory"):
        load_config(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"model: \xe9\n")
    with pytest.raises(InputError, match=r"latin\.yaml: expected UTF-8 text, found byte 0xe9"):
        load_config(tmp_path / "latin.yaml")
    (tmp_path / "nul.yaml").write_bytes(b"model: \0\n")
    with pytest.raises(InputError, match=r"nul\.yaml: expected YAML, found: [^\n]+$"):
        load_config(tmp_path / "nul.yaml")
    (tmp_path / "tag.yaml").write_text("model: !!int ten\n")
    with pytest.raises(InputError, match=r"tag\.yaml: expected YAML, found: [^\n]+$"):
        load_config(tmp_path / "tag.yaml")


def test_an_alias_to_a_mapping_around_it_is_refused(write):
    with pytest.raises(InputError, match=r":1: model\.aggregator: expected one of"):
        load_config(write("model: &m {name: dink, aggregator: *m}\ndata: {dataset: lastfm}\n"))


def test_made_in_python_the_same_checks_hold():
    with pytest.raises(InputError, match="^dim: expected an integer >= 1, found -1$"):
        DinkSettings(dim=-1)
    with pytest.raises(InputError, match="^model: expected ModelSettings, found"):
        Config(model={"name": "dink"}, data=DataConfig("lastfm"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        DinkSettings().dim = 3


def test_each_limit_is_kept_at_its_edge():
    """Every declared limit: the limit itself (or just inside) is taken, just outside is refused."""
    checked = 0
    needed = {
        DataConfig: {"dataset": "lastfm"},
        CtrTraining: {"items_per_user": 1},
        TopNTraining: {"items_per_user": 2},
        PretrainingConfig: {"items": "bpr"},
        FilesSettings: {"interactions": "ratings.csv"},
        RkanSettings: {"score": "embedding", "inner_product_in_logit": True},
    }
    for cls in _sections():
        given = needed.get(cls, {})
        for spec in dataclasses.fields(cls):
            step = 1 if isinstance(spec.default, int) else 1e-9
            for name, limit in spec.metadata.items():
                if name == "chosen" or (cls, spec.name) == (TopNTraining, "batch_size"):  # 2, as items_per_user
                    continue
                inside = {"min": 0, "max": 0, "above": step, "below": -step}[name]
                outside = {"min": -step, "max": step, "above": 0, "below": 0}[name]
                cls(**{**given, spec.name: limit + inside})
                with pytest.raises(InputError, match=f"^{spec.name}: expected "):
                    cls(**{**given, spec.name: limit + outside})
                checked += 1
    assert checked > 10


# ---------------------------------------------------------------------------------------------------------------------
# paths, writing back


def test_pretraining_is_off_until_asked_for_and_can_be_put_off_again(write):
    plain = "model: {name: hkrm}\ndata: {dataset: lastfm}\n"
    assert load_config(write(plain)).pretraining is None
    asked = plain + "pretraining: {knowledge: transe, epochs: 3}\n"
    config = load_config(write(asked))
    assert (config.pretraining.knowledge, config.pretraining.epochs, config.pretraining.items) == ("transe", 3, None)
    assert load_config(write(config.to_yaml())) == config
    assert load_config(write(asked), ["pretraining=null"]).pretraining is None


def test_vectors_count_from_the_config_file_even_with_a_data_dir(write, tmp_path):
    path = write("model: {name: hkrm}\ndata: {dataset: lastfm}\npretraining: {vectors: made/v.npz}\n")
    for data_dir in (None, tmp_path / "elsewhere"):
        assert load_config(path, data_dir=data_dir).pretraining.vectors == path.parent.resolve() / "made/v.npz"


def test_relative_paths_count_from_the_config_file_or_from_data_dir(write, tmp_path, monkeypatch):
    path = write(OWN_FILES + "  item_links: /abs/links.csv\n")
    monkeypatch.chdir("/")
    data = load_config(path).data
    assert (data.source.interactions, data.source.triples) == (tmp_path / "ratings.csv", tmp_path / "kg/triples.tsv")
    assert data.source.item_links == Path("/abs/links.csv")
    assert data.data_dir is None
    monkeypatch.chdir(tmp_path)
    data = load_config(path, data_dir="elsewhere").data
    assert data.source.triples == tmp_path / "elsewhere/kg/triples.tsv"
    assert data.data_dir == tmp_path / "elsewhere"


def test_resolved_config_comes_back_equal_from_another_folder(write, tmp_path):
    text = OWN_FILES + (
        "  columns: {user: '7', item: 'yes', rating: '1e-3', timestamp: 'null'}\n  positive_at: 4\n"
        "training: {jit_compile: false, learning_rate: 3e-5}\npublished: {auc: 0.817, of: 'Table 3'}\n"
        "comments: ['a: b # c', 'é', '1e5']\n"
    )
    for config in (load_config(write(text)), load_config(write(SMALL), data_dir=tmp_path)):
        run = tmp_path / "runs" / config.model.name
        run.mkdir(parents=True)
        (run / "config.yaml").write_text(config.to_yaml())
        assert load_config(run / "config.yaml") == config
        assert yaml.safe_load(config.to_yaml()).keys() == config.to_dict().keys()  # any YAML reader can


# ---------------------------------------------------------------------------------------------------------------------
# no setting without an effect


def _sections() -> list[type[Section]]:
    """Every settings class of the package: the engine's, and those of all models, protocols and datasets."""
    for look in (registry.models, registry.protocols, registry.datasets):
        look()  # imports them, and so makes them subclasses
    found: list[type[Section]] = [Section]
    for cls in found:  # which grows
        found += [sub for sub in cls.__subclasses__() if sub.__module__.startswith("tfkgrec.")]
    assert {CtrTraining, TopNTraining, DinkSettings, FilesSettings, PretrainingConfig} < set(found)
    return found[1:]


def test_every_model_setting_has_the_models_default_and_name():
    assert {name: spec.settings().name for name, spec in registry.models().items()} == {
        name: name for name in registry.models()
    }
