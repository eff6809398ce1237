"""What an exported version is, for whoever finds it: `export/cards/<model>/<version>/model_card.{md,json}`.

TF Serving scans `export/<model>/`; the cards lie outside it, so that nothing in there is anything but a version.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tfkgrec.evaluation.summary import flatten
from tfkgrec.files import read_json, write_text
from tfkgrec.runtime.signature_defs import read_signature_defs, shape_text
from tfkgrec.training.run_directory import RunDirectory

CARDS = "cards"


def run_facts(run: RunDirectory) -> dict[str, Any]:
    """What a card tells of a finished run; a file that is missing leaves its part out."""
    metrics, environment = (read_json(path) if path.exists() else {} for path in (run.metrics, run.environment))
    return {
        "dataset": metrics.get("dataset"),
        "protocol": metrics.get("protocol"),
        "seed": metrics.get("seed"),
        "data": metrics.get("data", {}),
        "metrics": {split: metrics[split] for split in ("validation", "test") if split in metrics},
        "floors": metrics.get("floors", {}),
        "versions": {"python": environment.get("python"), **environment.get("versions", {})},
        "git_commit": environment.get("git_commit"),
        "run": run.path.name,
    }


def write_card(export_dir: Path, version_dir: Path, facts: Mapping[str, Any]) -> Path:
    """Write both forms of the card of a published version; their folder."""
    model, version = version_dir.parent.name, int(version_dir.name)
    card = {
        "model": model,
        "version": version,
        "exported": datetime.now(UTC).isoformat(timespec="seconds"),
        **facts,
        "signatures": _signatures(version_dir),
    }
    folder = export_dir / CARDS / model / str(version)
    write_text(folder / "model_card.json", json.dumps(card, indent=2) + "\n")
    write_text(folder / "model_card.md", as_markdown(card))
    return folder


def _signatures(version_dir: Path) -> dict[str, Any]:
    return {
        name: {
            "method": signature.method_name,
            "inputs": {key: shape_text(signature.inputs[key]) for key in sorted(signature.inputs)},
            "outputs": {key: shape_text(signature.outputs[key]) for key in sorted(signature.outputs)},
        }
        for name, signature in read_signature_defs(version_dir).items()
    }


def as_markdown(card: Mapping[str, Any]) -> str:
    """The same for people."""
    lines = [
        f"# {card['model']}, version {card['version']}",
        "",
        f"Exported {card['exported']} from run `{card['run']}`: dataset {card['dataset']}, "
        f"protocol {card['protocol']}, seed {card['seed']}, commit {card['git_commit'] or 'unknown'}.",
        "",
        "## Data",
        "",
        *_table(("what", "count"), card["data"].items()),
        "",
        "## Metrics",
        "",
        *_metrics(card),
        "",
        "Floors are judged on the same candidates as the model.",
        "",
        "## Signatures",
        "",
        *_table(
            ("name", "inputs", "outputs", "method"),
            (
                (name, _tensors(one["inputs"]), _tensors(one["outputs"]), one["method"].rpartition("/")[2])
                for name, one in card["signatures"].items()
            ),
        ),
        "",
        "## Made with",
        "",
        *_table(("package", "version"), card["versions"].items()),
    ]
    return "\n".join(lines) + "\n"


def _metrics(card: Mapping[str, Any]) -> list[str]:
    """Test and validation of the model, test of the floors, one row each."""
    rows = {f"{card['model']} ({split})": values for split, values in card["metrics"].items()}
    rows |= {f"floor: {name}": values for name, values in card["floors"].items()}
    flat = {name: _numbers(values) for name, values in rows.items()}
    columns = list(dict.fromkeys(key for values in flat.values() for key in values))
    cells = ((name, *(_figure(values.get(key)) for key in columns)) for name, values in flat.items())
    return _table(("", *columns), cells)


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Figures by name, those of a set of candidates as "set name". A baseline's validation is left to the JSON."""
    own = {key: value for key, value in values.items() if key != "validation"}
    return {name: value for name, value in flatten(own, " ").items() if isinstance(value, int | float)}


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


def _tensors(tensors: Mapping[str, str]) -> str:
    return "<br>".join(f"`{name}` {text}" for name, text in tensors.items())


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    head = list(head)
    body = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body]
