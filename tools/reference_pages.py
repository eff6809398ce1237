"""Write docs/reference/settings.md and commands.md from the settings classes and the commands' own help.

python tools/reference_pages.py
"""

import ast
import contextlib
import dataclasses
import importlib
import inspect
import io
import os
import re
import sys
import textwrap
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints
from unittest import mock

import marks
from tfkgrec import registry
from tfkgrec.cli import VERBS, run_main
from tfkgrec.config import EvaluationConfig, ExportConfig, PretrainingConfig, Section, TrainingConfig
from tfkgrec.config.data import DataConfig

LIMITS = {"min": "≥ {:g}", "above": "> {:g}", "max": "≤ {:g}", "below": "< {:g}"}


def main(argv: Sequence[str] | None = None) -> int:
    """Write both pages."""
    return marks.main(argv, "the reference of settings and commands", pages, "reference_pages")


def pages(root: Path) -> dict[Path, dict[str, str]]:
    """Page -> name of a part -> its text."""
    reference = root / "docs/reference"
    return {reference / "settings.md": {"settings": settings()}, reference / "commands.md": {"commands": commands()}}


# settings ------------------------------------------------------------------------------------------------------------


def settings() -> str:
    """A table for every section of a config: what all share first, then what models, datasets and protocols add."""
    parts = [
        ("data", _table(DataConfig, leave_out={"source", "split"})),
        *((f"data, of dataset {name}", _table(spec.settings)) for name, spec in ours("datasets") if spec.settings),
        *((f"data, of protocol {name}", _table(spec.split)) for name, spec in ours("protocols")),
        ("pretraining", _table(PretrainingConfig)),
        ("training", _table(TrainingConfig)),
        *((f"training, of protocol {name}", _more(spec.training, TrainingConfig)) for name, spec in ours("protocols")),
        ("evaluation", _table(EvaluationConfig)),
        *((f"evaluation, of protocol {n}", _more(spec.evaluation, EvaluationConfig)) for n, spec in ours("protocols")),
        ("export", _table(ExportConfig)),
        *((f"model, {spec.title}", of_model(spec)) for _, spec in ours("models")),
    ]
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in parts if text)


def ours(kind: str) -> Iterator[tuple[str, Any]]:
    """Specs of this package, not of others that are installed beside it."""
    for name, spec in getattr(registry, kind)().items():
        home = spec.training if kind == "protocols" else spec.settings
        if home is None or home.__module__.startswith("tfkgrec."):
            yield name, spec


def of_model(spec: registry.ModelSpec) -> str:
    """The settings of a model, its presets, and what it changes in other sections."""
    said = [f"- `{part}.{key}: {_shown(value)}`" for part, keys in spec.defaults.items() for key, value in keys.items()]
    presets = ", ".join(f"`preset: {name}`" for name in spec.presets)
    beside = ["Defaults of other sections with this model:", "\n".join(said)] if said else []
    return "\n\n".join([*([f"Also {presets}."] if presets else []), _table(spec.settings), *beside])


def _more(kind: type[Section], shared: type[Section]) -> str:
    return _table(kind, leave_out={field.name for field in dataclasses.fields(shared)})


def _table(kind: type[Section], leave_out: set[str] = frozenset()) -> str:  # type: ignore[assignment]
    """A row for every field, in order; a comment with a capital letter stands above the fields that it is about."""
    hints, told = get_type_hints(kind), comments(kind)
    rows: list[str] = []
    below: list[str] = []
    for field in dataclasses.fields(kind):
        if field.name in leave_out or field.name == "name":
            continue
        heading, text = told.get(field.name, ("", ""))
        rows += [f"| | | | *{heading}* |"] if heading else []
        kinds = _kinds(hints[field.name], field.metadata).replace("|", "\\|")
        rows.append(f"| `{field.name}` | {_default(field)} | {kinds} | {_plain(text)} |")
        below += [f"`{field.name}:`\n\n{_table(inner)}" for inner in _sections(hints[field.name])]
    if not rows:
        return ""
    return "\n\n".join(["\n".join(["| key | default | values | what it is |", "|---|---|---|---|", *rows]), *below])


def _sections(hint: object) -> list[type[Section]]:
    """The kind of section that a field holds: its keys are a table of their own."""
    kinds = [one for one in (hint, *get_args(hint)) if isinstance(one, type) and one is not Section]
    return [one for one in kinds if issubclass(one, Section)]


def _plain(text: str) -> str:
    """With nothing that Markdown would read as a tag or the end of a cell."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def comments(kind: type) -> dict[str, tuple[str, str]]:
    """Field -> (a heading above it, what stands beside or above it); of the class that has it last."""
    found: dict[str, tuple[str, str]] = {}
    for owner in reversed(kind.__mro__):
        if dataclasses.is_dataclass(owner) and owner is not Section:
            found |= _comments_in(textwrap.dedent(inspect.getsource(owner)))
    return found


def _comments_in(source: str) -> dict[str, tuple[str, str]]:
    lines = source.splitlines()
    notes = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    for node in ast.parse(source).body[0].body:  # type: ignore[attr-defined]
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            above, line = [], node.lineno - 1
            while line in notes and lines[line - 1].lstrip().startswith("#"):
                above.insert(0, notes[line])
                line -= 1
            beside = [notes[n] for n in range(node.lineno, (node.end_lineno or node.lineno) + 1) if n in notes]
            heads = bool(above) and above[0][0].isupper()
            text = " ".join(beside if heads else [*above, *beside])
            found[node.target.id] = (" ".join(above) if heads else "", text)
    return found


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return f"`{_shown(field.default)}`"
    return "" if field.default_factory is dataclasses.MISSING else f"`{_shown(field.default_factory())}`"


def _shown(value: object) -> str:
    """As YAML has it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]  # type: ignore[index]
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(one)}" for key, one in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, Section):
        return _shown(value.to_dict())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _kinds(hint: object, limits: Any) -> str:
    text = hint.__name__ if isinstance(hint, type) else str(hint)
    text = re.sub(r"typing\.|tfkgrec(?:\.\w+)+\.|pathlib\.(?:_local\.)?", "", text)
    text = re.sub(r"Optional\[(.+)\]", r"\1 | None", text)
    text = re.sub(r"Literal\[(.+?)\]", lambda found: found[1].replace("'", "").replace(", ", " | "), text)
    text = text.replace("NoneType", "null").replace("None", "null").replace("bool", "true | false")
    bounds = [form.format(limits[name]) for name, form in LIMITS.items() if name in limits]
    return ", ".join([text, *bounds])


# commands ------------------------------------------------------------------------------------------------------------

WIDTH = "100"


def commands() -> str:
    """What each command's --help says."""
    more = {"benchmark": ("sweep", "growth", "reading", "serving"), "data": ("stats",)}
    asked = [(verb, *part) for verb in VERBS for part in ((), *((name,) for name in more.get(verb, ())))]
    return "\n\n".join(f"## tfkgrec {' '.join(words)}\n\n```text\n{_help(words)}\n```" for words in asked)


def _help(words: Sequence[str]) -> str:
    """As a terminal of `WIDTH` columns shows it."""
    verb, *more = words
    said = io.StringIO()
    with mock.patch.dict(os.environ, {"COLUMNS": WIDTH, "NO_COLOR": "1"}), contextlib.redirect_stdout(said):
        with contextlib.suppress(SystemExit):
            importlib.import_module(VERBS[verb][0]).main([*more, "--help"])
    return said.getvalue().strip()


if __name__ == "__main__":
    sys.exit(run_main(main))
