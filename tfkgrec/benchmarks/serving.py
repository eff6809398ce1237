"""`tfkgrec benchmark serving`: latency and throughput of the embedded server, on the loopback only.

The server, the asking side and the in-process reference are processes of their own; one server answers all that is
measured, one thing after another. The asking side shares the processors with it, as stated in the table. Without
--model-base-path, an untrained DINK over synthetic data is exported first: an answer costs the same whatever the
weights are.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tfkgrec import registry
from tfkgrec.benchmarks import serving_fuzz, serving_load
from tfkgrec.benchmarks.serving_requests import SIGNATURES
from tfkgrec.cli import CommandParser, add_set_argument
from tfkgrec.errors import InputError
from tfkgrec.evaluation.text_table import text_table
from tfkgrec.runs.id_files import ITEMS, USERS, read_texts
from tfkgrec.serving.child import ChildServer, child_server
from tfkgrec.tf_logging import quiet_import

CALLERS = (1, 8, 32)
COLUMNS = ("signature", "callers", "p50_ms", "p95_ms", "p99_ms", "requests_per_second", "session_ms", "predict_ms")
SOME_IDS = 1000

Row: TypeAlias = dict[str, str | int | float]


@dataclass(frozen=True)
class Asked:
    """What is asked about: a model's name, and raw ids of it."""

    model: str
    users: list[str]
    items: list[str]


def main(argv: Sequence[str]) -> tuple[list[Row], str, Path | None]:
    """Measure what the arguments ask for; the rows, a text for people, and where to write the rows."""
    options = _parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        base = options.model_base_path or _synthetic_export(Path(folder), options.items, options.overrides)
        version_dir = max(
            (path for path in base.iterdir() if path.name.isdigit()), key=lambda path: int(path.name), default=None
        )
        if version_dir is None:
            raise InputError(f"--model-base-path {base}: expected an exported version, found none")
        users, items = (read_texts(version_dir / "assets" / name, SOME_IDS) for name in (USERS, ITEMS))
        rows: list[Row] = []
        texts: list[str] = []
        asked = Asked(base.name, users, items)
        seconds = options.seconds / 2
        in_process = _in_process(version_dir, seconds, asked, options.signatures) if options.seconds else {}
        with child_server(f"--model-base-path={base}") as server:
            rows += [
                {**_load(server, signature, callers, options.seconds, asked), **in_process[signature]}
                for signature in options.signatures
                if signature in in_process
                for callers in options.callers
            ]
            if rows:
                texts.append(_table(rows))
            if options.requests:
                row = _memory(server, options.requests, asked)
                rows.append(row)
                texts.append(
                    f"memory of the server: {row['before_mb']:,} MiB before, {row['after_mb']:,} MiB after "
                    f"{options.requests:,} requests"
                )
            if options.fuzz:
                row, text = _fuzz(server, base.name, options.fuzz, users, items)
                rows.append(row)
                texts.append(text)
    return rows, "\n\n".join(texts), options.json


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="tfkgrec benchmark serving", description="Measure the embedded server on the loopback.")
    parser.add_argument("--model-base-path", type=Path, metavar="DIR", help="an export, such as export/dink")
    parser.add_argument("--items", type=int, default=15_000, help="without an export: a synthetic catalogue of so many")
    add_set_argument(parser)  # of that export, such as model.history_length=60
    parser.add_argument("--signatures", nargs="+", choices=SIGNATURES, default=SIGNATURES, metavar="NAME")
    parser.add_argument("--callers", type=int, nargs="+", default=list(CALLERS), help="default: 1 8 32")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement (default 10); 0: none")
    parser.add_argument("--requests", type=int, default=0, metavar="N", help="also the memory before and after N")
    parser.add_argument("--fuzz", type=int, default=0, metavar="N", help="also N malformed requests")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows here")
    return parser


