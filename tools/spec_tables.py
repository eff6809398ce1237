"""Write the tables of models, protocols and datasets into the README and docs/, from what they say of themselves.

python tools/spec_tables.py
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import marks
from tfkgrec import registry
from tfkgrec.cli import run_main
from tfkgrec.registry import Citation


def main(argv: Sequence[str] | None = None) -> int:
    """Write all pages."""
    return marks.main(argv, "the tables of models, protocols and datasets into our pages", pages, "spec_tables")


def pages(root: Path) -> dict[Path, dict[str, str]]:
    """Page -> name of a part -> its text."""
    return {
        root / "README.md": {"models": models()},
        root / "docs/index.md": {"papers": papers()},
        root / "docs/protocols.md": {"protocols": protocols()},
        root / "docs/data.md": {"datasets": datasets()},
    }


def models() -> str:
    """What each is made of and what its explanation tells; all baselines in one line, the last."""
    rows = [
        (f"**{_linked(spec.title, spec.citation)}**", spec.summary, ", ".join(spec.protocols), spec.explains)
        for spec in _our_models()
        if not spec.baseline
    ]
    beside = [spec for spec in _our_models() if spec.baseline]
    if beside:
        made = "; ".join(f"**{_linked(spec.title, spec.citation)}**: {spec.summary}" for spec in beside)
        known = ", ".join(sorted({name for spec in beside for name in spec.protocols}))
        told = "; ".join(f"{spec.title}: {spec.explains}" for spec in beside if spec.explain_text)
        rows.append(("baselines", made, known, told))
    return _table(("model", "made of", "protocol", "`explain` says"), rows)


def papers() -> str:
    """Where each comes from, what it can start from, and its parts that can be taken out."""
    rows = []
    for spec in _our_models():
        parts = [f"`{name}`" for name in (*spec.ablations, *spec.paper_ablations)]
        rows.append((f"`{spec.name}`", _cited(spec.citation), ", ".join(spec.takes_vectors), ", ".join(parts)))
    return _table(("model", "paper", "pre-trained vectors of", "ablations"), rows)


def protocols() -> str:
    """What each asks, what it is judged by, and which models learn under it."""
    rows = [
        (
            f"`{spec.name}`",
            ", ".join(f"`{alias}`" for alias in spec.aliases),
            f"{spec.title}: {spec.asks}",
            ", ".join(spec.headline),
            ", ".join(f"`{name}`" for name in spec.baselines),
            ", ".join(model.name for model in _our_models() if spec.name in model.protocols),
        )
        for spec in registry.protocols().values()
        if _is_ours(spec.make)
    ]
    return _table(("`data.protocol`", "alias", "asks", "judged by", "baselines", "models"), rows)


def datasets() -> str:
    """What there is to learn from, with its graphs."""
    rows = [
        (f"`{spec.name}`", spec.title, ", ".join(f"`{graph}`" for graph in spec.graphs), _cited(spec.citation))
        for spec in registry.datasets().values()
        if _is_ours(spec.read)
    ]
    return _table(("`data.dataset`", "what it is", "`data.knowledge_graph`, the default first", "published by"), rows)


def _our_models() -> list[registry.ModelSpec]:
    ours = [spec for spec in registry.models().values() if _is_ours(spec.build)]
    return sorted(ours, key=lambda spec: spec.baseline)


def _is_ours(path: str) -> bool:
    """Whether "module:function" lies in this package: others may have registered theirs on this machine."""
    return path.startswith("tfkgrec.")


def _linked(text: str, citation: Citation | None) -> str:
    return f"[{text}](https://doi.org/{citation.doi})" if citation is not None and citation.doi else text


def _cited(citation: Citation | None) -> str:
    if citation is None:
        return ""
    where = ", ".join(str(part) for part in (citation.venue, citation.year) if part)
    return ". ".join(part for part in (citation.authors, _linked(citation.title, citation), where) if part)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


if __name__ == "__main__":
    sys.exit(run_main(main))
