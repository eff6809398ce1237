"""Settings: YAML file + `--set section.key=value` -> one frozen, checked `Config`.

Every setting stands once, here or, a model's, in config_models.py, with its type, its default and its limits beside
it; the checks read those declarations.
A mistake anywhere is one `InputError` line saying where (file and line, or the `--set`), which key,
what was expected and what was found.

    config = load_config("configs/dink/lastfm.yaml", ["training.epochs=3", "model.aggregator=sum"])
    config.model.dim, config.training.learning_rate
    Config(model=DinkSettings(dim=8), data=DataConfig("lastfm"))     # the same checks, without a file
"""

import dataclasses
import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args, get_type_hints

from tfkgrec.config_models import MODEL_SETTINGS, ModelSettings
from tfkgrec.config_pretraining import PretrainingConfig
from tfkgrec.config_section import Section, SettingError, SettingText, expected, number, one_of, show
from tfkgrec.config_yaml import Places, apply_override, dump, read

# What `data.knowledge_graph` may be; the first is the default. Datasets that are not listed have one graph: null.
KNOWLEDGE_GRAPHS = {
    "book-crossing": ("ripplenet", "mkr"),
    "ml-1m": ("satori-mkr", "freebase", "dbpedia", "imdb"),
}
Floor = Literal["popularity", "item_knn", "item_knn_newest", "mf", "bpr"]
# What `evaluation.floors` may name under a protocol; all of them by default.
FLOORS: dict[str, tuple[Floor, ...]] = {
    "C": ("popularity", "item_knn", "mf"),
    "S": ("popularity", "item_knn", "bpr"),
    "R": ("popularity", "item_knn", "item_knn_newest", "bpr"),
}
# The protocols whose batches hold what a model reads, and leave out what it must not; the other models: C and R.
PROTOCOLS = {"ksr": ("S",), "rkan": ("R",)}


# ---------------------------------------------------------------------------------------------------------------------
# data


@dataclass(frozen=True)
class ColumnsConfig(Section):
    """Column names of one's own interactions file; null: there is no such column."""

    user: str = "user"
    item: str = "item"
    rating: str | None = None
    timestamp: str | None = None


@dataclass(frozen=True)
class SyntheticConfig(Section):
    """Sizes of the planted world (data/synthetic.py)."""

    users: int = number(600, min=2)
    items: int = number(400, min=2)
    positives_per_user: float = number(30.0, min=1)  # mean; single users have a half to twice as many