def _resident_mb(server: ChildServer) -> int:
    """Memory that it holds now."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) // 1024


def _cpu_seconds(server: ChildServer) -> float:
    """Processor time that it has used."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _load(server: ChildServer, signature: str, callers: int, seconds: float, asked: Asked) -> Row:
    before = _cpu_seconds(server)
    load = serving_load.Load(
        server.address, signature=signature, callers=callers, seconds=seconds, count=0, **vars(asked)
    )
    row: dict[str, float] = json.loads(_child(serving_load.command(load)))
    # Warm-up included, so a little too much; told because it does not suffer from what else the machine does.
    cpu = (_cpu_seconds(server) - before) / (row["requests"] + serving_load.WARM_UP) * 1000
    return {"model": asked.model, "signature": signature, "callers": callers, **row, "server_cpu_ms": round(cpu, 3)}


def _memory(server: ChildServer, requests: int, asked: Asked) -> Row:
    """Resident memory before and after, signatures in turn; before: once each has been asked under load."""

    def ask(count: int) -> None:
        for signature, share in (("score", 0.9), ("recommend", 0.05), ("explain", 0.05)):
            part = max(1, int(count * share))
            load = serving_load.Load(
                server.address, signature=signature, callers=8, seconds=0, count=part, **vars(asked)
            )
            _child(serving_load.command(load))

    ask(2000)
    before = _resident_mb(server)
    ask(requests)
    after = _resident_mb(server)
    return {"model": asked.model, "requests": requests, "before_mb": before, "after_mb": after}


def _fuzz(server: ChildServer, model: str, count: int, users: list[str], items: list[str]) -> tuple[Row, str]:
    before = _resident_mb(server)
    fuzzed = serving_fuzz.fuzz(server.address, model, count, 0, users, items)
    after = _resident_mb(server)
    row: Row = {
        "model": model,
        "malformed_requests": fuzzed.requests,
        "wrong_codes": fuzzed.wrong_count,
        "slowest_seconds": round(fuzzed.slowest, 3),
        "before_mb": before,
        "after_mb": after,
    }
    return row, f"{serving_fuzz.summary(fuzzed)}\nmemory of the server: {before:,} MiB before, {after:,} MiB after"


def _in_process(
    version_dir: Path, seconds: float, asked: Asked, signatures: Sequence[str]
) -> dict[str, dict[str, float]]:
    request = json.dumps(
        {"version_dir": str(version_dir), "seconds": seconds, "signatures": list(signatures), **vars(asked)}
    )
    rows: dict[str, dict[str, float]] = json.loads(
        _child([sys.executable, "-m", "tfkgrec.benchmarks.serving_in_process", request])
    )
    return rows


def _child(command: list[str]) -> str:
    """The last line that `command` prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()[-1]


def _synthetic_export(folder: Path, items: int, overrides: Sequence[str]) -> Path:
    """`folder/dink/1`: an untrained DINK of the paper's sizes over synthetic data."""
    with quiet_import():
        from tfkgrec.config import build_config
        from tfkgrec.runs.id_files import read_seen, write_id_files
        from tfkgrec.runs.run import prepare
        from tfkgrec.savedmodel.exporter import export_signatures
        from tfkgrec.savedmodel.signatures import Signatures
        from tfkgrec.savedmodel.vocabularies import Vocabularies

    world = {"users": SOME_IDS, "items": items, "positives_per_user": max(30, 8 * items // SOME_IDS)}
    raw = {"model": {"name": "dink", "preset": "paper"}, "data": {"dataset": "synthetic", "synthetic": world}}
    config = build_config(raw, (*registry.model("dink").speed_preset, *overrides))
    prepared = prepare(config)
    run = folder / "run"
    run.mkdir()
    write_id_files(run, prepared.dataset, prepared.splits.train_history)
    signatures = Signatures(prepared.model(config), Vocabularies(run), read_seen(run), config.export.k_max, "dink")
    print(f"{prepared.dataset.num_items:,} items, {len(prepared.dataset.users.raw) - 1:,} users, synthetic", flush=True)
    return export_signatures(signatures, "dink", run, folder).parent


def _table(rows: list[Row]) -> str:
    columns = (*COLUMNS, "server_cpu_ms")
    body = [[value if isinstance(value := row[c], str) else f"{value:,}" for c in columns] for row in rows]
    return text_table(columns, body)
