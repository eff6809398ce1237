"""Write docs/models/<name>.md, a page for every model, from its spec, its settings and its own docstring.

python tools/model_pages.py
"""

import ast
import inspect
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import marks
import reference_pages
from tfkgrec import registry
from tfkgrec.cli import run_main
from tfkgrec.files import write_text

PART, TOOL = "model", "model_pages"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pages; a new model gets one."""
    return marks.main(argv, "a page for every model", pages, TOOL)


def pages(root: Path) -> dict[Path, dict[str, str]]:
    """Page -> its one part; a page that is not there is begun."""
    choosing = (root / "docs/choosing.md").read_text(encoding="utf-8")
    found = {}
    for name, spec in reference_pages.ours("models"):
        page = root / f"docs/models/{name}.md"
        if not page.exists():
            write_text(page, "\n".join([f"# {spec.title}", "", *marks.marks(PART, TOOL), ""]))
        found[page] = {PART: page_of(spec, choosing, root)}
    return found


def page_of(spec: registry.ModelSpec, choosing: str, root: Path) -> str:
    """All that is known of a model without training one."""
    paper = root / f"docs/papers/{spec.name}.md"
    parts = [f"{spec.summary[0].upper()}{spec.summary[1:]}.", _facts(spec)]
    if paper.exists():
        parts.append(
            f"Equations one by one, readings of the paper, known deviations: [{spec.title}](../papers/{spec.name}.md)."
        )
    parts += ["## When to take it", _when(spec, choosing), "## What it computes", f"```text\n{docstring(spec)}\n```"]
    parts += ["## Try it", _example(spec, root), "## Settings", reference_pages.of_model(spec)]
    if spec.ablations or spec.paper_ablations:
        parts += ["## Without one of its parts", _ablations(spec)]
    figures = "Figures, with seeds, deviations and commits, beside all other models': [results](../results.md)."
    return "\n\n".join([*parts, "## Figures", figures])


def _facts(spec: registry.ModelSpec) -> str:
    rows = [("in configs", f"`model.name: {spec.name}`"), ("protocols", ", ".join(spec.protocols))]
    if spec.citation is not None:
        one = spec.citation
        title = f"[{one.title}](https://doi.org/{one.doi})" if one.doi else one.title
        rows.append(("paper", f"{one.authors}. {title}. {', '.join(str(v) for v in (one.venue, one.year) if v)}"))
    rows.append(("`explain` says", spec.explains))
    rows.append(("facts of items", "needed" if spec.needs_facts else "not needed"))
    if spec.takes_vectors:
        rows.append(("can start from vectors of", ", ".join(spec.takes_vectors)))
    if spec.whole_histories:
        rows.append(("whole histories", "`data.history: whole`"))
    return "\n".join(["| | |", "|---|---|", *(f"| {what} | {text} |" for what, text in rows)])


def _when(spec: registry.ModelSpec, choosing: str) -> str:
    """The row of docs/choosing.md that takes it."""
    row = re.search(rf"^\| (.+) \| `{spec.name}` \| (.+) \|$", choosing, re.M)
    if row is None:
        text = "It is here to be compared with: a model that does no better than it is not worth its place."
        return text if spec.baseline else "Where its paper's question is yours. [Which model for me](../choosing.md)"
    return f"You have: {row[1]}. Why: {row[2]}. ([Which model for me](../choosing.md))"


def docstring(spec: registry.ModelSpec) -> str:
    """Of the model's class."""
    class_name = (spec.keras_name or "").partition(">")[2]
    file = Path(inspect.getfile(spec.settings)).with_name("model.py")
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            return ast.get_docstring(node) or ""
    return ""


def _example(spec: registry.ModelSpec, root: Path) -> str:
    """Commands that run as they stand: on synthetic data, and on the first dataset that it has settings for."""
    protocol = spec.protocols[0]
    configs = sorted(path for path in (root / f"configs/{spec.name}").glob("*.yaml") if "paper" not in path.name)
    lines = [f"tfkgrec train --config {path.relative_to(root)} --run-dir runs/{spec.name}" for path in configs[:1]]
    lines += [f"tfkgrec export  runs/{spec.name} --export-dir export"] if lines else []
    small = f"model: {{name: {spec.name}}}\ndata: {{dataset: synthetic, protocol: {protocol}}}\n"
    known = f"The smallest config, on synthetic data that need no files:\n\n```yaml\n{small}```"
    return "\n\n".join([known, *(["Tuned on public data:", "```\n" + "\n".join(lines) + "\n```"] if lines else [])])


def _ablations(spec: registry.ModelSpec) -> str:
    every = {**spec.ablations, **spec.paper_ablations}
    rows = [
        f"| `{name}` | {'<br>'.join(f'`{one}`' for one in changed) or 'as it is'} |" for name, changed in every.items()
    ]
    return "\n".join(["| name in `benchmark quality --ablations` | `--set` |", "|---|---|", *rows])


if __name__ == "__main__":
    sys.exit(run_main(main))
