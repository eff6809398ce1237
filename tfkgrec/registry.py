"""What there is: models, protocols and datasets, each declared in its own folder, or in a package of somebody else's.

A folder of `tfkgrec/models/`, `tfkgrec/protocols/` or `tfkgrec/datasets/` has a `SPEC` in its `__init__`; another
package offers one as an entry point of the group of that name:

    [project.entry-points."tfkgrec.models"]
    popular = "popular_model:SPEC"

A spec names what is heavy as "module:function", so that looking costs no Keras: `--help`, the config loader and the
client read specs, and `load` imports what is really used.
"""

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from tfkgrec.errors import InputError

if TYPE_CHECKING:
    from tfkgrec.config import EvaluationConfig, ModelSettings, Section, TrainingConfig

Overrides = tuple[str, ...]
"""Settings as `--set` takes them: ("model.aggregator=sum", "model.dim=8")."""

Settings = Mapping[str, Mapping[str, object]]
"""Part of a config: section -> key -> value, as YAML would have it."""


@dataclass(frozen=True)
class Citation:
    """Where something was published; None where nobody knows."""

    authors: str
    title: str
    venue: str | None = None
    year: int | None = None
    doi: str | None = None

    def __str__(self) -> str:
        where = " ".join(str(part) for part in (self.venue, self.year) if part)
        link = f"https://doi.org/{self.doi}" if self.doi else ""
        return ". ".join(part for part in (self.authors, self.title, where, link) if part)


@dataclass(frozen=True)
class ModelSpec:
    """A model.

    Attributes:
        name: in `model.name`, of configs/<name>/ and on the server.
        title: for people.
        summary, explains: what it is made of, and what its explanation tells.
        settings: its section `model`.
        build: "module:function" of (settings, BuildContext) -> a built `Recommender`.
        protocols: those that it can be trained under.
        side_table: "module:function" of (settings, Dataset, seed) -> a `SideTable`, what it samples of the graph by
            items; None: nothing, or nothing that can be prepared.
        keras_name: of its class in a `.keras` file, "package>Class", as `register_keras_serializable` makes it; None:
            `keras.models.load_model` reads such a file only once the class has been imported.
        citation: the paper.
        explain_text: "module:function" of (explanation, user, item) -> lines for people; None: it has none.
        ablations: the paper's name for the model without one of its parts -> overrides of our settings.
        paper_ablations: the same of the paper's settings.
        speed_preset: overrides for `benchmark speed`: the sizes that published speeds are about.
        baseline: whether papers compare with it; such a model is no proposal of its own.
        needs_facts: whether it can only be built where triples say something of items.
        takes_vectors: which of the pre-trained "knowledge" and "items" it can start from.
        whole_histories: whether it can read all that a user has taken (`data.history: whole`).
        stages: in how many it can learn; 0: no epoch trains it.
        defaults: what it wants of other sections than `model` where their own defaults do not suit it. Keys that are
            other protocols' and not the run's are passed over.
        grow: "module:function" of (model, NewItems) -> the trained model with items of which only facts are known
            (`tfkgrec add-items`); None: to it an item is what training learned of it.
        by_data: "module:function" of (settings, DataSize) -> settings, with what they leave to the data (null) decided;
            None: they leave nothing to them.
        presets: name -> all that `model.preset: <name>` stands for, `model` included; "paper" are the paper's settings.
    """

    name: str
    title: str
    summary: str
    explains: str
    settings: "type[ModelSettings]"
    build: str
    protocols: tuple[str, ...]
    keras_name: str | None = None
    side_table: str | None = None
    citation: Citation | None = None
    explain_text: str | None = None
    ablations: Mapping[str, Overrides] = field(default_factory=dict)
    paper_ablations: Mapping[str, Overrides] = field(default_factory=dict)
    speed_preset: Overrides = ()
    baseline: bool = False
    needs_facts: bool = False
    takes_vectors: tuple[str, ...] = ()
    whole_histories: bool = False
    stages: int = 1
    defaults: Settings = field(default_factory=dict)
    grow: str | None = None
    by_data: str | None = None
    presets: Mapping[str, Settings] = field(default_factory=dict)


@dataclass(frozen=True)
class ProtocolSpec:
    """A way to split, to train and to judge.

    Attributes:
        name: in `data.protocol`; `aliases` are other words for it.
        title, asks: for people, and the question that it puts to a model.
        training, evaluation, split: its sections `training` and `evaluation`, and its own keys under `data`.
        cut: "module:function" of (dataset, split, seed) -> `Splits`.
        make: "module:class" of (dataset, split, training, evaluation) -> a `TrainingProtocol`.
        others: "module:class" of (OtherData, split, training, evaluation) -> a `JudgeOfOthers`; None: its runs are
            judged on their own data only.
        weighted: whether training heeds the interactions' weights.
        sharded: "module:function" that gives a `Sharded`, which splits some users by themselves; None: its data cannot
            be prepared.
        own_test: whether it takes interactions of one's own choice to test on.
        whole: "module:function" of (dataset, split, seed) -> `Splits` that hold nothing out, which `make` takes after
            the other arguments; None: its models are not trained on everything.
        baselines: what `evaluation.floors` may name; all of them by default.
        headline: title -> name in metrics.json of the figures to tell first.
        own_candidates: the candidate set of the papers' figures, as metrics.json names it; "": labelled pairs.
        any_rating: whether whoever rated an item has taken it, whatever the rating, unless `data.positive_at` is set.
        k_core: default of `data.k_core`.
    """

    name: str
    title: str
    asks: str
    training: "type[TrainingConfig]"
    evaluation: "type[EvaluationConfig]"
    split: "type[Section]"
    cut: str
    make: str
    baselines: tuple[str, ...]
    headline: Mapping[str, str]
    own_candidates: str
    aliases: tuple[str, ...] = ()
    any_rating: bool = False
    k_core: int | None = None
    others: str | None = None
    whole: str | None = None
    weighted: bool = False
    own_test: bool = False
    sharded: str | None = None


