"""What golden.json holds and how it is measured: shared by make.py, which writes it, and the tests that compare.

configs/<model>.yaml    a small synthetic run of every model
0.1/runs/<model>/       that run as version 0.1 left it (without checkpoint and tensorboard)
0.1/export/<model>/1/   its export by version 0.1
golden.json             model -> "trained": logits and metrics that training anew gives; "loaded": logits of the
                        0.1 run; "exported": what its export answers
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfkgrec import registry, train
from tfkgrec.cli import run_main
from tfkgrec.client import Client
from tfkgrec.evaluation.report import read_metrics
from tfkgrec.models.contribution import Contributions
from tfkgrec.models.explain_text import EXPLAINED_BY
from tfkgrec.runs.id_files import ITEMS, USERS
from tfkgrec.runs.run import load_run
from tfkgrec.runtime.servable import Servable
from tfkgrec.savedmodel.in_process import run_signatures
from tfkgrec.training.run_directory import RunDirectory

HERE = Path(__file__).parent
GOLDEN = HERE / "golden.json"
RUNS, EXPORT = HERE / "0.1/runs", HERE / "0.1/export"

MODELS = ("dink", "ekpnet", "hkrm", "kgcn", "ksr", "mf", "rkan")
EXPORTED = tuple(name for name in MODELS if name != "mf")  # MF explains nothing, so version 0.1 cannot export it

PAIRS_USER = np.array([0, 1, 7, 30], np.int32)  # inner ids; 0 is the unknown user
PAIRS_ITEM = np.array([[1, 2, 3], [4, 5, 6], [11, 12, 13], [20, 30, 40]], np.int32)
SHOWN = 5  # recommendations

TRAINED = 1e-4  # what two epochs may differ by: sums in another order
SAME_WEIGHTS = 1e-5

SINCE = {  # protocol -> figures that 0.1 did not have
    "ctr": {"ece", "coverage@10", "popularity@10"},
    "sequential": {"recall@20", "coverage@10", "popularity@10"},
    "top_n": {"recall@20", "ndcg@10", "coverage@10", "popularity@10"},
}

Answers = dict[str, dict[str, Any]]


def recorded() -> dict[str, Any]:
    """What golden.json holds."""
    golden: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return golden


def train_golden(model: str, run_dir: Path) -> RunDirectory:
    """Train `configs/<model>.yaml` anew into `run_dir`."""
    config = HERE / "configs" / f"{model}.yaml"
    assert run_main(train.main, ["--config", str(config), "--run-dir", str(run_dir)]) == 0
    return RunDirectory(run_dir)


def logits(run_dir: Path) -> list[list[float]]:
    """What a run's model says of twelve pairs."""
    _, _, model = load_run(run_dir)
    return plain(model.score_items(model.user_state(PAIRS_USER), PAIRS_ITEM))


def metrics(run: RunDirectory) -> dict[str, Any]:
    """The figures of a run's metrics.json that version 0.1 measured, without how long it took."""
    found = read_metrics(run.metrics)
    since = SINCE[registry.protocol(found["protocol"]).name]
    return {part: _without(found[part], since) for part in ("validation", "test", "floors")}


