"""A grid of settings: some keys with values, each combination a variant that is measured like any other."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tfkgrec.benchmarks.variants import Variant
from tfkgrec.errors import InputError

Point = Mapping[str, str]
"""Key -> value, as `--set` has them."""


@dataclass(frozen=True)
class Grid:
    """Keys and their values, in the order given; a key with one value is the same everywhere."""

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Grid":
        """Of texts such as "model.dim=8,16,32"; a comma within brackets or quotes is part of a value.

        Raises:
            InputError: no key, no value, or a key or value twice.
        """
        values: dict[str, tuple[str, ...]] = {}
        for text in texts:
            key, equals, listed = text.partition("=")
            found = tuple(split_values(listed))
            if not key or not equals or not all(found):
                raise InputError(f"--set: expected section.key=value,value, found {text!r}")
            if key in values or len(set(found)) < len(found):
                raise InputError(f"--set: expected every key and every value once, found {text!r}")
            values[key] = found
        if not any(len(found) > 1 for found in values.values()):
            raise InputError("--set: expected a key with several values, such as model.dim=8,16,32")
        return cls(values)

    @property
    def axes(self) -> list[str]:
        """The keys that vary."""
        return [key for key, found in self.values.items() if len(found) > 1]

    def points(self) -> list[Point]:
        """All combinations, the first key's values varying slowest."""
        return [dict(zip(self.values, found, strict=True)) for found in itertools.product(*self.values.values())]


def variant_at(base: Variant, point: Point) -> Variant:
    """A variant with the settings of a point over those of another one; its folder tells both."""
    name = ",".join(f"{key}={value}" for key, value in point.items()).replace("/", "_").replace(" ", "")
    settings = tuple(f"{key}={value}" for key, value in point.items())
    return Variant(f"{base.name},{name}", f"{base.folder},{name}", base.suffix, (*base.overrides, *settings))


def split_values(text: str) -> list[str]:
    """Values between commas; those within brackets, braces or quotes separate nothing."""
    found, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        depth += (letter in "[{(") - (letter in "]})") if not quote else 0
        if letter == "," and not depth and not quote:
            found.append("")
        else:
            found[-1] += letter
    return [value.strip() for value in found]