@dataclass(frozen=True)
class DatasetSpec:
    """Where data come from.

    Attributes:
        name: in `data.dataset`, and of the folder below `data.data_dir`.
        title: for people.
        read: "module:function" of (DataConfig, seed) -> `RawData`.
        graphs: what `data.knowledge_graph` may be, the default first; (): there is only one.
        dataset, splits: for data that are numbered and split already, "module:function" of (DataConfig, seed) ->
            `Dataset` and of (DataConfig, Dataset, seed) -> the protocol's `Splits`; None: by `read` and the protocol.
        settings: its own keys under `data`; None: it has none.
        synthetic: whether the seed draws it, and no file is read.
        unlinked_items: default of `data.unlinked_items`, and whether another value is allowed.
        citation: who published it.
    """

    name: str
    title: str
    read: str
    dataset: str | None = None
    splits: str | None = None
    graphs: tuple[str, ...] = ()
    settings: "type[Section] | None" = None
    synthetic: bool = False
    unlinked_items: tuple[str, ...] = ("drop",)
    citation: Citation | None = None


Spec = TypeVar("Spec", ModelSpec, ProtocolSpec, DatasetSpec)


def models() -> Mapping[str, ModelSpec]:
    """All models by name, ours first."""
    return _all("models", ModelSpec)


def protocols() -> Mapping[str, ProtocolSpec]:
    """All protocols by name."""
    return _all("protocols", ProtocolSpec)


def datasets() -> Mapping[str, DatasetSpec]:
    """All datasets by name."""
    return _all("datasets", DatasetSpec)


def kge_methods() -> Mapping[str, str]:
    """Methods that learn the knowledge graph's vectors: name -> "module:Class"."""
    others = {point.name: point.value for point in metadata.entry_points(group="tfkgrec.kge_methods")}
    built_in: dict[str, str] = importlib.import_module("tfkgrec.kge").METHODS
    return others | built_in


def model(name: str) -> ModelSpec:
    """The model called `name`, or an `InputError` that names those there are."""
    return _one("model.name", models(), name)


def protocol(name: str) -> ProtocolSpec:
    """The protocol called `name`, or known by that alias."""
    named = {alias: spec for spec in protocols().values() for alias in spec.aliases}
    return named[name] if name in named else _one("data.protocol", protocols(), name)


def dataset(name: str) -> DatasetSpec:
    """The dataset called `name`."""
    return _one("data.dataset", datasets(), name)


def load(path: str) -> Callable[..., Any]:
    """What "module:name" says, imported now."""
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def entry_points(group: str) -> dict[str, Any]:
    """What other packages offer as entry points of `tfkgrec.<group>`, by name.

    Raises:
        InputError: one cannot be imported.
    """
    found = {}
    for point in metadata.entry_points(group=f"tfkgrec.{group}"):
        try:
            found[point.name] = point.load()
        except Exception as error:
            where = f"entry point {point.name} of tfkgrec.{group}: expected {point.value} to be importable"
            raise InputError(f"{where}, found {type(error).__name__}: {error}") from error
    return found


def forget() -> None:
    """Look anew next time: a package was installed into a process that runs."""
    _all.cache_clear()


@functools.cache
def _all(group: str, kind: type[Spec]) -> Mapping[str, Spec]:
    home = importlib.import_module(f"tfkgrec.{group}")
    folders = sorted(module.name for module in pkgutil.iter_modules(home.__path__) if module.ispkg)
    ours = [importlib.import_module(f"tfkgrec.{group}.{folder}").SPEC for folder in folders]
    specs: dict[str, Spec] = {spec.name: spec for spec in ours}
    for name, spec in entry_points(group).items():
        if not isinstance(spec, kind):
            raise InputError(f"entry point {name} of tfkgrec.{group}: expected a {kind.__name__}, found {spec!r}")
        if spec.name in specs:
            raise InputError(f"entry point {name} of tfkgrec.{group}: expected a new name, found another {spec.name}")
        specs[spec.name] = spec
    return MappingProxyType(specs)


def _one(key: str, known: Mapping[str, Spec], name: str) -> Spec:
    if name not in known:
        raise InputError(f"{key}: expected one of {', '.join(map(repr, known))}, found {name!r}")
    return known[name]
