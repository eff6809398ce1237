"""Runs and exports with a file that is damaged, and what the commands make of it: an answer, or one line.

python tools/trust.py damage --count 300
"""

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from tfkgrec.cli import main as tfkgrec
from trust_mutate import REFUSED, WORKS, judged

CONFIG = {
    "model": {"name": "mf", "dim": 4},
    "data": {"dataset": "synthetic", "synthetic": {"users": 60, "items": 50, "positives_per_user": 10}},
    "training": {"epochs": 2, "batch_size": 256, "jit_compile": False},
    "evaluation": {"floors": ["popularity"]},
    "export": {"k_max": 5},
}
COMMANDS: dict[str, Sequence[str]] = {
    "resume": ("train", "--config", "{}/config.yaml", "--run-dir", "{}/run", "--resume", "--set", "training.epochs=3"),
    "evaluate": ("evaluate", "{}/run"),
    "export": ("export", "{}/run", "--export-dir", "{}/other"),
    "explain": ("explain", "{}/run", "--user", "user-1", "--item", "film-1"),
    "recommend": ("recommend", "{}/run", "--user", "user-1"),
    "compare": ("compare", "{}/run", "{}/whole"),
    "vectors": ("vectors", "{}/run", "--output", "{}/v.parquet"),
    "report": ("report", "{}/run"),
    "recommend, of the export": ("recommend", "{}/export/mf", "--user", "user-1"),
}


def damaged(content: bytes, rng: np.random.Generator) -> bytes | None:
    """Cut, emptied, with other bytes in it, or gone."""
    kind = rng.integers(5)
    if kind == 0:
        return None
    if kind == 1:
        return b""
    if kind == 2:
        return content[: len(content) // 2]
    if kind == 3:
        return content[: rng.integers(len(content) + 1)] + rng.bytes(8)
    changed = bytearray(content)
    for place in rng.integers(len(content), size=8) if content else ():
        changed[place] = rng.integers(256)
    return bytes(changed)


def made(folder: Path) -> None:
    """A run and its export, and the run again to compare with."""
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    train = ("train", "--config", f"{folder}/config.yaml", "--run-dir", f"{folder}/run")
    if tfkgrec([*train, "--export-dir", f"{folder}/export"]):
        raise RuntimeError("the run that is to be damaged was not trained")
    shutil.copytree(folder / "run", folder / "whole")


def one(whole: Path, folder: Path, rng: np.random.Generator) -> tuple[str, str, str]:
    """Damage one file of a copy and give one command: what was done, how it ended, what was said."""
    shutil.copytree(whole, folder)
    name = str(rng.choice(list(COMMANDS)))
    part = "export" if name.endswith("export") and "," in name else "run"
    files = sorted(p for p in (folder / part).rglob("*") if p.is_file() and "events.out" not in p.name)
    path = files[rng.integers(len(files))]
    content = damaged(path.read_bytes(), rng)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    what = f"{name}; {path.relative_to(folder)} {'gone' if content is None else f'{len(content)} bytes'}"
    kind, text = judged([argument.replace("{}", str(folder)) for argument in COMMANDS[name]])
    shutil.rmtree(folder)
    return what, kind, text


def main(argv: Sequence[str] | None = None) -> int:
    """Damage so many files, one at a time, and tell what was wrong."""
    parser = argparse.ArgumentParser(prog="tools/trust.py damage", description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=300, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args(argv)
    rng, kinds = np.random.default_rng(options.seed), Counter[str]()
    with tempfile.TemporaryDirectory() as base:
        made(Path(base) / "whole")
        for number in range(options.count):
            what, kind, text = one(Path(base) / "whole", Path(base) / str(number), rng)
            kinds[kind] += 1
            if kind not in (WORKS, REFUSED):
                print(f"{what}: {kind}\n{text.replace(base, '...')}", flush=True)
    print(f"{options.count:,} damaged files of runs and exports, seed {options.seed}:")
    for kind, count in kinds.most_common():
        print(f"  {count:>6,}  {kind}")
    return int(any(kind not in (WORKS, REFUSED) for kind in kinds))


if __name__ == "__main__":
    sys.exit(main())
