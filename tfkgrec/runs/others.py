"""A finished run judged on other data than its own: its ids, its model, its protocol's question, and a file.

Nothing else of the run's data is needed, so that the file that it was trained on may have grown since.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tfkgrec import registry
from tfkgrec.config import Config
from tfkgrec.data.history import History
from tfkgrec.data.keyed import mix, text_keys
from tfkgrec.data.other_data import OtherData
from tfkgrec.data.pair_keys import is_among, pair_keys
from tfkgrec.data.records import IdMap, Interactions
from tfkgrec.datasets.own_files.read import Interactions as ReadPairs
from tfkgrec.datasets.own_files.read import read_interactions, repeats_of
from tfkgrec.datasets.own_files.settings import ColumnsConfig, FilesSettings
from tfkgrec.datasets.own_files.sources import How, Source
from tfkgrec.errors import InputError
from tfkgrec.models.recommender import Recommender
from tfkgrec.progress import say
from tfkgrec.runs.cache import each_baseline
from tfkgrec.runs.id_files import ITEMS, USERS, Seen, line_of_0_1, read_seen, read_texts
from tfkgrec.training.run_directory import RunDirectory


def judge_others(config: Config, run: RunDirectory, model: Recommender, source: Source) -> dict[str, Any]:
    """The figures of a run's model on the interactions in `source`, which is read as the run's own were.

    Rows that the run's data hold are left out, as are those of items that it does not know; users that it does not
    know are answered as unknown ones.

    Returns:
        As metrics.json, without `validation`; `data` counts the rows.

    Raises:
        InputError: the source cannot be read, nothing in it is new, or the protocol judges on its own data only.
    """
    spec = registry.protocol(config.data.protocol)
    if spec.others is None:
        raise InputError(f"--data: expected a protocol that judges on other data, found {spec.name}")
    rows, said = _read(config, source)
    called = str(source) if isinstance(source, str | Path) else "a data frame"
    for about in said:
        say(about)
    other, counts = match(rows, run, model, config.data.split_version)
    if not len(other.new.positives):
        found = f"found none among {counts['rows']:,} rows"
        raise InputError(f"{called}: expected positives that the run's data do not hold, {found}")
    judge = registry.load(spec.others)(other, config.data.split, config.training, config.evaluation)
    names = [name for name in config.evaluation.floors or () if name in judge.baselines and name != config.model.name]
    counts |= {"users": len(judge.asked), "unknown_users": int(np.sum(other.model_user[judge.asked] == 0))}
    return {
        "model": config.model.name,
        "dataset": called,
        "protocol": spec.name,
        "seed": config.training.seed,
        "test": dict(judge.model(model)),
        "floors": each_baseline(names, lambda name: dict(judge.baseline(name))),
        "data": counts,
    }


def told(counts: dict[str, int]) -> str:
    """How much of the file counted, for people."""
    return (
        f"{counts['new_rows']:,} of {counts['rows']:,} rows are new: {counts['known_rows']:,} are in the run's data, "
        f"{counts['rows_of_unknown_items']:,} are of {counts['unknown_items']:,} items that it does not know; "
        f"{counts['unknown_users']:,} of the {counts['users']:,} users asked about are unknown to it"
    )


def _read(config: Config, source: Source) -> tuple[ReadPairs, tuple[str, ...]]:
    """Own files have told their columns; of other datasets they are called user, item and timestamp."""
    own = config.data.source if isinstance(config.data.source, FilesSettings) else None
    repeats = repeats_of(own, config.data.split_version)
    if own is None:
        return read_interactions(source, ColumnsConfig(timestamp="timestamp"), repeats=repeats)
    how, columns = How(own.encoding, own.separator), own.columns or ColumnsConfig()
    return read_interactions(source, columns, own.positive_at, how, own.max_bad_rows, repeats)


def match(found: ReadPairs, run: RunDirectory, model: Recommender, version: int) -> tuple[OtherData, dict[str, int]]:
    """Rows of raw ids (`read_interactions`) beside what the run knows, and how many there are of which kind.

    Args:
        version: `data.split_version` of the run.
    """
    pairs = found.pairs
    users, items = (_ids(run.vocabularies / name) for name in (USERS, ITEMS))
    seen = read_seen(run.vocabularies)
    known = _newest_last(seen.items, model, items.size)
    if not run.data.exists():  # of version 0.1
        pairs = pairs.assign(user=pairs["user"].map(line_of_0_1), item=pairs["item"].map(line_of_0_1))
    if version > 1:
        pairs = _in_order(pairs)
    item = items.encode(pairs["item"])
    user, strangers = _numbered(pairs["user"], users)
    everybody = IdMap("user", np.concatenate([users.raw, strangers]))
    before = is_among(pair_keys(user, item, items.size), np.sort(pair_keys(known.users(), known.items, items.size)))
    new = (item > 0) & ~before
    time = pairs["timestamp"].to_numpy(np.int64)[new] if "timestamp" in pairs else None
    rows = Interactions(user[new], item[new], pairs["positive"].to_numpy(np.float32)[new], time)
    counts = {
        "rows": len(pairs),
        "new_rows": len(rows),
        "known_rows": int(before.sum()),
        "rows_of_unknown_items": int(np.sum(item == 0)),
        "unknown_items": pairs["item"][item == 0].nunique(),
    }
    longer = History(known.items, np.pad(known.offsets, (0, len(strangers)), mode="edge"))
    whom = _model_users(seen, len(strangers))
    return OtherData(longer, rows, whom, everybody, items, found.times_per_second, version), counts


def _in_order(pairs: pd.DataFrame) -> pd.DataFrame:
    """In time where it is known; those of one moment, or of none, by their ids' keys, whatever the file's order."""
    keys = mix(text_keys(pairs["user"].to_numpy()), text_keys(pairs["item"].to_numpy()))
    return pairs.iloc[np.lexsort((keys, pairs["timestamp"])) if "timestamp" in pairs else np.argsort(keys)]


def _ids(file: Path) -> IdMap:
    return IdMap(file.stem, np.array(["", *read_texts(file)], object))


def _numbered(raw: pd.Series, users: IdMap) -> tuple[np.ndarray, np.ndarray]:
    """The run's numbers of users, int32 [n], strangers numbered after its own, and who these are."""
    user = np.array(users.encode(raw))  # what Arrow gives is not to be written to
    code, names = pd.factorize(raw[user == 0])
    user[user == 0] = users.size + code
    return user, np.asarray(names, object)


def _model_users(seen: Seen, strangers: int) -> np.ndarray:
    """As whom the model knows every user: as served, nobody of whom training saw no positive."""
    known = np.where(seen.known, np.arange(len(seen.known)), 0)
    return np.pad(known, (0, strangers)).astype(np.int32)


def _newest_last(seen: History, model: Recommender, num_item_rows: int) -> History:
    """All that the run's data hold of every user, what the model reads of it last and in its order."""
    if not model.history_length:
        return seen
    stored = model.stored_histories()
    owner = stored.users()
    place = np.arange(len(owner)) - stored.offsets[owner]
    read = pair_keys(owner, stored.items, num_item_rows)
    order = np.argsort(read)
    keys = pair_keys(seen.users(), seen.items, num_item_rows)
    found = is_among(keys, read[order])
    when = np.full(len(keys), -1)
    when[found] = place[order][np.searchsorted(read[order], keys[found])]
    return History(seen.items[np.lexsort((when, seen.users()))], seen.offsets)