@dataclass(frozen=True)
class DataConfig(Section):
    """Which files become the dataset, and how it is split."""

    dataset: Literal["lastfm", "book-crossing", "ml-1m", "ml-100k", "ml-100k-rkge", "files", "synthetic"]
    protocol: Literal["C", "S", "R"] = "C"  # click-through; sequential; top-N with time split (protocols.md)
    knowledge_graph: str | None = None  # one of KNOWLEDGE_GRAPHS[dataset]; null where a dataset has only one
    inverse_relations: bool = False  # add (tail, inverse of relation, head) for every triple
    next: Literal["item", "session"] | None = None  # protocol S: what is held out, a session being a day; null: item
    cold_users: float = number(0.0, min=0, max=1)  # protocol R: share of users left with 1 to 4 training ratings
    k_core: int | None = number(None, min=1)  # least interactions of users and items; null: 10 with protocol S, else 1
    unlinked_items: Literal["error", "drop"] | None = None  # items without an entity; null: error for files, else drop
    data_dir: Path | None = (
        None  # where the public datasets lie; --data-dir sets it; null: $TFKGREC_DATA, ../shared/data
    )
    # dataset: files
    interactions: Path | None = None
    columns: ColumnsConfig | None = None
    positive_at: float | None = None  # a rating at or above it is a positive; null: every row is
    triples: Path | None = None
    item_links: Path | None = None  # item -> entity; null: item ids are entity ids
    # dataset: synthetic
    synthetic: SyntheticConfig | None = None

    _ONLY_FOR: ClassVar[dict[str, tuple[str, ...]]] = {
        "files": ("interactions", "columns", "positive_at", "triples", "item_links"),
        "synthetic": ("synthetic",),
    }

    def settle(self) -> None:
        graphs = KNOWLEDGE_GRAPHS.get(self.dataset)
        if self.knowledge_graph is not None and self.knowledge_graph not in (graphs or ()):
            wanted = one_of(graphs) if graphs else "null"
            found = show(self.knowledge_graph)
            raise SettingError("knowledge_graph", f"expected {wanted} for dataset {self.dataset}, found {found}")
        for dataset, names in self._ONLY_FOR.items():
            for name in names:
                if dataset != self.dataset and getattr(self, name) is not None:
                    raise SettingError(name, f"expected only with dataset: {dataset}, found dataset: {self.dataset}")
        if self.dataset == "files":
            for name in ("interactions", "triples"):
                if getattr(self, name) is None:
                    raise SettingError(name, "expected a path with dataset: files, found none")
            self._fill("columns", ColumnsConfig())
            if self.columns and self.positive_at is not None and self.columns.rating is None:
                raise SettingError("positive_at", "expected columns.rating beside it, found none")
        if self.dataset == "synthetic":
            self._fill("synthetic", SyntheticConfig())
        if self.protocol == "S":
            self._fill("next", "item")
            self._fill("k_core", 10)
        elif self.next is not None:
            raise SettingError("next", f"expected only with protocol: S, found protocol: {self.protocol}")
        if self.cold_users and self.protocol != "R":
            raise SettingError("cold_users", f"expected 0 unless protocol: R, found protocol: {self.protocol}")
        self._fill("knowledge_graph", graphs[0] if graphs else None)
        self._fill("unlinked_items", "error" if self.dataset == "files" else "drop")


# ---------------------------------------------------------------------------------------------------------------------
# training, evaluation, export


@dataclass(frozen=True)
class StageConfig(Section):
    """The first stage of a model that learns in two (EKPNet)."""

    epochs: int = number(20, min=1)
    patience: int = number(5, min=1)
    learning_rate: float = number(1e-2, above=0, max=10)


@dataclass(frozen=True)
class TrainingConfig(Section):
    """How the parameters are learned."""

    epochs: int = number(50, min=1)
    patience: int = number(8, min=1)  # epochs without a better validation AUC before training stops
    batch_size: int = number(2048, min=1)  # labelled pairs (protocol S: positions) a step, padding included
    items_per_user: int = number(8, min=1)  # M: labelled items of one user in a row of the batch
    learning_rate: float = number(1e-3, above=0, max=10)
    learning_rate_decay: float = number(1.0, above=0, max=1)  # after every epoch the rate is multiplied by this
    optimizer: Literal["adam", "adagrad"] = "adam"
    first_stage: StageConfig | None = None  # null: a model with two stages trains in its last one only
    negatives: Literal["fixed", "fresh"] = "fresh"  # drawn once, as the papers do, or again every epoch
    # items that fresh ones are drawn from; liked: those with a training positive, so that an item without any stays
    # unknown to the model instead of becoming its surest negative (protocol C)
    negatives_from: Literal["catalogue", "liked"] = "catalogue"
    # protocol S, whose examples are the predicted positions of sequences
    loss: Literal["bpr", "sampled_softmax", "softmax"] = "bpr"  # tasks/sequential.py
    num_negatives: int = number(1, min=1)  # of each position (bpr), or shared by the batch (sampled_softmax)
    predict: Literal["next", "later"] = "next"  # the item that came next, or any later one, drawn every epoch
    predict_first: bool = False  # predict a user's first item, too: what strangers are shown
    # all protocols
    jit_compile: Literal["auto"] | bool = "auto"  # XLA; auto asks the trainer to choose for the device
    calibrate: bool = False  # fit the curve from logits to probabilities on the validation split
    unknown_user_rate: float = number(0.0, min=0, max=1)  # share of rows trained as if the user were unknown
    seed: int = number(0, min=0, max=2**31 - 1)  # fixes ids, split, negatives, initialisation, order

    def settle(self) -> None:
        if self.batch_size < self.items_per_user:
            found = f"{self.batch_size} < {self.items_per_user}"
            raise SettingError("batch_size", f"expected at least training.items_per_user, found {found}")
        if self.negatives == "fixed" and self.negatives_from != "catalogue":
            raise SettingError(
                "negatives_from", f"expected catalogue with negatives: fixed, found {self.negatives_from}"
            )


