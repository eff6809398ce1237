"""Books of how often a test split was read: a row for every time, in the run that read it.

A figure of a test split is worth less with every look at the split before it; how many there were is nobody's memory.
"""

import csv
import io
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tfkgrec.files import reading, write_text
from tfkgrec.runs.fingerprint import digest_arrays
from tfkgrec.training.contract import Splits
from tfkgrec.training.run_directory import RunDirectory, git_commit

COLUMNS = ("date", "command", "commit", "dataset", "split", "seed")


def note_test_read(run: RunDirectory, dataset: str, splits: Splits, seed: int) -> None:
    """Add a row to the run's test_reads.csv, before the split is read.

    Args:
        dataset: its name in `data.dataset`; the split itself is told by its digest.
    """
    row = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join([Path(sys.argv[0]).stem, *sys.argv[1:]]),
        "commit": git_commit() or "",
        "dataset": dataset,
        "split": digest_arrays(splits),
        "seed": str(seed),
    }
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows([*test_reads(run), row])
    write_text(run.test_reads, text.getvalue())


def test_reads(run: RunDirectory) -> list[Mapping[str, str]]:
    """The rows of a run's books; none where nobody kept any."""
    if not run.test_reads.exists():
        return []
    with reading(run.test_reads), run.test_reads.open(encoding="utf-8", newline="") as file:
        rows: list[Mapping[str, str]] = list(csv.DictReader(file))
        if any(set(row) != set(COLUMNS) for row in rows):
            raise ValueError("other columns")
        return rows


def told(counts: Counter[tuple[str, str, str]]) -> list[str]:
    """A line for every dataset: "lastfm: seed 1 12 times, seed 2 3 times"; a seed that cuts several splits says so."""
    lines = []
    for dataset in sorted({dataset for dataset, _, _ in counts}):
        by_seed: dict[int, list[int]] = {}
        for (name, _, seed), times in counts.items():
            if name == dataset:
                by_seed.setdefault(int(seed), []).append(times)
        said = [
            f"seed {seed} {sum(times)} times{f' (of {len(times)} splits)' if len(times) > 1 else ''}"
            for seed, times in sorted(by_seed.items())
        ]
        lines.append(f"{dataset}: {', '.join(said)}")
    return lines


def runs_below(folder: Path) -> list[RunDirectory]:
    """All runs that keep books in a folder or below it."""
    return [RunDirectory(file.parent) for file in sorted(folder.rglob("test_reads.csv"))]


def count_reads(runs: Iterable[RunDirectory]) -> Counter[tuple[str, str, str]]:
    """(dataset, split, seed) -> how often these runs read it."""
    return Counter((row["dataset"], row["split"], row["seed"]) for run in runs for row in test_reads(run))
