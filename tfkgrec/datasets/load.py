"""From the `data` section of a config to `RawData`: which reader, and where the files lie."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

from tfkgrec.config import DataConfig
from tfkgrec.data.feedback import every_rating_counts, k_core
from tfkgrec.data.records import RawData
from tfkgrec.datasets.book_crossing import read_book_crossing
from tfkgrec.datasets.lastfm import read_lastfm
from tfkgrec.datasets.movielens_1m import read_movielens_1m
from tfkgrec.datasets.movielens_100k import read_movielens_100k
from tfkgrec.datasets.movielens_100k_imdb import read_rkge
from tfkgrec.datasets.own_files import read_files
from tfkgrec.datasets.synthetic import planted_world
from tfkgrec.errors import InputError

ENVIRONMENT_VARIABLE = "TFKGREC_DATA"
REPOSITORY = Path(__file__).parents[2]

PUBLIC: dict[str, Callable[..., RawData]] = {
    "lastfm": read_lastfm,
    "book-crossing": read_book_crossing,
    "ml-1m": read_movielens_1m,
    "ml-100k": read_movielens_100k,
    "ml-100k-rkge": read_rkge,
}


def load_raw(data: DataConfig, data_dir: Path | None, seed: int) -> RawData:
    """Read, or for `synthetic` draw, the tables that `data` names, with what its protocol counts as feedback.

    Args:
        data_dir: holds a folder per public dataset, named as `data.dataset`, and is what relative paths count from.
            None: `data.data_dir`, then `dataset_folder` looks around.
        seed: fixes the planted world; files are read as they are.

    Raises:
        InputError: one line.
    """
    raw = _read(data, data_dir or data.data_dir, seed)
    if data.protocol != "C":
        raw = every_rating_counts(raw)
    return raw if data.k_core is None else k_core(raw, data.k_core)


def _read(data: DataConfig, data_dir: Path | None, seed: int) -> RawData:
    if data.dataset == "synthetic":
        sizes = {} if data.synthetic is None else dataclasses.asdict(data.synthetic)
        return planted_world(**sizes, seed=seed)[0]
    if data.dataset == "files":
        return _load_files(data, data_dir)
    if data.unlinked_items == "error":
        raise InputError(f"data.unlinked_items: expected drop with dataset: {data.dataset}, found error")
    choice = {} if data.knowledge_graph is None else {"knowledge_graph": data.knowledge_graph}
    return PUBLIC[data.dataset](dataset_folder(data.dataset, data_dir), **choice)


def dataset_folder(dataset: str, data_dir: Path | None = None) -> Path:
    """Where a public dataset lies: below `data_dir`, else $TFKGREC_DATA, else ../shared/data of here or the repo."""
    if data_dir is not None:
        places = [data_dir]
    elif os.environ.get(ENVIRONMENT_VARIABLE):
        places = [Path(os.environ[ENVIRONMENT_VARIABLE])]
    else:
        places = [base.parent / "shared" / "data" for base in (Path.cwd(), REPOSITORY)]
    for place in places:
        if (place / dataset).is_dir():
            return place / dataset
    looked = " or ".join(dict.fromkeys(str(place / dataset) for place in places))
    raise InputError(
        f"{looked}: expected this folder (--data-dir or ${ENVIRONMENT_VARIABLE} names its parent), found none"
    )


def _load_files(data: DataConfig, data_dir: Path | None) -> RawData:
    if data.interactions is None or data.triples is None:
        raise InputError("data: expected interactions and triples with dataset: files, found none")
    base = data_dir or Path()
    return read_files(
        base / data.interactions,
        base / data.triples,
        None if data.item_links is None else base / data.item_links,
        **({} if data.columns is None else dataclasses.asdict(data.columns)),
        positive_at=data.positive_at,
        unlinked_items=data.unlinked_items or "error",
    )
