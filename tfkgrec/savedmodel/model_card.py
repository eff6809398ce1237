"""What an exported version is, for whoever finds it: `export/cards/<model>/<version>/model_card.{md,json}`.

TF Serving scans `export/<model>/`; the cards lie outside it, so that nothing in there is anything but a version.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias, TypedDict

from tfkgrec.evaluation.summary import flatten
from tfkgrec.files import read_json, write_text
from tfkgrec.runtime.signature_defs import read_signature_defs, shape_text
from tfkgrec.training.run_directory import RunDirectory

CARDS = "cards"
TRAINING_SPLIT = "the training split"
REFITTED = "They are of the same model trained on the training split, from which the epochs come."


Figures: TypeAlias = Mapping[str, "float | Figures"]
"""Metrics by name; those of several candidate sets by the set's name first."""


@dataclass(frozen=True)
class RunFacts:
    """What a card tells of the run that was exported; what is not known is None, or empty.

    Attributes:
        dataset, protocol, seed: of the run.
        data: its counts.
        metrics: split -> the model's figures.
        floors: baseline -> its figures on the same candidates.
        versions: package -> the version that it was trained with.
        git_commit: of the code.
        trained_on: what the exported model has learned; the metrics are of one trained on the training split.
        run: the run directory's name.
        new_items: how many items the model has taken in since, by their facts alone.
    """

    dataset: str | None
    protocol: str | None
    seed: int | None
    data: Mapping[str, float]
    metrics: Mapping[str, Figures]
    floors: Mapping[str, Figures]
    versions: Mapping[str, str | None]
    git_commit: str | None
    run: str
    trained_on: str = TRAINING_SPLIT
    new_items: int = 0


class SignatureText(TypedDict):
    """A signature for people: the last part of its method is what calls it."""

    method: str
    inputs: dict[str, str]
    outputs: dict[str, str]


@dataclass(frozen=True)
class Card:
    """What an exported version is. `signatures`: name -> "method", "inputs" and "outputs" by name."""

    model: str
    version: int
    exported: str
    facts: RunFacts
    signatures: Mapping[str, SignatureText]

    def to_dict(self) -> dict[str, object]:
        """As model_card.json has it: the facts beside the others."""
        fields = asdict(self)
        facts, signatures = fields.pop("facts"), fields.pop("signatures")
        return {**fields, **facts, "signatures": signatures}


def run_facts(run: RunDirectory, trained_on: str = TRAINING_SPLIT, new_items: int = 0) -> RunFacts:
    """What a card tells of a finished run; a file that is missing leaves its part out."""
    metrics, environment = (read_json(path) if path.exists() else {} for path in (run.metrics, run.environment))
    return RunFacts(
        dataset=metrics.get("dataset"),
        protocol=metrics.get("protocol"),
        seed=metrics.get("seed"),
        data=metrics.get("data", {}),
        metrics={split: metrics[split] for split in ("validation", "test") if split in metrics},
        floors=metrics.get("floors", {}),
        versions={"python": environment.get("python"), **environment.get("versions", {})},
        git_commit=environment.get("git_commit"),
        run=run.path.name,
        trained_on=trained_on,
        new_items=new_items,
    )


def write_card(export_dir: Path, version_dir: Path, facts: RunFacts) -> Path:
    """Write both forms of the card of a published version; their folder."""
    model, version = version_dir.parent.name, int(version_dir.name)
    exported = datetime.now(UTC).isoformat(timespec="seconds")
    card = Card(model, version, exported, facts, _signatures(version_dir))
    folder = export_dir / CARDS / model / str(version)
    write_text(folder / "model_card.json", json.dumps(card.to_dict(), indent=2) + "\n")
    write_text(folder / "model_card.md", as_markdown(card))
    return folder


def _signatures(version_dir: Path) -> dict[str, SignatureText]:
    return {
        name: {
            "method": signature.method_name,
            "inputs": {key: shape_text(signature.inputs[key]) for key in sorted(signature.inputs)},
            "outputs": {key: shape_text(signature.outputs[key]) for key in sorted(signature.outputs)},
        }
        for name, signature in read_signature_defs(version_dir).items()
    }


def as_markdown(card: Card) -> str:
    """The same for people."""
    facts = card.facts
    lines = [
        f"# {card.model}, version {card.version}",
        "",
        f"Exported {card.exported} from run `{facts.run}`: dataset {facts.dataset}, "
        f"protocol {facts.protocol}, seed {facts.seed}, commit {facts.git_commit or 'unknown'}; "
        f"trained on {facts.trained_on}.",
        "",
        "## Data",
        "",
        *_table(("what", "count"), facts.data.items()),
        "",
        "## Metrics",
        "",
        *_metrics(card),
        "",
        *([] if facts.trained_on == TRAINING_SPLIT else [REFITTED]),
        *([f"It knows {facts.new_items:,} items, flagged as new, by their facts alone."] if facts.new_items else []),
        "Baselines are judged on the same candidates as the model.",
        "`recommend` leaves out all that the data hold of a user.",
        "",
        "## Signatures",
        "",
        *_table(
            ("name", "inputs", "outputs", "method"),
            (
                (name, _tensors(one["inputs"]), _tensors(one["outputs"]), one["method"].rpartition("/")[2])
                for name, one in card.signatures.items()
            ),
        ),
        "",
        "## Made with",
        "",
        *_table(("package", "version"), facts.versions.items()),
    ]
    return "\n".join(lines) + "\n"


def _metrics(card: Card) -> list[str]:
    """Test and validation of the model, test of the floors, one row each."""
    rows = {f"{card.model} ({split})": values for split, values in card.facts.metrics.items()}
    rows |= {f"floor: {name}": values for name, values in card.facts.floors.items()}
    flat = {name: _numbers(values) for name, values in rows.items()}
    columns = list(dict.fromkeys(key for values in flat.values() for key in values))
    cells = ((name, *(_figure(values.get(key)) for key in columns)) for name, values in flat.items())
    return _table(("", *columns), cells)


def _numbers(values: Figures) -> dict[str, float]:
    """Figures by name, those of a set of candidates as "set name". A baseline's validation is left to the JSON."""
    own = {key: value for key, value in values.items() if key != "validation"}
    return {name: value for name, value in flatten(own, " ").items() if isinstance(value, int | float)}


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


def _tensors(tensors: Mapping[str, str]) -> str:
    return "<br>".join(f"`{name}` {text}" for name, text in tensors.items())


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    head = list(head)
    body = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body]