def _without(figures: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    kept = {key: value for key, value in figures.items() if key.removesuffix("_se") not in keys}
    return {key: _without(value, keys) if isinstance(value, dict) else value for key, value in kept.items()}


def trained(run: RunDirectory) -> dict[str, Any]:
    """What golden.json says of a run trained anew."""
    return {"logits": logits(run.path), "metrics": metrics(run)}


def asked(model: str) -> tuple[list[str], list[str]]:
    """Users and items of three pairs, raw ids of the 0.1 run: two known ones, and an unknown user."""
    folder = RUNS / model / "vocabularies"
    users, items = ((folder / name).read_text(encoding="utf-8").splitlines() for name in (USERS, ITEMS))
    return [users[0], users[20], "nobody"], [items[9], items[0], items[2]]


def exported_answers(model: str, folder: Path) -> Answers:
    """What the SavedModel in `folder` answers to `asked(model)`, in the session loader."""
    users, items = (np.array([text.encode() for text in texts], object) for texts in asked(model))
    servable = Servable(model, 1, folder)
    try:
        names = list(servable.signature_defs["explain"].outputs)
        score = servable.run("serving_default", {"user_id": users, "item_id": items}, ["probability"])
        best = servable.run("recommend", {"user_id": users}, ["item_id", "score"])
        why = servable.run("explain", {"user_id": users, "item_id": items}, names)
    finally:
        servable.close()
    return as_answers(score["probability"], best["item_id"], best["score"], why)


def served_answers(model: str, client: Client) -> Answers:
    """The same of a server."""
    users, items = asked(model)
    score, best, why = client.score(users, items), client.recommend(users, SHOWN), client.explain(users, items)
    return as_answers(score, best.item_id, best.score, why)


def run_answers(model: str, run_dir: Path) -> Answers:
    """The same of a run, without an export."""
    signatures = run_signatures(run_dir).signatures
    users, items = (tf.constant(texts) for texts in asked(model))
    score, best, why = signatures.score(users, items), signatures.recommend(users), signatures.explain(users, items)
    return as_answers(score["probability"], best["item_id"], best["score"], why)


def as_answers(probability: Any, item_id: Any, score: Any, why: Mapping[str, Any]) -> Answers:
    """Arrays or tensors as golden.json has them."""
    return {
        "serving_default": {"probability": plain(probability)},
        "recommend": {"item_id": plain(item_id[:, :SHOWN]), "score": plain(score[:, :SHOWN])},
        "explain": {name: plain(why[name]) for name in sorted(why) if not _since_0_1(name, why)},
    }


def _since_0_1(name: str, why: Mapping[str, Any]) -> bool:
    """Whether version 0.1 had no such output of `explain`."""
    if name in ("history_item", "history_name"):
        return "ripple_attention" in why or "path_weight" in why  # EKPNet and RKAN
    later = name in (EXPLAINED_BY, "top_name") or name.startswith("earlier_")
    return later or name in Contributions._fields


def plain(values: Any) -> Any:
    """An array or tensor as JSON has it: float32 with all the digits it has, texts as str."""
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return _each(array.tolist(), lambda value: float(f"{value:.8g}"))
    return _each(array.tolist(), lambda value: value.decode() if isinstance(value, bytes) else value)


def _each(tree: Any, change: Callable[[Any], Any]) -> Any:
    return [_each(branch, change) for branch in tree] if isinstance(tree, list) else change(tree)


def differences(found: Any, wanted: Any, tolerance: float) -> list[str]:
    """Where two trees of JSON differ, numbers by more than `tolerance`; [] if nowhere."""
    return list(_differences(found, wanted, tolerance, ""))


def _differences(found: Any, wanted: Any, tolerance: float, place: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict) and found.keys() == wanted.keys():
        yield from _inside(((f"{place}.{key}", found[key], wanted[key]) for key in wanted), tolerance)
    elif isinstance(wanted, list) and isinstance(found, list) and len(found) == len(wanted):
        rows = enumerate(zip(found, wanted, strict=True))
        yield from _inside(((f"{place}[{row}]", *pair) for row, pair in rows), tolerance)
    elif isinstance(wanted, float) and isinstance(found, int | float) and not isinstance(found, bool):
        if not abs(found - wanted) <= tolerance:
            yield f"{place}: expected {wanted}, found {found}"
    elif type(found) is not type(wanted) or found != wanted:
        yield f"{place}: expected {wanted}, found {found}"


def _inside(branches: Iterable[tuple[str, Any, Any]], tolerance: float) -> Iterator[str]:
    for place, found, wanted in branches:
        yield from _differences(found, wanted, tolerance, place)
