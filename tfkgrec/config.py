"""Settings: YAML file + `--set section.key=value` -> one frozen, checked `Config`.

Every setting stands here once, with its type, its default and its limits beside it; the checks read those declarations.
A mistake anywhere is one `InputError` line saying where (file and line, or the `--set`), which key,
what was expected and what was found.

    config = load_config("configs/dink/lastfm.yaml", ["training.epochs=3", "model.aggregator=sum"])
    config.model.dim, config.training.learning_rate
    Config(model=DinkSettings(dim=8), data=DataConfig("lastfm"))     # the same checks, without a file
"""

import dataclasses
import difflib
import math
import re
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from tfkgrec.errors import InputError

# What `data.knowledge_graph` may be; the first is the default. Datasets that are not listed have one graph: null.
KNOWLEDGE_GRAPHS = {
    "book-crossing": ("ripplenet", "mkr"),
    "ml-1m": ("satori-mkr", "freebase", "dbpedia"),
}


def _number(default: float | None, **limits: float) -> Any:
    """A numeric field with its limits: `min`, `max` (inclusive), `above`, `below` (exclusive)."""
    return field(default=default, metadata=limits)


class SettingError(InputError):
    """One setting does not fit: `key` is its dotted name, `problem` says what was expected and found."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key, self.problem = key, problem


@dataclass(frozen=True)
class Section:
    """A group of settings: checks every field against its annotation and limits when it is made."""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for spec in dataclasses.fields(self):
            value = getattr(self, spec.name)
            try:
                fitted = _fit(value, hints[spec.name], spec.metadata)
            except _Unfit as unfit:
                raise SettingError(spec.name, f"expected {unfit}, found {_show(value)}") from None
            object.__setattr__(self, spec.name, fitted)
        self.settle()

    def settle(self) -> None:
        """Check what concerns two fields at once, and fill in defaults that depend on another field."""

    def _fill(self, name: str, value: Any) -> None:
        if getattr(self, name) is None:
            object.__setattr__(self, name, value)


# ---------------------------------------------------------------------------------------------------------------------
# model


@dataclass(frozen=True)
class DinkSettings(Section):
    """DINK. The defaults are the paper's; what is not in the paper is off."""

    name: Literal["dink"] = "dink"
    dim: int = _number(16, min=1)  # d, width of every embedding
    history_length: int = _number(12, min=1)  # T, the latest T training positives
    num_neighbours: int = _number(6, min=1)  # K, sampled once per entity
    aggregator: Literal["sum", "concat", "attention", "none"] = "attention"  # eqs 2, 3, 4-5; none = DINK-K
    include_center: bool = False  # add the centre vector in the attention aggregator (not in eq 5)
    interest_attention: bool = True  # eq 6; False = DINK-A
    mlp_layers: int = _number(1, min=0)  # L of eqs 11-12
    l2: float = _number(1e-6, min=0)  # lambda of eq 14
    item_bias: bool = False
    attribute_bias: bool = False
    user_item_dot: bool = False  # add <u, i> to the logit
    interest_item_dot: bool = False  # add <h_T, i> to the logit


@dataclass(frozen=True)
class MfSettings(Section):
    """Matrix factorisation with item bias: the floor that every model has to clear."""

    name: Literal["mf"] = "mf"
    dim: int = _number(64, min=1)
    item_bias: bool = True
    l2: float = _number(1e-6, min=0)


ModelSettings = DinkSettings | MfSettings
MODEL_SETTINGS: dict[str, type[DinkSettings] | type[MfSettings]] = {"dink": DinkSettings, "mf": MfSettings}


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

    users: int = _number(400, min=2)
    items: int = _number(300, min=2)


