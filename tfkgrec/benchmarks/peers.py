"""RecBole's nearest models beside ours: `benchmark speed --peer-python PATH`, in turn with them in one run.

PATH is the Python of an environment of its own, such as `pip install recbole torch` makes. Both train on the positives
and triples of one dataset, at the widths and batches that our row has.
"""

import dataclasses
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tfkgrec.benchmarks.own_process import said_by
from tfkgrec.config import Config
from tfkgrec.data.records import Dataset
from tfkgrec.errors import InputError
from tfkgrec.evaluation.text_table import text_table

SCRIPT = Path(__file__).with_name("recbole_peer.py")
PEERS = {
    "ekpnet": ("RippleNet",),
    "dink": ("DIN",),
    "ksr": ("KSR",),
    "lightgcn": ("LightGCN", "KGAT"),
    "kgcn": ("KGCN",),
    "mf": ("BPR",),
}
SEQUENTIAL = ("DIN", "KSR")
NAME = "shared"
COLUMNS = ("model", "peer", "dataset", "times_faster", "times_faster_ranking", "share_of_memory", "peer_examples_per_s")


@dataclass(frozen=True)
class PeerRow:
    """What RecBole's model does on the same data, and how we compare.

    Attributes:
        times_faster: our training examples a second over the peer's, a median of pairs of measurements.
        times_faster_ranking: users ranked, likewise; None for a peer that ranks no catalogue.
        share_of_memory: our peak with training alone over the peer's.
    """

    model: str
    peer: str
    dataset: str
    times_faster: float
    times_faster_ranking: float | None
    share_of_memory: float
    peer_examples_per_s: int


@dataclass(frozen=True)
class Peers:
    """RecBole in an environment of its own, on the data of one config."""

    python: Path
    folder: Path
    config: Config

    def measure(self, peer: str, seconds: float) -> dict[str, Any]:
        """What `recbole_peer.py` says.

        Raises:
            InputError: that Python has no RecBole, or RecBole fails.
        """
        settings = {**_settings(peer, self.config), "log_wandb": False}
        asked = {"model": peer, "folder": str(self.folder), "name": NAME, "seconds": seconds, "settings": settings}
        command = [str(self.python), str(SCRIPT), json.dumps(asked)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=self.folder)
        except OSError as error:
            raise InputError(f"--peer-python {self.python}: expected a Python, found {error.strerror}") from None
        except subprocess.CalledProcessError as error:
            last = (error.stderr.strip().splitlines() or ["nothing"])[-1]
            raise InputError(f"--peer-python {self.python}: expected RecBole's {peer} to run, found {last}") from None
        return said_by(done.stdout)


def write_atomic_files(folder: Path, dataset: Dataset) -> None:
    """The positives, the triples and random vectors of the graph as RecBole reads them."""
    place = folder / NAME
    place.mkdir(parents=True, exist_ok=True)
    pairs, graph = dataset.interactions.positives, dataset.graph
    time = np.arange(len(pairs)) if pairs.timestamp is None else pairs.timestamp
    tables = {
        "inter": {"user_id:token": pairs.user, "item_id:token": pairs.item, "timestamp:float": time},
        "kg": {"head_id:token": graph.head, "relation_id:token": graph.relation, "tail_id:token": graph.tail},
        "link": {f"{what}_id:token": np.arange(1, dataset.items.size) for what in ("item", "entity")},
    }
    for suffix, columns in tables.items():
        pd.DataFrame(columns).to_csv(place / f"{NAME}.{suffix}", sep="\t", index=False)
    rng = np.random.default_rng(0)
    for what, suffix, count in (
        ("ent", "ent_feature", graph.num_entities),
        ("rel", "rel_feature", graph.num_relations),
    ):
        vectors = (" ".join(f"{number:.3f}" for number in row) for row in rng.normal(size=(count - 1, 64)))
        frame = pd.DataFrame({f"{what}_id:token": np.arange(1, count), f"{what}_vec:float_seq": list(vectors)})
        frame.to_csv(place / f"{NAME}.{suffix}", sep="\t", index=False)


def _settings(peer: str, config: Config) -> dict[str, Any]:
    """RecBole's: our batch and width; what it has no word for is as its authors have it."""
    dim = int(getattr(config.model, "dim", 64))
    columns = {"inter": ["user_id", "item_id", "timestamp"], "kg": ["head_id", "relation_id", "tail_id"]}
    split = {"order": "TO", "group_by": "user", "split": {"LS": "valid_and_test"}, "mode": "full"}
    found: dict[str, Any] = {
        "USER_ID_FIELD": "user_id",
        "ITEM_ID_FIELD": "item_id",
        "load_col": {**columns, "link": ["item_id", "entity_id"]},
        "train_batch_size": config.training.batch_size,
        "embedding_size": dim,
        "kg_embedding_size": dim,
        "eval_args": split,
        "use_gpu": False,
        "show_progress": False,
        "state": "ERROR",
    }
    if peer in SEQUENTIAL:
        found["MAX_ITEM_LIST_LENGTH"] = int(getattr(config.model, "history_length", 50))
    if peer == "DIN":
        found |= {"load_col": {"inter": columns["inter"]}, "eval_args": {**split, "mode": "uni100"}}
    if peer == "KSR":
        found |= {
            "load_col": {
                **found["load_col"],
                "ent_feature": ["ent_id", "ent_vec"],
                "rel_feature": ["rel_id", "rel_vec"],
            },
            "additional_feat_suffix": ["ent_feature", "rel_feature"],
            "alias_of_entity_id": ["ent_id"],
            "alias_of_relation_id": ["rel_id"],
            "preload_weight": {"ent_id": "ent_vec", "rel_id": "rel_vec"},
            "train_neg_sample_args": None,
            "embedding_size": 64,
            "kg_embedding_size": 64,
        }
    return found


def compared(
    model: str, dataset_name: str, config: Config, dataset: Dataset, python: Path, seconds: float, times: int, ours: Any
) -> list[PeerRow]:
    """A row for every peer of `model`: ours and theirs in turn, `times` times.

    Args:
        ours: measures our model once more, and gives a `SpeedRow`.
    """
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write_atomic_files(Path(folder), dataset)
        peers = Peers(python, Path(folder), config)
        for peer in PEERS.get(model, ()):
            pairs = [(dataclasses.asdict(ours()), peers.measure(peer, seconds)) for _ in range(times)]
            rows.append(_row(model, peer, dataset_name, pairs))
    return rows


def _row(model: str, peer: str, dataset: str, pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> PeerRow:
    def ratio(figure: str) -> float | None:
        found = [our[figure] / their[figure] for our, their in pairs if their[figure]]
        return float(np.median(found)) if found else None

    trained, ranked = ratio("train_examples_per_second"), ratio("rank_users_per_second")
    return PeerRow(
        model=model,
        peer=peer,
        dataset=dataset,
        times_faster=round(trained or 0.0, 1),
        times_faster_ranking=None if ranked is None else round(ranked, 1),
        share_of_memory=round(ratio("peak_memory_mb") or 0.0, 2),
        peer_examples_per_s=round(float(np.median([their["train_examples_per_second"] for _, their in pairs]))),
    )


def as_text(rows: Sequence[PeerRow]) -> str:
    """For a terminal."""
    cells = [["-" if (value := getattr(row, c)) is None else str(value) for c in COLUMNS] for row in rows]
    return text_table(COLUMNS, cells, names=3)
