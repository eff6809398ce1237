"""What a settings class is: typed fields with limits beside them, checked whenever an object is made."""

import dataclasses
import math
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from tfkgrec.errors import InputError

Annotation: TypeAlias = Any
"""What a field may be annotated with: a class, a union, a Literal, a tuple or a dict of these."""

Number = TypeVar("Number", bound=float | None)
Kind = TypeVar("Kind", bound="Section")


def number(default: Number, **limits: float) -> Number:
    """A numeric field with its limits: `min`, `max` (inclusive), `above`, `below` (exclusive)."""
    made: Number = field(default=default, metadata=limits)
    return made


def chosen(kind: type[Kind]) -> Kind:
    """A field for some kind of section that other settings choose (`Section.chosen`); `validate` fills it in."""
    return cast(Kind, field(default=None, metadata={"chosen": kind}))


class SettingError(InputError):
    """One setting does not fit: `key` is its dotted name, `problem` says what was expected and found."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key, self.problem = key, problem


@dataclass(frozen=True)
class Section:
    """A group of settings, frozen: checks every field against its annotation and limits when it is made.

    Attributes:
        FLAT: fields that hold a section whose keys stand beside this one's own in a file.
    """

    FLAT: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for spec in dataclasses.fields(self):
            value = getattr(self, spec.name)
            if value is None and "chosen" in spec.metadata:
                continue
            try:
                fitted = _fit(value, hints[spec.name], spec.metadata)
            except _Unfit as unfit:
                raise SettingError(spec.name, f"expected {unfit}, found {show(value)}") from None
            object.__setattr__(self, spec.name, fitted)
        self.validate()

    def validate(self) -> None:
        """Check what concerns two fields at once, and fill in defaults that depend on another field."""

    @classmethod
    def chosen(cls, raw: Mapping[str, Any]) -> "dict[str, type[Section]]":
        """Classes of the sections that other settings in `raw` choose, by field; the others are as annotated."""
        return {}

    def to_dict(self) -> dict[str, Any]:
        """The settings as the lists, dicts, strings and numbers that YAML has."""
        values = {spec.name: _plain(getattr(self, spec.name)) for spec in dataclasses.fields(self)}
        for name in self.FLAT:
            del values[name]
            values |= getattr(self, name).to_dict()
        return values

    def _fill(self, name: str, value: object) -> None:
        if getattr(self, name) is None:
            object.__setattr__(self, name, value)


class SettingText(str):
    """The right-hand side of a `--set`; `parsed` is what YAML makes of it; the field's type decides which counts."""

    parsed: object


class _Unfit(Exception):
    """Its text is what was expected."""


def _fit(value: Any, hint: Annotation, limits: Mapping[str, float]) -> object:
    """`value` as the annotation wants it (an int becomes a float, a list a tuple, text a Path), or `_Unfit`."""
    if isinstance(value, SettingText):
        try:
            return _fit(value.parsed, hint, limits)
        except _Unfit:
            return _fit(str(value), hint, limits)  # a column that is called 7 is text, whatever YAML thinks
    origin: Annotation = get_origin(hint)
    arguments = get_args(hint)
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
        if isinstance(value, str) and "://" in value:  # of another filesystem, counted from nowhere here
            return value
        if isinstance(value, str | Path) and str(value):
            return Path(value)
    elif isinstance(value, hint):
        return value
    raise _Unfit(expected(hint, limits))


def _within(value: float, limits: Mapping[str, float]) -> bool:
    low, high = limits.get("min", -math.inf), limits.get("max", math.inf)
    return low <= value <= high and limits.get("above", -math.inf) < value < limits.get("below", math.inf)


def expected(hint: Annotation, limits: Mapping[str, float]) -> str:
    """The annotation and its limits, in words."""
    origin: Annotation = get_origin(hint)
    arguments = get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(expected(member, limits) for member in arguments)
    if origin is Literal:
        return one_of(arguments)
    if origin is tuple:
        return f"a list of {expected(arguments[0], limits)}"
    if origin is dict:
        return f"names with values, each {expected(arguments[1], limits)}"
    if hint in (int, float):
        signs = (("min", ">="), ("above", ">"), ("max", "<="), ("below", "<"))
        bounds = " and ".join(f"{sign} {limits[name]:g}" for name, sign in signs if name in limits)
        return ("an integer " if hint is int else "a number ") + bounds if bounds else f"{_WORDS[hint]}"
    return _WORDS.get(hint, str(getattr(hint, "__name__", hint)))


_WORDS = {
    int: "an integer",
    float: "a number",
    str: "text",
    bool: "true or false",
    Path: "a path",
    type(None): "null",
}


def choice(key: str, value: object, choices: Iterable[str]) -> str:
    """`value` as one of the choices, or a `SettingError` for `key`."""
    if not isinstance(value, str) or value not in choices:
        found = "nothing" if value is None else show(value)
        raise SettingError(key, f"expected {one_of(choices)}, found {found}")
    return str(value)


def one_of(choices: Iterable[object]) -> str:
    """`one of 'a', 'b'`, or the only choice."""
    listed = [show(choice) for choice in choices]
    return listed[0] if len(listed) == 1 else f"one of {', '.join(listed)}"


def show(value: object) -> str:
    """A value as YAML would have it, short and on one line."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, SettingText):
        text = " ".join(value.split()) or "nothing"
    else:
        text = repr(str(value) if isinstance(value, Path) else value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _plain(value: object) -> object:
    if isinstance(value, Section):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: _plain(element) for key, element in value.items()}
    if isinstance(value, tuple):
        return [_plain(element) for element in value]
    return str(value) if isinstance(value, Path) else value