@dataclass(frozen=True)
class DataConfig(Section):
    """Which files become the dataset, and how it is split."""

    dataset: Literal["lastfm", "book-crossing", "ml-1m", "ml-100k", "files", "synthetic"]
    protocol: Literal["C"] = "C"
    knowledge_graph: str | None = None  # one of KNOWLEDGE_GRAPHS[dataset]; null where a dataset has only one
    inverse_relations: bool = False  # add (tail, inverse of relation, head) for every triple
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
            wanted = _one_of(graphs) if graphs else "null"
            found = _show(self.knowledge_graph)
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
        self._fill("knowledge_graph", graphs[0] if graphs else None)
        self._fill("unlinked_items", "error" if self.dataset == "files" else "drop")


# ---------------------------------------------------------------------------------------------------------------------
# training, evaluation, export


@dataclass(frozen=True)
class TrainingConfig(Section):
    """How the parameters are learned."""

    epochs: int = _number(50, min=1)
    patience: int = _number(8, min=1)  # epochs without a better validation AUC before training stops
    batch_size: int = _number(2048, min=1)  # labelled pairs a step
    items_per_user: int = _number(8, min=1)  # M: labelled items of one user in a row of the batch
    optimizer: Literal["adam"] = "adam"
    learning_rate: float = _number(1e-3, above=0, max=10)
    negatives: Literal["fixed", "fresh"] = "fresh"  # drawn once, as the papers do, or again every epoch
    jit_compile: Literal["auto"] | bool = "auto"  # XLA; auto asks the trainer to choose for the device
    unknown_user_rate: float = _number(0.0, min=0, max=1)  # share of rows trained as if the user were unknown
    seed: int = _number(0, min=0, max=2**31 - 1)  # fixes ids, split, negatives, initialisation, order

    def settle(self) -> None:
        if self.batch_size < self.items_per_user:
            found = f"{self.batch_size} < {self.items_per_user}"
            raise SettingError("batch_size", f"expected at least training.items_per_user, found {found}")


@dataclass(frozen=True)
class EvaluationConfig(Section):
    """What is measured beside AUC and ACC."""

    floors: tuple[Literal["popularity", "item_knn", "mf"], ...] = ("popularity", "item_knn", "mf")
    top_k: bool = False  # rank the full catalogue too
    batch_users: int = _number(256, min=1)  # users scored at once: bounds the memory


@dataclass(frozen=True)
class ExportConfig(Section):
    """What the SavedModel fixes."""

    k_max: int = _number(100, min=1)  # length of the lists that `recommend` returns


