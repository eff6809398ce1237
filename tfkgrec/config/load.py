"""A YAML file or a mapping -> a checked `Config`; every mistake is one line."""

import dataclasses
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

from tfkgrec.config.models import MODEL_SETTINGS
from tfkgrec.config.section import Section, SettingError, SettingText, expected, one_of, show
from tfkgrec.config.settings import Config
from tfkgrec.config.yaml_text import Places, apply_override, read


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
