"""Thousands of broken input files and configs: each works, or is refused in one line with exit status 2.

python tools/trust.py mutate --count 10000
"""

import argparse
import contextlib
import faulthandler
import gzip
import io
import multiprocessing
import resource
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import yaml

from tfkgrec import registry
from tfkgrec.cli import main as tfkgrec
from tfkgrec.cli import run_main
from tfkgrec.config import load_config
from tfkgrec.tf_logging import quiet_import
from trust_worlds import World, worlds

Rng: TypeAlias = np.random.Generator
Mutation: TypeAlias = Callable[[bytes, Rng], bytes]

CHUNK = 500  # cases to a process, so that one that dies takes few along
SECONDS = 120  # for a case: a machine may have other things to do
MEMORY = 8 << 30  # bytes of addresses that a process may have
WORKS, REFUSED = "works", "refused in one line"

# What stands in files that nobody meant to break, and in those that somebody did.
FIELDS = [
    "",
    " ",
    "NA",
    "nan",
    "inf",
    "-1",
    "0",
    "1e400",
    "1e308",
    "9" * 30,
    "-0.0",
    "0x10",
    "٣",
    "1,5",
    "true",
    "\x00",
]
FIELDS += ['"', '""', "'", "\t", ",", ";", "|", "::", "\n", "\r", "\r\n", "\ufeff", "\u2028", "é", "e\u0301", "🎬", "#"]
FIELDS += ["x" * 70_000, "2020-01-01", "2020-13-45", "99999-01-01", "../../etc/passwd", "{}", "[]", "null", "=1+1"]
VALUES: list[Any] = [None, True, False, -1, 0, 1, 2, 3, 7, 1e-9, 0.5, 1e300, float("nan"), float("inf"), 2**70, "", " "]
VALUES += [
    "text",
    "1",
    "1e-3",
    "../..",
    "/",
    "~",
    "x" * 3000,
    "é\u2028",
    [],
    {},
    [1],
    [[1]],
    {"a": 1},
    {"a": {"b": []}},
]
WORDS = [
    "&a [*a]",
    "*nobody",
    "!!python/object/apply:os.getcwd []",
    "!!binary aGk=",
    "2020-01-01",
    "? [1, 2]",
    "|",
    ">",
]
WORDS += [
    "{",
    "[",
    "- ",
    ": ",
    "\t",
    "%YAML 9.9",
    "---",
    "...",
    "@",
    "`",
    "'",
    '"',
    "#",
    "!!set {a}",
    "<<: {a: 1}",
    "1_0",
]
NOTHING = [b"", b"\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"BZh9", b"\x1f"]


def _cut(content: bytes, rng: Rng) -> bytes:
    return content[: rng.integers(len(content) + 1)]


def _without_a_part(content: bytes, rng: Rng) -> bytes:
    start, end = sorted(rng.integers(len(content) + 1, size=2))
    return content[:start] + content[end:]


def _flipped(content: bytes, rng: Rng) -> bytes:
    changed = bytearray(content)
    for place in rng.integers(len(content), size=rng.integers(1, 6)) if content else ():
        changed[place] = rng.integers(256)
    return bytes(changed)


def _with_a_field(content: bytes, rng: Rng) -> bytes:
    return _put(content, rng, str(rng.choice(np.array(FIELDS, object))).encode())


def _with_rubbish(content: bytes, rng: Rng) -> bytes:
    return _put(content, rng, rng.bytes(int(rng.integers(1, 40))))


def _put(content: bytes, rng: Rng, what: bytes) -> bytes:
    place = int(rng.integers(len(content) + 1))
    return content[:place] + what + content[place:]


def _lines(content: bytes, rng: Rng) -> bytes:
    """Some lines twice, gone, or in another order."""
    lines = content.splitlines(keepends=True) or [b""]
    return b"".join(lines[place] for place in rng.integers(len(lines), size=rng.integers(len(lines) + 2)))


def _another_field(content: bytes, rng: Rng) -> bytes:
    """A field of a line, as commas, tabs or bars cut it, is another."""
    lines = content.split(b"\n")
    place = int(rng.integers(len(lines)))
    separator = max((b",", b"\t", b"|", b"::", b" "), key=lines[place].count)
    fields = lines[place].split(separator)
    fields[rng.integers(len(fields))] = str(rng.choice(np.array(FIELDS, object))).encode()
    lines[place] = separator.join(fields)
    return b"\n".join(lines)


def _another_column(content: bytes, rng: Rng) -> bytes:
    """The same field in every line is another: a column of nothing, of one id, of no numbers."""
    field = str(rng.choice(np.array(FIELDS, object))).encode()
    separator = max((b",", b"\t", b"|", b"::", b" "), key=content.count)
    column, kept = int(rng.integers(4)), int(rng.integers(2))

    def changed(line: bytes) -> bytes:
        fields = line.split(separator)
        return separator.join(field if n == column else one for n, one in enumerate(fields))

    lines = content.split(b"\n")
    return b"\n".join([*lines[:kept], *map(changed, lines[kept:])])


def _nothing(content: bytes, rng: Rng) -> bytes:
    return NOTHING[rng.integers(len(NOTHING))]


def _packed(content: bytes, rng: Rng) -> bytes:
    return gzip.compress(content, mtime=0)


MUTATIONS: list[Mutation] = [_cut, _without_a_part, _flipped, _with_a_field, _with_rubbish, _lines, _another_field]
MUTATIONS += [_another_field, _another_field, _another_column, _another_column, _nothing, _packed]


def _frame(content: bytes, rng: Rng) -> bytes:
    """A Parquet file whose column is of another type, or has another name, or holes."""
    frame = pd.read_parquet(io.BytesIO(content))
    name = str(rng.choice(frame.columns.to_numpy()))
    column, kind = frame[name], int(rng.integers(11))
    changed: list[Any] = [column.astype("float").where(column.index % 3 > 0), column.astype(str), column > 2]
    changed += [[{"a": int(v)} for v in column], [[int(v)] for v in column], pd.to_datetime(column, unit="s")]
    changed += [column.astype(str).astype("category"), [bytes([int(v) % 256]) for v in column], [None] * len(column)]
    changed += [pd.to_timedelta(column, unit="s"), column.astype("uint64") + 2**63]
    out = io.BytesIO()
    frame = frame.assign(**{name: changed[kind]})
    if rng.random() < 0.2:
        frame = frame.rename(columns={name: str(rng.choice(np.array(FIELDS, object)))}).head(int(rng.integers(3)))
    frame.to_parquet(out)
    return out.getvalue()


def _table(content: bytes, rng: Rng) -> bytes:
    """A database with another value, another name or none of a table."""
    statements = ["drop table kg", "delete from r", "update r set userId = null", "update r set movieId = x'ff00'"]
    statements += ["update kg set head = ''", "alter table r rename column movieId to film", "update r set userId = .5"]
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(content)
        connection.execute(statements[rng.integers(len(statements))])
        connection.commit()
        return connection.serialize()


def _setting(content: bytes, rng: Rng) -> bytes:
    """A config with another value, a key less, a key more, or a key elsewhere."""
    try:
        config = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return _flipped(content, rng)
    try:
        places = list(_places(config))
    except RecursionError:  # an alias that points around itself
        places = []
    if not places:
        return content
    inside, key = places[rng.integers(len(places))]
    other, _ = places[rng.integers(len(places))]
    kind = rng.integers(5)
    value = VALUES[rng.integers(len(VALUES))]
    if kind < 3:
        inside[key] = value
    elif kind == 3:
        del inside[key]
    elif isinstance(other, dict):
        other[str(key) if rng.random() < 0.7 else f"{key}s"] = value
    return str(yaml.safe_dump(config, allow_unicode=True, sort_keys=False)).encode(errors="surrogatepass")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(mapping or list, key or place) of everything inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in list(inside):
        yield value, key
        yield from _places(one)


def _word(content: bytes, rng: Rng) -> bytes:
    """A config in which a value, or anything, is a word that YAML knows."""
    word = WORDS[rng.integers(len(WORDS))].encode()
    if rng.random() < 0.3:
        return _put(content, rng, word)
    lines = content.split(b"\n")
    place = int(rng.integers(len(lines)))
    lines[place] = lines[place].partition(b": ")[0] + b": " + word
    return b"\n".join(lines)


def mutated(name: str, content: bytes, rng: Rng) -> bytes:
    """One to three mutations, of those that the file's kind has."""
    own = {".parquet": _frame, ".db": _table}.get(Path(name).suffix)
    for _ in range(rng.choice([1, 1, 2, 3])):
        if name == "config.yaml":
            mutation = [_setting, _setting, _setting, _word, *MUTATIONS][rng.integers(4 + len(MUTATIONS))]
        elif own is not None and rng.random() < 0.6:
            mutation = own
        else:
            mutation = MUTATIONS[rng.integers(len(MUTATIONS))]
        try:
            content = mutation(content, rng)
        except (ValueError, OSError, OverflowError, sqlite3.Error, TypeError, KeyError, pd.errors.ParserError):
            content = _flipped(content, rng)  # a second mutation of a file that is none any more
        if len(content) > 1 << 20:
            break
    return content


# what is run ----------------------------------------------------------------------------------------------------------


def configs() -> Iterator[World]:
    """A config of every model and protocol on small synthetic data; it is read, and the model is built."""
    data = "  dataset: synthetic\n  synthetic: {users: 40, items: 30, positives_per_user: 8}\n"
    training = "training: {epochs: 2, batch_size: 256, learning_rate: 1e-2}\nexport: {k_max: 5}\n"
    for name, spec in registry.models().items():
        for protocol in spec.protocols:
            vectors = "pretraining: {knowledge: transe, dim: 8}\n" if "knowledge" in spec.takes_vectors else ""
            text = f"model:\n  name: {name}\ndata:\n  protocol: {protocol}\n{data}{training}{vectors}"
            yield World(f"config, {name}, {protocol}", {"config.yaml": text.encode()}, ("check", "{}/config.yaml"))


def others() -> Iterator[World]:
    """Files that commands read beside data and configs."""
    users = b"user\n" + b"".join(b"%d\n" % n for n in range(12))
    yield World("users", {"u.csv": users}, ("users", "{}/u.csv"))
    space = b"model.dim: [8, 16]\nmodel.l2: {log: [1e-6, 1e-2]}\nmodel.num_neighbours: {int: [1, 4]}\n"
    yield World("space", {"config.yaml": space}, ("space", "{}/config.yaml"))
    served = b'model_config_list {\n  config {\n    name: "dink"\n    base_path: "/models/dink"\n'
    served += b'    model_platform: "tensorflow"\n    version_labels { key: "stable" value: 1 }\n  }\n}\n'
    yield World("models.config", {"m.config": served}, ("served", "{}/m.config"))
    monitoring = b'prometheus_config {\n  enable: true\n  path: "/metrics"\n}\n'
    yield World("monitoring.config", {"m.config": monitoring}, ("monitoring", "{}/m.config"))
    ssl = b'server_key: "k"\nserver_cert: "c"\nclient_verify: false\n'
    yield World("ssl.config", {"s.config": ssl}, ("ssl", "{}/s.config"))


def _check(path: Path) -> None:
    """As `train` does until the first step."""
    from tfkgrec.runs.run import prepare

    config = load_config(path)
    if config.pretraining is None:
        prepared = prepare(config)
        prepared.model(prepared.settled(config))


def _users(path: Path) -> None:
    from tfkgrec.offline.user_files import read_users

    read_users(path)


def _space(path: Path) -> None:
    from tfkgrec.benchmarks.search_space import read_space

    read_space(path)


def _served(path: Path) -> None:
    from tfkgrec.serving.lifecycle.model_config import read_model_config

    read_model_config(path, path.parent)


def _monitoring(path: Path) -> None:
    from tfkgrec.serving.monitoring import metrics_path

    metrics_path(path)


def _ssl(path: Path) -> None:
    from tfkgrec.serving.grpc.tls import server_credentials

    server_credentials(path)


DOORS = {"check": _check, "users": _users, "space": _space, "served": _served, "monitoring": _monitoring, "ssl": _ssl}
"""Files that a command reads among other things: the part of it that does."""


def call(command: Sequence[str]) -> int:
    """The command in this process; its exit status."""
    if command[0] in DOORS:
        return run_main(lambda argv: DOORS[command[0]](Path(command[1])))
    return tfkgrec(command)


# one case, and many ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of a case: `kind` is how it ended, `text` what was said."""

    case: int
    world: str
    file: str
    kind: str
    text: str = ""

    @property
    def fault(self) -> bool:
        return self.kind not in (WORKS, REFUSED)


def written(world: World, folder: Path, changed: Sequence[str] = (), rng: Rng | None = None) -> list[str]:
    """The world's files in a folder, some of them mutated; its command."""
    for name, content in world.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = content.replace(b"{}", str(folder).encode()) if name == "config.yaml" else content
        path.write_bytes(mutated(name, content, rng) if name in changed and rng is not None else content)
    return [argument.replace("{}", str(folder)) for argument in world.command]


def run_case(case: int, seed: int, all_worlds: Sequence[World], folder: Path) -> Outcome:
    """Case `case` of `seed`, whatever was run before it."""
    rng = np.random.default_rng([seed, case])
    world = all_worlds[case % len(all_worlds)]
    changed = [str(name) for name in rng.choice(sorted(world.files), size=rng.choice([1, 1, 1, 2]))]
    command = written(world, folder, changed, rng)
    kind, text = judged(command)
    return Outcome(case, world.name, ", ".join(dict.fromkeys(changed)), kind, text.replace(str(folder), "..."))


def judged(command: Sequence[str]) -> tuple[str, str]:
    """How a command ended, and what it said where it should not have."""
    out, err = io.StringIO(), io.StringIO()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
            warnings.simplefilter("always")
            for nobody_sees in (DeprecationWarning, PendingDeprecationWarning, ResourceWarning):
                warnings.simplefilter("ignore", nobody_sees)
            status = call(command)
    except BaseException:
        return "traceback", traceback.format_exc()
    finally:
        signal.alarm(0)
    said = err.getvalue()  # beside what a command says of its progress
    errors, warned = [line for line in said.splitlines() if line.startswith("error: ")], "Warning" in said
    if status == 0:
        return (WORKS, "") if not errors and not warned else ("works, with a word on stderr", said)
    if status == 2 and len(errors) == 1 and said.endswith(f"{errors[0]}\n") and not warned:
        return REFUSED, said
    return f"status {status}, and what it said is no such line", said


def _too_long(number: int, frame: object) -> None:
    raise TimeoutError(f"more than {SECONDS} seconds")


def _work(cases: Iterable[int], seed: int, results: "multiprocessing.SimpleQueue[Outcome | int]") -> None:
    """In a process of its own: tell which case begins, then what came of it."""
    faulthandler.enable()
    with quiet_import():
        import tfkgrec.runs.run  # noqa: F401
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    all_worlds = [*worlds(), *configs(), *others()]
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            results.put(case)
            inside = Path(folder) / str(case)
            inside.mkdir()
            results.put(run_case(case, seed, all_worlds, inside))


def run_all(count: int, seed: int) -> Iterator[Outcome]:
    """Cases 0..count-1, some hundred to a process; a process that dies is the fault of the case that it was at."""
    context = multiprocessing.get_context("fork")
    following = 0
    while following < count:
        results = context.SimpleQueue()
        worker = context.Process(target=_work, args=(range(following, min(count, following + CHUNK)), seed, results))
        worker.start()
        begun, last = following, min(count, following + CHUNK)
        while following < last:
            while results.empty() and worker.is_alive():
                time.sleep(0.01)
            if results.empty():
                yield Outcome(begun, "", "", f"the process died ({worker.exitcode})")
                following = begun + 1
                break
            found = results.get()
            if isinstance(found, int):
                begun = found
            else:
                yield found
                following = found.case + 1
        worker.join()


def main(argv: Sequence[str] | None = None) -> int:
    """Run them, tell of every fault, and how many there are of each ending."""
    parser = argparse.ArgumentParser(prog="tools/trust.py mutate", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--case", type=int, metavar="N", help="this one alone; its files stay in --keep")
    parser.add_argument("--keep", type=Path, default=Path("mutated"), metavar="DIR")
    options = parser.parse_args(argv)
    if options.case is not None:
        options.keep.mkdir(parents=True)
        found = run_case(options.case, options.seed, [*worlds(), *configs(), *others()], options.keep)
        print(f"{found.world}; {found.file}: {found.kind}\n{found.text}")
        return int(found.fault)
    started, kinds = time.perf_counter(), Counter[str]()
    for outcome in run_all(options.count, options.seed):
        kinds[outcome.kind] += 1
        if outcome.fault:
            print(f"case {outcome.case}, {outcome.world}; {outcome.file}: {outcome.kind}\n{outcome.text}", flush=True)
    seconds = time.perf_counter() - started
    print(f"{sum(kinds.values()):,} mutated files and configs, seed {options.seed}, in {seconds:,.0f} s:")
    for kind, number in kinds.most_common():
        print(f"  {number:>6,}  {kind}")
    return int(any(kind not in (WORKS, REFUSED) for kind in kinds))


if __name__ == "__main__":
    sys.exit(main())