@dataclass(frozen=True)
class Config(Section):
    """All settings of a run. `published` and `comments` are carried for people, not used."""

    model: ModelSettings
    data: DataConfig
    training: TrainingConfig = field(default_factory=TrainingConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    published: dict[str, float | str] = field(default_factory=dict)  # the paper's figures: {auc: 0.817, acc: 0.752}
    comments: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, dicts, strings and numbers."""
        return _plain(self)

    def to_yaml(self) -> str:
        """Text that `load_config` reads back to an equal `Config`."""
        return yaml.dump(self.to_dict(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


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
        A `Config` whose paths are all absolute.

    Raises:
        InputError: one line.
    """
    path = Path(path)
    raw, places = _read_yaml(path)
    for override in overrides:
        _apply(override, raw, places)
    config = _build_config(raw, places)

    folder = path.resolve().parent
    changed: dict[str, Any] = {}
    if data_dir is not None:
        folder = Path(data_dir).resolve()
        changed["data_dir"] = folder
    for spec in dataclasses.fields(config.data):
        value = getattr(config.data, spec.name)
        if isinstance(value, Path) and spec.name not in changed:
            changed[spec.name] = (folder / value.expanduser()).resolve()
    return dataclasses.replace(config, data=dataclasses.replace(config.data, **changed))


class _Places:
    """Where each key came from: `file:line` or the `--set` text; a key without a place has its parent's."""

    def __init__(self, file: Path) -> None:
        self._of: dict[tuple[str, ...], str] = {(): str(file)}

    def note(self, keys: tuple[str, ...], place: str) -> None:
        self._of[keys] = place

    def error(self, keys: tuple[str, ...], problem: str) -> InputError:
        known = keys
        while known not in self._of:
            known = known[:-1]
        return InputError(": ".join(part for part in (self._of[known], ".".join(keys), problem) if part))


class _SettingText(str):
    """The right-hand side of a `--set`: not yet a number, a list or null."""


def _build_config(raw: dict[str, Any], places: _Places) -> Config:
    for name in ("model", "data"):
        if raw.get(name) is None:
            raise places.error((name,), "expected this section, found nothing")
    config: Config = _build(Config, raw, (), places)
    return config


def _build(cls: type[Section], raw: Any, keys: tuple[str, ...], places: _Places) -> Any:
    """Make a section, and the sections inside it, from plain mappings."""
    if not isinstance(raw, dict):
        raise places.error(keys, f"expected settings as `key: value`, found {_show(raw)}")
    hints = get_type_hints(cls)
    specs = {spec.name: spec for spec in dataclasses.fields(cls)}
    values: dict[str, Any] = {}
    for key, value in raw.items():
        here = (*keys, str(key))
        if key not in specs:
            raise places.error(here, f"expected a known key{_nearest(str(key), cls, keys)}")
        inner = _section_in(hints[key], value, here, places)
        if inner is None or (value is None and type(None) in get_args(hints[key])):
            values[key] = value
        else:
            values[key] = _build(inner, {} if value is None else value, here, places)
    for name, spec in specs.items():
        if name not in values and spec.default is spec.default_factory is dataclasses.MISSING:
            raise places.error((*keys, name), f"expected {_expected(hints[name], spec.metadata)}, found nothing")
    try:
        return cls(**values)
    except SettingError as error:
        raise places.error((*keys, error.key), error.problem) from None


def _section_in(hint: Any, value: Any, keys: tuple[str, ...], places: _Places) -> type[Section] | None:
    """The section class that a field holds, if it holds one; among several (the models) `name` chooses."""
    candidates = [c for c in (get_args(hint) or (hint,)) if isinstance(c, type) and issubclass(c, Section)]
    if len(candidates) < 2 or not isinstance(value, dict):
        return candidates[0] if candidates else None
    name = value.get("name")
    if not isinstance(name, str) or name not in MODEL_SETTINGS:
        found = _show(name) if "name" in value else "nothing"
        raise places.error((*keys, "name"), f"expected {_one_of(MODEL_SETTINGS)}, found {found}")
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


# ---------------------------------------------------------------------------------------------------------------------
# one value


class _Unfit(Exception):
    """Its text is what was expected."""


def _fit(value: Any, hint: Any, limits: Mapping[str, float]) -> Any:
    """`value` as the annotation wants it (an int becomes a float, a list a tuple, text a Path), or `_Unfit`."""
    if isinstance(value, _SettingText):
        try:
            return _fit(_parse(value), hint, limits)
        except _Unfit:
            return _fit(str(value), hint, limits)  # a column that is called 7 is text, whatever YAML thinks
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        for member in arguments:
            try:
                return _fit(value, member, limits)
            except _Unfit:
                continue
    elif origin is Literal:
        if any(type(value) is type(choice) and value == choice for choice in arguments):
            return value
    elif origin is tuple:
        if isinstance(value, list | tuple):
            return tuple(_fit(element, arguments[0], limits) for element in value)
    elif origin is dict:
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return {key: _fit(element, arguments[1], limits) for key, element in value.items()}
    elif hint in (int, float):
        number = isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)
        if number and math.isfinite(value) and _within(value, limits):
            return hint(value)
    elif hint is Path:
        if isinstance(value, str | Path) and str(value):
            return Path(value)
    elif isinstance(value, hint):
        return value
    raise _Unfit(_expected(hint, limits))


def _within(value: float, limits: Mapping[str, float]) -> bool:
    low, high = limits.get("min", -math.inf), limits.get("max", math.inf)
    return low <= value <= high and limits.get("above", -math.inf) < value < limits.get("below", math.inf)


