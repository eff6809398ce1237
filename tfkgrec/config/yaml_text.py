"""YAML and `--set` texts -> one nested mapping that remembers where every key came from.

Not quite YAML 1.1: 1e-3 is a number, yes/no/on/off and 10:30 are text, and a key stands once.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from tfkgrec.config.section import SettingText, show
from tfkgrec.errors import InputError


class Places:
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


class _Loader(yaml.SafeLoader):
    """Starts without YAML 1.1's ideas of what a plain word means; they are given below."""

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


def dump(value: object) -> str:
    """YAML text that `read` turns into an equal value."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def read(path: Path) -> tuple[dict[str, Any], Places]:
    """The sections of a config file as nested mappings, and where each key stands."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: expected a config file, found: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text, found byte {error.object[error.start]:#x}") from None
    places = Places(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        raw = {} if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{path}{line}: expected YAML, found: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{path}: expected YAML, found: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise InputError(f"{path}: expected sections (model, data, ...), found {show(raw)}")
    if node is not None:
        _note_lines(node, (), path, places, ())
    return raw, places


def _note_lines(
    node: yaml.Node, keys: tuple[str, ...], path: Path, places: Places, above: tuple[yaml.Node, ...]
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


def apply_override(override: str, raw: dict[str, Any], places: Places) -> None:
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
            key = ".".join(keys[:depth])
            raise InputError(f"--set {override}: {key}: expected settings under it, found a value")
    text = SettingText(value.strip())
    try:
        text.parsed = yaml.load(text, _Loader)  # a SafeLoader
    except (yaml.YAMLError, ValueError):
        text.parsed = str(text)
    target[keys[-1]] = text
    places.note(keys, f"--set {override}")
