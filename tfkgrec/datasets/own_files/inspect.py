"""What one's own files hold, found out by looking: which column is which, how much there is, what looks odd."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tfkgrec.data.readers.tables import RawTable, as_numbers
from tfkgrec.data.readers.times import read_times
from tfkgrec.datasets.own_files.columns import ITEMS, NAMES, RATINGS, TIMES, USERS, plain
from tfkgrec.datasets.own_files.sources import How, open_table
from tfkgrec.errors import InputError

SAMPLE = 20_000  # rows that tell what a column is
LARGE_TIME = 1e8  # numbers from here on may be times: 1973, in seconds
MANY = 101  # distinct numbers of a rating at most
MOST_BAD = 0.2  # share of rows that cannot be read, beyond which it is no table of interactions
SPLITS = ("|", ";", ", ", ",")


@dataclass(frozen=True)
class Pairs:
    """Interactions as they were found.

    Attributes:
        columns: user, item and perhaps rating, timestamp -> name, or place where there is no header.
        users, items: interactions of each, by id.
        ratings: value -> rows that have it; None without ratings.
        span: first and last time; None without times.
        same_moment: share of rows whose user did something else at the same time.
    """

    source: str
    kind: str
    columns: dict[str, str | int]
    rows: int
    bad: int
    users: pd.Series
    items: pd.Series
    repeats: int
    ratings: pd.Series | None = None
    span: tuple[pd.Timestamp, pd.Timestamp] | None = None
    same_moment: float = 0.0

    @property
    def density(self) -> float:
        """Share of all (user, item) pairs that are there."""
        return (self.rows - self.repeats) / (len(self.users) * len(self.items))

    def odd(self) -> Iterator[str]:
        """What a person should look at, a line each."""
        if self.bad:
            yield f"{self.bad:,} rows that cannot be read; `tfkgrec data stats` tells where"
        if self.repeats:
            yield f"{self.repeats:,} rows repeat a pair of user and item"
        most = self.users.iloc[0] / self.rows
        if len(self.users) > 20 and most > max(0.05, 20 / len(self.users)):
            yield f"user {self.users.index[0]!r} has {most:.0%} of all rows: a crawler, or several people?"
        most = self.items.iloc[0] / self.rows
        if len(self.items) > 20 and most > max(0.2, 10 / len(self.items)):
            yield f"item {self.items.index[0]!r} has {most:.0%} of all rows"
        once = float(np.mean(self.users == 1))
        if once > 0.5:
            yield f"{once:.0%} of the users have one interaction: nothing to learn from, nothing to test on"
        if self.same_moment > 0.5:
            yield f"{self.same_moment:.0%} of the rows share their time with another of their user: written in one go?"


@dataclass(frozen=True)
class Facts:
    """Triples, or a table of items, beside the interactions' items.

    Attributes:
        linked: share of interactions with an item that has a fact.
        relations: relation, or column -> how many facts.
        only_tails: items stand in triples, as tails alone.
        settings: for the item table: item, columns, split, bins, name.
    """

    source: str
    kind: str
    rows: int
    linked: float
    relations: pd.Series
    only_tails: bool = False
    settings: dict[str, object] = field(default_factory=dict)


def look_at_pairs(path: Path, named: dict[str, str], items: set[str], how: How) -> Pairs:
    """Interactions of a file.

    Args:
        named: columns that the caller knows.
        items: ids of items that other files know; tells users from items where names do not.

    Raises:
        InputError: it cannot be read, or has no two columns for users and items.
    """
    table, places = _open(path, how)
    columns = _columns(table, named, items, places)
    frame = {role: table.frame.iloc[:, place] for role, place in columns.items()}
    named_by = {role: place if places else str(table.frame.columns[place]) for role, place in columns.items()}
    wrong = ((frame["user"] == "") | (frame["item"] == "")).to_numpy(bool)
    numbers, times = None, None
    if "rating" in frame:
        numbers = as_numbers(frame["rating"])
        wrong = wrong | ~np.isfinite(numbers)
    if "timestamp" in frame:
        times = read_times(frame["timestamp"])
        wrong = wrong | times.wrong
    bad, total = int(wrong.sum()) + len(table.bad), len(wrong) + len(table.bad)
    if wrong.all() or bad > MOST_BAD * total:
        raise InputError(f"{path}: expected rows with {', '.join(columns)}, found {bad:,} of {total:,} without them")
    (user, users), (item, items_seen) = (_counted(frame[role], wrong) for role in ("user", "item"))
    span, same = (None, 0.0) if times is None else _in_time(times.time[~wrong], times.per_second, user)
    pair = np.sort(user * (len(items_seen) + 1) + item)
    return Pairs(
        str(path),
        table.kind,
        named_by,
        len(user),
        bad,
        users,
        items_seen,
        int(np.sum(pair[1:] == pair[:-1])),
        None if numbers is None else pd.Series(numbers[~wrong]).value_counts().sort_index(),
        span,
        same,
    )


def _counted(ids: pd.Series, wrong: np.ndarray) -> tuple[np.ndarray, pd.Series]:
    """Numbers in place of ids, int64 [rows], and how often each id occurs, the commonest first."""
    code, distinct = pd.factorize(ids[~wrong] if wrong.any() else ids)
    counts = pd.Series(np.bincount(code, minlength=len(distinct)), index=distinct)
    return code.astype(np.int64), counts.sort_values(ascending=False, kind="stable")


def _in_time(time: np.ndarray, per_second: int, user: np.ndarray) -> tuple[tuple[pd.Timestamp, pd.Timestamp], float]:
    """First and last time, and the share of rows whose user has another one at the same time."""
    first, last = (pd.Timestamp(int(one(time)) * (1_000_000 // per_second), unit="us") for one in (np.min, np.max))
    order = np.lexsort((time, user))
    alike = (user[order][1:] == user[order][:-1]) & (time[order][1:] == time[order][:-1])
    shared = np.append(alike, False) | np.append(False, alike)
    return (first, last), float(shared.mean())


def look_at_triples(table: RawTable, pairs: Pairs, entity_of: dict[str, str] | None) -> Facts:
    """Triples (columns head, relation, tail) beside the items; `entity_of` where items are no entities themselves."""
    heads, tails = set(table.frame["head"]), set(table.frame["tail"])
    own = pairs.items.index if entity_of is None else pairs.items.index.map(lambda item: entity_of.get(item, ""))
    is_head, is_tail = own.isin(heads), own.isin(tails)
    linked = float(pairs.items.to_numpy()[is_head | is_tail].sum() / pairs.items.sum())
    relations = table.frame["relation"].value_counts()
    return Facts(
        table.source, table.kind, len(table.frame), linked, relations, bool(is_tail.any() and not is_head.any())
    )


def look_at_items(path: Path, pairs: Pairs, how: How) -> Facts:
    """A table of items: which columns are facts, and how they are to be read."""
    table = open_table(path, "item_table", how=how)
    frame = table.frame
    share = {name: float(frame[name].isin(pairs.items.index).mean()) for name in frame.columns}
    item = max(share, key=lambda name: (share[name] > 0) * (1 + (plain(name) in ITEMS) + share[name]))
    if not share[item]:
        raise InputError(f"{path}: expected a column of items' ids, found none with an id of the interactions")
    name = next((one for one in frame.columns if plain(one).endswith(tuple(NAMES["name"])) and one != item), None)
    columns: list[str] = []
    splits: list[str] = []
    bins: dict[str, int] = {}
    for one in frame.columns:
        if one in (item, name) or one == "":
            continue
        values = frame[one][frame[one] != ""]
        split = (
            " "
            if one.endswith(":token_seq")
            else next((mark for mark in SPLITS if values.str.contains(mark, regex=False).mean() > 0.2), None)
        )
        parts = values.str.split(split, regex=False).explode() if split else values
        number = len(values) > 0 and split is None and bool(np.isfinite(as_numbers(values)).all())
        if len(values) == 0 or (parts.nunique() > 0.5 * len(parts) and not number) or parts.nunique() < 2:
            continue  # nearly every item has a value of its own, or all have the same: nothing to learn from
        columns.append(one)
        splits += [split] if split else []
        bins |= {one: 10} if number and values.nunique() > 20 else {}
    linked = pairs.items.index.isin(frame[item][(frame[columns] != "").any(axis=1)]) if columns else np.zeros(1, bool)
    settings: dict[str, object] = {"item": item, "columns": columns}
    settings |= {"split": splits[0].strip() or splits[0]} if splits else {}
    settings |= ({"bins": bins} if bins else {}) | ({"name": name} if name else {})
    relations = pd.Series({one: int((frame[one] != "").sum()) for one in columns}, dtype="int64")
    share_linked = float(pairs.items.to_numpy()[linked].sum() / pairs.items.sum()) if columns else 0.0
    return Facts(table.source, table.kind, len(frame), share_linked, relations, settings=settings)


def _open(path: Path, how: How) -> tuple[RawTable, bool]:
    """The table, and whether it has no header: no word of its first line is known, and a number, or what stands there
    again below, is no name of a column."""
    table = open_table(path, "interactions", how=how)
    words = {plain(str(name)) for name in table.frame.columns}
    if words & {*USERS, *ITEMS, *RATINGS, *TIMES} or not table.first_line:
        return table, False
    again = (table.frame.iloc[:SAMPLE, place] == name for place, name in enumerate(table.frame.columns))
    if any(str(name).replace(".", "", 1).isdigit() for name in table.frame.columns) or any(map(np.any, again)):
        return open_table(path, "interactions", how=how._replace(places=True)), True
    return table, False


def _columns(table: RawTable, named: dict[str, str], items: set[str], places: bool) -> dict[str, int]:
    """Role -> place of its column, by the given names, by known words, else by what stands there."""
    names, found = [str(name) for name in table.frame.columns], {}
    for role, name in named.items():
        if name not in names:
            raise InputError(f"{table.source}: expected a column {name!r} (--{role}), found {', '.join(names)}")
        found[role] = names.index(name)
    words = [plain(name) for name in names]
    for role, known in (("user", USERS), ("item", ITEMS), ("rating", RATINGS), ("timestamp", TIMES)):
        place = next((words.index(word) for word in known if word in words), None)
        if place is None:  # "customername", "bookrating"
            place = next((n for n, word in enumerate(words) if word.endswith(tuple(w for w in known if w[1:]))), None)
        if role not in found and place is not None and not places and place not in found.values():
            found[role] = place
    sample = table.frame.head(SAMPLE)
    left = [place for place in range(len(names)) if place not in found.values() and not _counts_rows(sample, place)]
    if places or {"user", "item"} - set(found):
        _by_content(sample, found, left, items)
    if {"user", "item"} - set(found):
        raise InputError(
            f"{table.source}: expected columns of users and of items (--user, --item), found {', '.join(names)}"
        )
    return {role: found[role] for role in ("user", "item", "rating", "timestamp") if role in found}


def _by_content(sample: pd.DataFrame, found: dict[str, int], left: list[int], items: set[str]) -> None:
    """Times are large numbers or dates, ratings few numbers; users stand before items, unless items are known."""
    for place in list(left):
        values = sample.iloc[:, place]
        numbers = as_numbers(values)
        is_number = bool(np.isfinite(numbers).all())
        times = read_times(values) if not is_number or np.median(numbers) > LARGE_TIME else None
        if "timestamp" not in found and times is not None and not times.wrong.any() and len(left) > 2:
            found["timestamp"] = place
        elif "rating" not in found and is_number and values.nunique() < min(MANY, len(sample)) and place > 1:
            found["rating"] = place
        else:
            continue
        left.remove(place)
    for role in ("user", "item"):
        if role not in found and left:
            found[role] = left.pop(0)
    if items and {"user", "item"} <= set(found):
        known = {role: sample.iloc[:, found[role]].isin(items).mean() for role in ("user", "item")}
        if known["user"] > known["item"]:
            found["user"], found["item"] = found["item"], found["user"]


def _counts_rows(sample: pd.DataFrame, place: int) -> bool:
    """Whether a column is only the number of the row, as pandas writes its index."""
    numbers = as_numbers(sample.iloc[:, place])
    return len(numbers) > 2 and bool(np.isfinite(numbers).all() and np.all(np.diff(numbers) == 1))
