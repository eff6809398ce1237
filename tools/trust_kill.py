"""Commands killed at random moments, and given again: the same result, and nothing half-written.

python tools/trust.py kill --times 30

Every attempt is a process of its own (a fork of one that has imported everything) which SIGKILL ends somewhere between
its first line and its last. What it left is looked at as it is; then the command is given again, as its users would,
until it ends by itself, and what it leaves is compared with what a command leaves that nobody disturbed.
"""

import argparse
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow.parquet
import yaml

from tfkgrec.cli import main as tfkgrec
from tfkgrec.tf_logging import quiet_import

CONFIG = {
    "model": {"name": "mf", "dim": 4},
    "data": {"dataset": "synthetic", "synthetic": {"users": 60, "items": 50, "positives_per_user": 10}},
    "training": {"epochs": 4, "batch_size": 256, "jit_compile": False, "final_fit": True},
    "evaluation": {"floors": ["popularity", "item_knn"]},
    "export": {"k_max": 5},
}
SPACE = "model.l2: {log: [1e-6, 1e-2]}\ntraining.learning_rate: {log: [1e-3, 1e-1]}\n"


@dataclass(frozen=True)
class Verb:
    """A command that is killed.

    Attributes:
        command: what is given in a folder, the first time and again.
        made: where it leaves its result, in the folder.
        result: what of it is compared, from that folder.
    """

    command: Callable[[Path], list[str]]
    made: str
    result: Callable[[Path], object]


def _train(folder: Path) -> list[str]:
    again = ["--resume"] if (folder / "run").exists() else []
    return ["train", "--config", f"{folder}/config.yaml", "--run-dir", f"{folder}/run", *again]


def _pretrain(folder: Path) -> list[str]:
    own = ["--set", "pretraining.knowledge=transe", "pretraining.dim=8", "pretraining.epochs=10"]
    return ["pretrain", "--config", f"{folder}/config.yaml", "--output", f"{folder}/vectors/v.npz", *own]


def _export(folder: Path) -> list[str]:
    return ["export", f"{folder}/../reference-train/run", "--export-dir", f"{folder}/export"]


def _tune(folder: Path) -> list[str]:
    own = ["--set", "training.final_fit=false"]
    study = ["--space", f"{folder}/space.yaml", "--trials", "4", "--study-dir", f"{folder}/study"]
    return ["tune", "--config", f"{folder}/config.yaml", *own, *study]


def _lists(folder: Path) -> list[str]:
    return ["recommend", f"{folder}/../reference-train/run", "--all-users", "--output", f"{folder}/lists/l.parquet"]


def _of_train(run: Path) -> object:
    metrics = json.loads((run / "metrics.json").read_text())
    del metrics["timing"]
    history = pd.read_csv(run / "history.csv").drop(columns="examples_per_second").to_csv()
    models = {name: _weights(run / name) for name in ("model.keras", "final.keras")}
    return metrics, history, models, _arrays(run / "test_scores.npz"), _listing(run)


def _of_pretrain(folder: Path) -> object:
    arrays = _arrays(folder / "v.npz")
    del arrays["figures"]  # among them how quick it was
    return arrays, _listing(folder)


def _of_export(folder: Path) -> object:
    import tensorflow as tf

    versions = sorted(path.name for path in (folder / "mf").iterdir())
    newest = folder / "mf" / versions[-1]
    reader = tf.train.load_checkpoint(str(newest / "variables/variables"))
    found = (np.asarray(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map())
    return versions[0], sorted(one.tobytes() for one in found if one.dtype.kind in "fi"), _listing(newest)


def _of_tune(study: Path) -> object:
    trials = pd.read_csv(study / "trials.csv")
    done = trials[trials["state"].isin(["complete", "pruned"])].drop(columns="trial").to_csv(index=False)
    best = (study / "best.yaml").read_text().split("\n", 1)[1]
    return done, best, [name for name in _listing(study) if not name.startswith(("hparams", "study.log"))]


def _of_lists(folder: Path) -> object:
    return (folder / "l.parquet").read_bytes(), _listing(folder)


VERBS = {
    "train": Verb(_train, "run", _of_train),
    "pretrain": Verb(_pretrain, "vectors", _of_pretrain),
    "export": Verb(_export, "export", _of_export),
    "tune": Verb(_tune, "study", _of_tune),
    "recommend --all-users": Verb(_lists, "lists", _of_lists),
}


def _weights(path: Path) -> list[bytes]:
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        found: list[bytes] = []
        file.visititems(lambda name, one: found.append(one[()].tobytes()) if isinstance(one, h5py.Dataset) else None)
    return found


def _arrays(path: Path) -> dict[str, tuple[str, bytes]]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: (str(archive[name].dtype), archive[name].tobytes()) for name in archive.files}


