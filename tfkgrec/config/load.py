"""A YAML file or a mapping -> a checked `Config`; every mistake is one line."""

import copy
import dataclasses
import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_type_hints

from tfkgrec.config.presets import completed
from tfkgrec.config.section import Section, SettingError, SettingText, expected, show
from tfkgrec.config.settings import Config, elsewhere
from tfkgrec.config.yaml_text import Places, apply_override, read

Check = Callable[[Config], None]


def load_config(
    path: str | Path | Mapping[str, Any],
    overrides: Sequence[str] = (),
    data_dir: str | Path | None = None,
    check: Check = Config.check_run,
) -> Config:
    """Read, override and check a config.

    Args:
        path: a YAML file, or its content, as `build_config` takes it.
        overrides: `section.key=value` texts, read by the field's type: `model.dim=32`, `training.learning_rate=1e-3`,
            `evaluation.floors=[popularity, mf]`, `data.knowledge_graph=null`. The last one wins.
        data_dir: where the datasets lie; becomes `data.data_dir`. Relative paths under `data` count from it, and
            from the config file's folder when it is not given.
        check: raises `SettingError` for what the settings will not do for; by default that is training the model.

    Returns:
        A `Config` whose paths are all absolute; `pretraining.vectors` and files that a model names count from the
        config file's folder.

    Raises:
        InputError: one line.
    """
    if isinstance(path, Mapping):
        return build_config(path, overrides, data_dir, check)
    path = Path(path)
    raw, places = read(path)
    return make_config(raw, places, overrides, path.resolve().parent, data_dir, check)


def build_config(
    raw: Mapping[str, Any],
    overrides: Sequence[str] = (),
    data_dir: str | Path | None = None,
    check: Check = Config.check_run,
) -> Config:
    """As `load_config`, from a mapping in memory; relative paths count from the working directory."""
    return make_config(copy.deepcopy(dict(raw)), Places(Path("settings")), overrides, Path.cwd(), data_dir, check)


def make_config(
    raw: dict[str, Any],
    places: Places,
    overrides: Sequence[str],
    folder: Path,
    data_dir: str | Path | None,
    check: Check = Config.check_run,
) -> Config:
    """A config from what was read of a file in `folder`, and where its keys stand."""
    for override in overrides:
        apply_override(override, raw, places)
    for name in ("model", "data"):
        if raw.get(name) is None:
            raise places.error((name,), "expected this section, found nothing")
    try:
        whole = completed(raw)
    except SettingError as error:
        raise places.error(tuple(error.key.split(".")), error.problem) from None
    config = cast(Config, _build(Config, whole, (), places, whole))
    try:
        check(config)
    except SettingError as error:
        raise places.error(tuple(error.key.split(".")), error.problem) from None
    data = _absolute(config.data, folder if data_dir is None else Path(data_dir).resolve())
    if data_dir is not None:
        data = dataclasses.replace(data, data_dir=Path(data_dir).resolve())
    pretraining = None if config.pretraining is None else _absolute(config.pretraining, folder)
    return dataclasses.replace(config, model=config.model.placed(folder), data=data, pretraining=pretraining)


SomeSection = TypeVar("SomeSection", bound=Section)


def _absolute(section: SomeSection, folder: Path) -> SomeSection:
    """The section with its paths, and those of the sections in it, counted from `folder`."""
    return _with_paths(section, lambda path: (folder / path.expanduser()).resolve())


def kept_with(config: Config, folder: Path, whole: Path) -> Config:
    """The config as it is written into `folder`: files of data inside `whole`, which may be moved, count from there."""
    here, root = folder.resolve(), whole.resolve()

    def moved(path: Path) -> Path:
        return Path(os.path.relpath(path, here)) if path.is_relative_to(root) else path

    return dataclasses.replace(config, data=_with_paths(config.data, moved))


def _with_paths(section: SomeSection, changed: Callable[[Path], Path]) -> SomeSection:
    """The section with its paths, and those of the sections in it, as `changed` has them."""
    values: dict[str, Any] = {}
    for spec in dataclasses.fields(section):
        value = getattr(section, spec.name)
        if isinstance(value, Path):
            values[spec.name] = changed(value)
        elif isinstance(value, Section):
            values[spec.name] = _with_paths(value, changed)
    return dataclasses.replace(section, **values)


def _build(
    cls: type[Section], raw: object, keys: tuple[str, ...], places: Places, everything: Mapping[str, Any]
) -> Section:
    """Make a section, and the sections inside it, from plain mappings; `everything` is the whole config."""
    if not isinstance(raw, dict):
        raise places.error(keys, f"expected settings as `key: value`, found {show(raw)}")
    hints = get_type_hints(cls)
    specs = {spec.name: spec for spec in dataclasses.fields(cls)}
    try:
        chosen = cls.chosen(raw)
        beside = {name: chosen[name] for name in cls.FLAT}
        own, flat = _apart(raw, {name for name in specs if name not in beside}, beside)
        values: dict[str, Any] = {}
        for key, value in own.items():
            here = (*keys, str(key))
            if key not in specs:
                known = elsewhere(here, everything)
                raise places.error(here, known or f"expected a known key{_nearest(str(key), cls, keys, beside)}")
            inner = chosen.get(key) or _section_in(hints[key])
            if inner is not None and isinstance(value, SettingText) and value.parsed is None:
                value = None  # --set pretraining=null
            if inner is None or (value is None and type(None) in get_args(hints[key])):
                values[key] = value
            else:
                values[key] = _build(inner, {} if value is None else value, here, places, everything)
        for name, kind in beside.items():
            values[name] = _build(kind, flat[name], keys, places, everything)
        for name, spec in specs.items():
            if name not in values and spec.default is spec.default_factory is dataclasses.MISSING:
                raise places.error((*keys, name), f"expected {expected(hints[name], spec.metadata)}, found nothing")
        return cls(**values)
    except SettingError as error:
        raise places.error((*keys, *error.key.split(".")), error.problem) from None


def _apart(
    raw: Mapping[str, Any], own: set[str], beside: Mapping[str, type[Section]]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The keys of a section itself (and the unknown ones), and those of every section whose keys stand beside them."""
    flat: dict[str, dict[str, Any]] = {name: {} for name in beside}
    rest: dict[str, Any] = {}
    for key, value in raw.items():
        home = next((name for name, kind in beside.items() if key in _names(kind) and key not in own), None)
        (rest if home is None else flat[home])[key] = value
    return rest, flat


def _section_in(hint: object) -> type[Section] | None:
    """The section class that a field holds, if it holds one."""
    candidates = [c for c in (get_args(hint) or (hint,)) if isinstance(c, type) and issubclass(c, Section)]
    return candidates[0] if candidates else None


def _nearest(key: str, cls: type[Section], keys: tuple[str, ...], beside: Mapping[str, type[Section]]) -> str:
    """What the writer of an unknown key probably meant."""
    names = [name for name in _names(cls) if name not in beside] + [n for kind in beside.values() for n in _names(kind)]
    for near in difflib.get_close_matches(key, names, n=1):
        return f"; the nearest is {'.'.join((*keys, near))}"
    for section, hint in get_type_hints(Config).items():
        for other in get_args(hint) or (hint,):
            if isinstance(other, type) and issubclass(other, Section) and key in _names(other):
                return f"; the nearest is {section}.{key}"
    return f" ({', '.join(names)})"


def _names(section: type[Section]) -> list[str]:
    return [spec.name for spec in dataclasses.fields(section)]
