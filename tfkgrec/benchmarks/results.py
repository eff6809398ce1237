"""What the quality benchmark found: a row for every model, dataset and variant, as it lies in results.json."""

import dataclasses
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tfkgrec.errors import InputError
from tfkgrec.files import write_text


@dataclass(frozen=True)
class ResultRow:
    """One config over several seeds. What it is called for people is decided when it is printed (`tables`).

    Attributes:
        model, dataset, variant: by name; the dataset may say how it is split ("ml-1m-session").
        config: the file that it starts from.
        seeds: of its runs.
        commits: of the code that trained them, seed by seed; None where nobody noted it.
        mean, std: over the seeds, by dotted name ("test.auc", "floors.popularity.auc"); no std of a single seed.
        test_by_seed: test figures of every seed, the baselines' too, for paired comparisons of rows.
        compared: with the row above it in its table, as `comparison.Comparison.to_json` has it; empty: with none.
        published: the figures that the config carries, and whose they are ("of").
    """

    model: str
    dataset: str
    variant: str
    config: str
    seeds: tuple[int, ...]
    commits: tuple[str | None, ...]
    published: Mapping[str, float | str]
    mean: Mapping[str, float]
    std: Mapping[str, float | None]
    test_by_seed: Mapping[str, tuple[float, ...]]
    compared: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from other rows."""
        return self.model, self.dataset, self.variant


@dataclass(frozen=True)
class Results:
    """The rows of one file, and the machine they were measured on, in words."""

    device: str
    rows: tuple[ResultRow, ...]

    def to_json(self) -> str:
        """Text that `from_json` reads back to equal results."""
        return as_json(self.rows, self.device)

    @classmethod
    def from_json(cls, text: str) -> "Results":
        """Of the text of a results.json.

        Raises:
            InputError: it is none.
        """
        try:
            raw = json.loads(text)
            return cls(raw["device"], tuple(_row(one) for one in raw["rows"]))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"expected rows of the quality benchmark, found {error!r}") from None

    @classmethod
    def read(cls, file: Path) -> "Results":
        """Of a file; no rows where there is none.

        Raises:
            InputError: it holds something else.
        """
        if not file.exists():
            return cls(device(), ())
        try:
            return cls.from_json(file.read_text(encoding="utf-8"))
        except InputError as error:
            raise InputError(f"{file}: {error}") from None

    def merged(self, new: Sequence[ResultRow], on: str) -> tuple["Results", list[str]]:
        """These rows and new ones: of two of one key the one with more seeds, the new one where both have as many.

        Args:
            on: the machine of the new rows.

        Returns:
            All rows, those that were here before in their order, and a line for every new one that was not taken.
        """
        rows, kept = {row.key: row for row in self.rows}, []
        for row in new:
            old = rows.get(row.key)
            if old is not None and len(old.seeds) > len(row.seeds):
                was, found = len(old.seeds), len(row.seeds)
                kept.append(f"kept: {' '.join(row.key)} over {was} seeds; a row never gives way to one over {found}")
            else:
                rows[row.key] = row
        return Results(on if len(kept) < len(new) else self.device, tuple(rows.values())), kept

    def taken_from(self, rows: Sequence[ResultRow]) -> "Results":
        """The same rows in the same order, as they stand in `rows`."""
        known = {row.key: row for row in rows}
        return Results(self.device, tuple(known[row.key] for row in self.rows))

    def write(self, file: Path) -> None:
        """Into a file, in one piece."""
        write_text(file, self.to_json())


def as_json(rows: Sequence[ResultRow] | Sequence[Mapping[str, object]], on: str) -> str:
    """Rows of any of the benchmarks, and the machine."""
    plain = [_plain(row) if isinstance(row, ResultRow) else row for row in rows]
    return json.dumps({"device": on, "rows": plain}, indent=1)


def _plain(row: ResultRow) -> dict[str, object]:
    fields = dataclasses.asdict(row)
    if not fields["compared"]:
        del fields["compared"]
    return fields


def device() -> str:
    """This machine, in words."""
    return f"{platform.machine()} CPU, {len(os.sched_getaffinity(0))} cores, {platform.system()}"


def results_file(configs: Path, model: str) -> Path:
    """Where a model's rows lie."""
    return configs / model / "results.json"


def _row(raw: dict[str, object]) -> ResultRow:
    """JSON has lists only: what are tuples in a row become tuples again.

    Raises:
        TypeError: a field lacks, or there is one that a row has not.
    """
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}
    by_seed = fields["test_by_seed"]
    if not isinstance(by_seed, dict):
        raise TypeError(f"test_by_seed is {by_seed!r}")
    fields["test_by_seed"] = {name: tuple(values) for name, values in by_seed.items()}
    return ResultRow(**fields)  # type: ignore[arg-type]  # what a file holds is known when it is read