def _listing(folder: Path) -> list[str]:
    """All files but TensorBoard's, of which every start writes one."""
    found = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if "events.out" not in name)


def whole(folder: Path) -> list[str]:
    """Files under their own names that are not whole; those that begin with a dot are nobody's."""
    wrong = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            try:
                _open(path)
            except Exception as error:
                wrong.append(f"{path.relative_to(folder)}: {type(error).__name__}: {error}")
    for version in folder.glob("export/*/[0-9]*"):
        wanted = {"saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"}
        lacking = wanted - set(_listing(version))
        wrong += [f"{version.relative_to(folder)}: without {name}" for name in sorted(lacking)]
    return wrong


def _open(path: Path) -> None:
    if path.suffix == ".json":
        json.loads(path.read_text())
    elif path.suffix == ".yaml":
        yaml.safe_load(path.read_text())
    elif path.suffix == ".csv" and not path.read_text().endswith("\n"):
        raise ValueError("no end of line at its end")
    elif path.suffix == ".npz":
        _arrays(path)
    elif path.suffix == ".keras":
        _weights(path)
    elif path.suffix == ".h5":
        with h5py.File(path) as file:
            file.visititems(lambda name, one: one[()] if isinstance(one, h5py.Dataset) else None)
    elif path.suffix == ".parquet":
        pyarrow.parquet.read_table(path)


def run(command: Sequence[str], log: Path, seconds: float | None = None) -> int | None:
    """The command in a fork of this process; its exit status, or None where `seconds` were over before it ended."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(out, 1)
            os.dup2(out, 2)
            print(f"$ tfkgrec {' '.join(command)}", flush=True)
            status = tfkgrec(command)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    deadline = time.monotonic() + (600 if seconds is None else seconds)
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def begin(folder: Path) -> Path:
    """A folder with what the commands read."""
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    (folder / "space.yaml").write_text(SPACE)
    return folder


def killed(verb: Verb, folder: Path, moments: Sequence[float], wanted: object) -> list[str]:
    """What was wrong after the command had been killed at each of these moments and then let run to its end."""
    begin(folder)
    log, wrong = folder / "log.txt", []
    for seconds in moments:
        status = run(verb.command(folder), log, seconds)
        if status not in (None, 0):
            wrong.append(f"given again after a kill it ends with {status}")
        wrong += whole(folder)
    status = run(verb.command(folder), log)
    if status != 0:
        return [*wrong, f"at last it ends with {status}"]
    found = verb.result(folder / verb.made)
    if found != wanted:
        parts = zip(found, wanted, strict=True) if isinstance(found, tuple) and isinstance(wanted, tuple) else ()
        others = [n for n, (one, other) in enumerate(parts) if one != other]
        wrong.append(f"another result: part {others}: {[found[n] for n in others if n == len(found) - 1]}")
    return wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Kill every verb so many times, one or two to a folder, and tell what was wrong."""
    parser = argparse.ArgumentParser(prog="tools/trust.py kill", description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=30, metavar="N", help="of each verb")
    parser.add_argument("--verbs", nargs="+", choices=VERBS, default=list(VERBS), metavar="VERB")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the folders of faults stay")
    options = parser.parse_args(argv)
    with quiet_import():
        import tfkgrec.benchmarks.search
        import tfkgrec.offline.in_process
        import tfkgrec.runs.run
        import tfkgrec.savedmodel.exporter  # noqa: F401
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    rng, faults = np.random.default_rng(options.seed), 0
    with tempfile.TemporaryDirectory() as made:
        base = options.keep or Path(made)
        base.mkdir(parents=True, exist_ok=True)
        for name in dict.fromkeys(["train", *options.verbs]):
            verb, place = VERBS[name], name.partition(" ")[0]
            folder = begin(base / f"reference-{place}")
            started = time.monotonic()
            if run(verb.command(folder), folder / "log.txt") != 0:
                print((folder / "log.txt").read_text())
                return 1
            seconds, wanted, kills = time.monotonic() - started, verb.result(folder / verb.made), 0
            while kills < options.times and name in options.verbs:
                moments = rng.uniform(0, seconds, size=min(rng.integers(1, 3), options.times - kills))
                one = base / f"{place}-{kills}"
                wrong = killed(verb, one, moments, wanted)
                kills += len(moments)
                faults += bool(wrong)
                if wrong:
                    at = ", ".join(f"{moment:.2f}" for moment in moments)
                    print(f"{name}, killed after {at} of {seconds:.2f} s: {'; '.join(wrong)}", flush=True)
                    print("".join((one / "log.txt").read_text().splitlines(True)[-4:]))
                if not (wrong and options.keep):
                    shutil.rmtree(one)
            if name in options.verbs:
                print(f"{name}: killed {kills} times, {seconds:.1f} s each when nobody does", flush=True)
    print(f"{faults} of them ended otherwise, or left something half-written")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