def _expected(hint: Any, limits: Mapping[str, float]) -> str:
    """The annotation and its limits, in words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(_expected(member, limits) for member in arguments)
    if origin is Literal:
        return _one_of(arguments)
    if origin is tuple:
        return f"a list of {_expected(arguments[0], limits)}"
    if origin is dict:
        return f"names with values, each {_expected(arguments[1], limits)}"
    if hint in (int, float):
        signs = (("min", ">="), ("above", ">"), ("max", "<="), ("below", "<"))
        bounds = " and ".join(f"{sign} {limits[name]:g}" for name, sign in signs if name in limits)
        return ("an integer " if hint is int else "a number ") + bounds if bounds else f"{_WORDS[hint]}"
    return _WORDS.get(hint, getattr(hint, "__name__", str(hint)))


_WORDS = {
    int: "an integer",
    float: "a number",
    str: "text (in quotes if it looks like a number)",
    bool: "true or false",
    Path: "a path",
    type(None): "null",
}


def _one_of(choices: Iterable[Any]) -> str:
    listed = [_show(choice) for choice in choices]
    return listed[0] if len(listed) == 1 else f"one of {', '.join(listed)}"


def _show(value: Any) -> str:
    """A value as YAML would have it, short and on one line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, _SettingText):
        text = " ".join(value.split()) or "nothing"
    else:
        text = repr(str(value) if isinstance(value, Path) else value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return {spec.name: _plain(getattr(value, spec.name)) for spec in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(element) for key, element in value.items()}
    if isinstance(value, tuple):
        return [_plain(element) for element in value]
    return str(value) if isinstance(value, Path) else value


# ---------------------------------------------------------------------------------------------------------------------
# YAML: 1e-3 is a number, yes/no/on/off and 10:30 are text, a key stands once


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}


class _Dumper(yaml.SafeDumper):
    """Quotes whatever `_Loader` would take for something other than text."""


_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9]*|\.[0-9]+|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?$")
for _tag, _pattern, _first in (
    ("null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    ("int", re.compile(r"[-+]?(?:0|[1-9][0-9_]*)$"), list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
    ("merge", re.compile(r"<<$"), ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, _first)
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, _first)


def _parse(text: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - _Loader is a SafeLoader
    except (yaml.YAMLError, ValueError):
        return text


def _read_yaml(path: Path) -> tuple[dict[str, Any], _Places]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: expected a config file, found: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text, found byte {error.object[error.start]:#x}") from None
    places = _Places(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return {}, places
        _note_lines(node, (), path, places, ())
        raw = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{path}{line}: expected YAML, found: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{path}: expected YAML, found: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise InputError(f"{path}: expected sections (model, data, ...), found {_show(raw)}")
    return raw, places


def _note_lines(
    node: yaml.Node, keys: tuple[str, ...], path: Path, places: _Places, above: tuple[yaml.Node, ...]
) -> None:
    """Remember the line of every key; a key that stands twice is an error (YAML would keep the last in silence)."""
    if not isinstance(node, yaml.MappingNode) or node in above:  # an alias may point to a mapping around it
        return
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        here = (*keys, key)
        if key in lines:
            raise InputError(f"{path}:{line}: {'.'.join(here)}: expected once, found on line {lines[key]} too")
        lines[key] = line
        places.note(here, f"{path}:{line}")
        _note_lines(value_node, here, path, places, (*above, node))


def _apply(override: str, raw: dict[str, Any], places: _Places) -> None:
    """Put one `section.key=value` into the mapping that was read."""
    name, equals, value = override.partition("=")
    keys = tuple(name.strip().split("."))
    if not equals or not all(keys):
        raise InputError(f"--set {override}: expected section.key=value")
    target = raw
    for depth, key in enumerate(keys[:-1], start=1):
        if target.get(key) is None:
            target[key] = {}
            places.note(keys[:depth], f"--set {override}")
        target = target[key]
        if not isinstance(target, dict):
            raise InputError(f"--set {override}: expected settings under {'.'.join(keys[:depth])}, found a value")
    target[keys[-1]] = _SettingText(value.strip())
    places.note(keys, f"--set {override}")