@dataclass(frozen=True)
class EvaluationConfig(Section):
    """What is measured beside AUC and ACC."""

    floors: tuple[Floor, ...] | None = None  # judged on the model's own candidates; null: the protocol's, see FLOORS
    top_k: bool = False  # rank the full catalogue too
    batch_users: int = number(256, min=1)  # users scored at once: bounds the memory


@dataclass(frozen=True)
class ExportConfig(Section):
    """What the SavedModel fixes."""

    k_max: int = number(100, min=1)  # length of the lists that `recommend` returns


@dataclass(frozen=True)
class Config(Section):
    """All settings of a run. `published` and `comments` are carried for people, not used."""

    model: ModelSettings
    data: DataConfig
    pretraining: PretrainingConfig | None = None  # null: the model starts from random vectors
    training: TrainingConfig = field(default_factory=TrainingConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    published: dict[str, float | str] = field(default_factory=dict)  # the paper's figures: {auc: 0.817, acc: 0.752}
    comments: tuple[str, ...] = ()

    def settle(self) -> None:
        protocol, model = self.data.protocol, self.model.name
        wanted = PROTOCOLS.get(model, ("C", "R"))
        if protocol not in wanted:
            raise SettingError("data.protocol", f"expected {' or '.join(wanted)} for model {model}, found {protocol}")
        if protocol != "C" and self.training.negatives_from != "catalogue":
            found = self.training.negatives_from
            raise SettingError(
                "training.negatives_from", f"expected catalogue with data.protocol {protocol}, found {found}"
            )
        offered, asked = FLOORS[protocol], self.evaluation.floors
        for name in asked or ():
            if name not in offered:
                expected = f"expected some of {', '.join(offered)} with data.protocol {protocol}"
                raise SettingError("evaluation.floors", f"{expected}, found {name}")
        if asked is None:
            object.__setattr__(self, "evaluation", dataclasses.replace(self.evaluation, floors=offered))

    def to_yaml(self) -> str:
        """Text that `load_config` reads back to an equal `Config`."""
        return dump(self.to_dict())


# ---------------------------------------------------------------------------------------------------------------------
# reading


def load_config(path: str | Path, overrides: Sequence[str] = (), data_dir: str | Path | None = None) -> Config:
    """Read, override and check a config.

    Args:
        path: a YAML file.
        overrides: `section.key=value` texts, read by the field's type: `model.dim=32`, `training.learning_rate=1e-3`,
            `evaluation.floors=[popularity, mf]`, `data.knowledge_graph=null`. The last one wins.
        data_dir: where the datasets lie; becomes `data.data_dir`. Relative paths under `data` count from it, and
            from the config file's folder when it is not given.

    Returns:
        A `Config` whose paths are all absolute; `pretraining.vectors` counts from the config file's folder.

    Raises:
        InputError: one line.
    """
    path = Path(path)
    raw, places = read(path)
    return _settle(raw, places, overrides, path.resolve().parent, data_dir)


def build_config(raw: dict[str, Any], overrides: Sequence[str] = (), data_dir: str | Path | None = None) -> Config:
    """As `load_config`, from a mapping in memory; relative paths count from the working directory."""
    return _settle(raw, Places(Path("settings")), overrides, Path.cwd(), data_dir)


def _settle(
    raw: dict[str, Any], places: Places, overrides: Sequence[str], folder: Path, data_dir: str | Path | None
) -> Config:
    for override in overrides:
        apply_override(override, raw, places)
    config = _build_config(raw, places)
    changed: dict[str, Any] = {}
    home = folder
    if data_dir is not None:
        folder = Path(data_dir).resolve()
        changed["data_dir"] = folder
    for spec in dataclasses.fields(config.data):
        value = getattr(config.data, spec.name)
        if isinstance(value, Path) and spec.name not in changed:
            changed[spec.name] = (folder / value.expanduser()).resolve()
    pretraining = config.pretraining
    if pretraining is not None and pretraining.vectors is not None:
        vectors = (home / pretraining.vectors.expanduser()).resolve()
        pretraining = dataclasses.replace(pretraining, vectors=vectors)
    return dataclasses.replace(config, data=dataclasses.replace(config.data, **changed), pretraining=pretraining)


def _build_config(raw: dict[str, Any], places: Places) -> Config:
    for name in ("model", "data"):
        if raw.get(name) is None:
            raise places.error((name,), "expected this section, found nothing")
    config: Config = _build(Config, raw, (), places)
    return config


def _build(cls: type[Section], raw: Any, keys: tuple[str, ...], places: Places) -> Any:
    """Make a section, and the sections inside it, from plain mappings."""
    if not isinstance(raw, dict):
        raise places.error(keys, f"expected settings as `key: value`, found {show(raw)}")
    hints = get_type_hints(cls)
    specs = {spec.name: spec for spec in dataclasses.fields(cls)}
    values: dict[str, Any] = {}
    for key, value in raw.items():
        here = (*keys, str(key))
        if key not in specs:
            raise places.error(here, f"expected a known key{_nearest(str(key), cls, keys)}")
        inner = _section_in(hints[key], value, here, places)
        if inner is not None and isinstance(value, SettingText) and value.parsed is None:
            value = None  # --set pretraining=null
        if inner is None or (value is None and type(None) in get_args(hints[key])):
            values[key] = value
        else:
            values[key] = _build(inner, {} if value is None else value, here, places)
    for name, spec in specs.items():
        if name not in values and spec.default is spec.default_factory is dataclasses.MISSING:
            raise places.error((*keys, name), f"expected {expected(hints[name], spec.metadata)}, found nothing")
    try:
        return cls(**values)
    except SettingError as error:
        raise places.error((*keys, *error.key.split(".")), error.problem) from None


def _section_in(hint: Any, value: Any, keys: tuple[str, ...], places: Places) -> type[Section] | None:
    """The section class that a field holds, if it holds one; among several (the models) `name` chooses."""
    candidates = [c for c in (get_args(hint) or (hint,)) if isinstance(c, type) and issubclass(c, Section)]
    if len(candidates) < 2 or not isinstance(value, dict):
        return candidates[0] if candidates else None
    name = value.get("name")
    if not isinstance(name, str) or name not in MODEL_SETTINGS:
        found = show(name) if "name" in value else "nothing"
        raise places.error((*keys, "name"), f"expected {one_of(MODEL_SETTINGS)}, found {found}")
    return MODEL_SETTINGS[name]


def _nearest(key: str, cls: type[Section], keys: tuple[str, ...]) -> str:
    """What the writer of an unknown key probably meant."""
    names = [spec.name for spec in dataclasses.fields(cls)]
    for near in difflib.get_close_matches(key, names, n=1):
        return f"; the nearest is {'.'.join((*keys, near))}"
    hints = get_type_hints(Config)
    for section, hint in hints.items():
        for other in get_args(hint) or (hint,):
            if dataclasses.is_dataclass(other) and key in {spec.name for spec in dataclasses.fields(other)}:
                return f"; the nearest is {section}.{key}"
    return f" ({', '.join(names)})"
