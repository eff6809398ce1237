"""From what one's own files hold to a config that runs: which protocol, which model, and the sentence why."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from tfkgrec import registry
from tfkgrec.datasets.own_files.inspect import Facts, Pairs, look_at_items, look_at_pairs, look_at_triples
from tfkgrec.datasets.own_files.read import read_links, read_triples
from tfkgrec.datasets.own_files.settings import FilesSettings
from tfkgrec.datasets.own_files.sources import How

FEW = 8  # interactions of a user in the middle, below which users are told from their items' facts
LONG = 10  # of those that a sequence is worth learning from


class Files(NamedTuple):
    """The files that `tfkgrec init` was given."""

    interactions: Path
    triples: Path | None = None
    item_table: Path | None = None
    item_links: Path | None = None
    item_names: Path | None = None


class Choice(NamedTuple):
    """A setting and the sentence why."""

    value: str | float | None
    why: str


class Chosen(NamedTuple):
    """What is to be set."""

    protocol: Choice
    model: Choice
    positive_at: Choice


def look(files: Files, given: Mapping[str, str], how: How) -> tuple[Pairs, Facts | None]:
    """What the files hold; `given` are columns of the interactions that the caller knows."""
    if files.triples is None:
        pairs = look_at_pairs(files.interactions, dict(given), set(), how)
        return pairs, None if files.item_table is None else look_at_items(files.item_table, pairs, how)
    triples = read_triples(files.triples, None, how)
    links = None if files.item_links is None else read_links(files.item_links, given.get("item", "item"), how)
    known = set(triples.frame["head"]) if links is None else set(links.frame["item"])
    pairs = look_at_pairs(files.interactions, dict(given), known, how)
    entities = None if links is None else dict(zip(links.frame["item"], links.frame["entity"], strict=True))
    return pairs, look_at_triples(triples, pairs, entities)


def choose(pairs: Pairs, facts: Facts | None, positive_at: float | None = None, model: str | None = None) -> Chosen:
    """Protocol, model and threshold for these data; `positive_at` and `model` where the caller knows them."""
    protocol = _protocol(pairs)
    if model is None:
        chosen = _model(protocol.value == "sequential", pairs, facts)
    else:
        chosen, spec = Choice(model, f"model {model}, as asked"), registry.model(model)
        if protocol.value not in spec.protocols:
            own = spec.protocols[0]
            asks = registry.protocol(own).asks
            protocol = Choice(own, f"protocol {own} ({asks}): that of the model")
    return Chosen(protocol, chosen, _positive_at(pairs, positive_at))


def _protocol(pairs: Pairs) -> Choice:
    if pairs.span is None:
        return Choice("ctr", "protocol ctr (will this user take this item?): there are no times to put items in order")
    if pairs.ratings is not None and len(pairs.ratings) > 1:
        return Choice("ctr", "protocol ctr (will this user take this item?): ratings tell what was liked")
    middle, of_items = (own.median() * (1 - pairs.repeats / pairs.rows) for own in (pairs.users, pairs.items))
    if min(middle, of_items) < LONG:  # fewer than the protocol's core has
        few = f"{middle:.0f} interactions of a user and {of_items:.0f} of an item in the middle"
        return Choice("ctr", f"protocol ctr (will this user take this item?): {few} are few for an order to be learned")
    if pairs.same_moment > 0.2:
        return Choice(
            "ctr", "protocol ctr (will this user take this item?): many times are shared, so the order says little"
        )
    return Choice(
        "sequential",
        f"protocol sequential (what comes next?): times and {middle:.0f} interactions of a user"
        " in the middle; data.protocol: ctr asks whether a user takes an item",
    )


def _model(sequential: bool, pairs: Pairs, facts: Facts | None) -> Choice:
    if facts is None or facts.linked < 0.05:
        what = "there are no facts" if facts is None else f"facts reach {facts.linked:.0%} of the interactions only"
        why = f"model mf (matrix factorisation): {what}, so a model of facts has nothing to read"
        return Choice("mf", why + ("; under protocol ctr" if sequential else ""))
    if sequential:
        return Choice("ksr", "model ksr: a recurrent network over the history, with a memory of facts for each user")
    middle = pairs.users.median()
    if middle < FEW:
        return Choice(
            "dink",
            f"model dink: with {middle:.0f} interactions of a user in the middle, what is known of"
            " their items' neighbours has to help; on such data (Book-Crossing) it is the best here",
        )
    return Choice(
        "hkrm",
        f"model hkrm: with {middle:.0f} interactions of a user in the middle it learns which facts"
        " they care for; on such data (MovieLens, Last.FM) it is the best here",
    )


def _positive_at(pairs: Pairs, given: float | None) -> Choice:
    ratings = pairs.ratings
    if ratings is None or len(ratings) < 2:
        if given is not None:
            return Choice(given, f"positive_at {given:g}, as asked")
        return Choice(
            None,
            "every row is a positive: " + ("there are no ratings" if ratings is None else "all ratings are the same"),
        )
    top, values = float(ratings.index.max()), ratings.index.to_numpy()
    value = given if given is not None else float(values[values >= 0.7 * top].min())
    share = ratings[ratings.index >= value].sum() / ratings.sum()
    if given is None and (len(ratings) > 30 or top > 100):
        return Choice(
            None,
            f"every row is a positive: numbers up to {top:g} count something, rather than rate it;"
            " --positive-at N says otherwise",
        )
    reason = "as asked" if given is not None else f"70% of the highest, {top:g}"
    return Choice(value, f"positive_at {value:g} ({reason}): {share:.0%} of the rows are positives")


def config_text(files: Files, pairs: Pairs, facts: Facts | None, chosen: Chosen, encoding: str, folder: Path) -> str:
    """A config with comments; its paths count from `folder`, where it will lie."""
    protocol = "ctr" if chosen.model.value == "mf" else chosen.protocol.value
    comments = {
        "protocol": chosen.protocol.why,
        "interactions": f"{pairs.rows:,} rows, {len(pairs.users):,} users, {len(pairs.items):,} items",
        "name": chosen.model.why,
        "positive_at": chosen.positive_at.why,
        "item_table": "columns that are facts; those with a value of its own for every item are left out",
        "inverse_relations": "items are tails of triples only, and a triple says something of its head",
    }
    data: dict[str, object] = {"dataset": "files", "protocol": protocol}
    data |= _sources(files, pairs, facts, chosen.positive_at.value, folder)
    if facts is not None and facts.only_tails:
        data["inverse_relations"] = True
    share = pairs.bad / (pairs.rows + pairs.bad)
    if share > FilesSettings.max_bad_rows:
        data["max_bad_rows"] = round(share + 0.005, 2)
        comments["max_bad_rows"] = f"{pairs.bad:,} rows of the interactions cannot be read and are left out"
    if encoding != "utf-8":
        data["encoding"] = encoding
    lines = ["# Written by tfkgrec init. Every setting that is not here has its default.", "model:"]
    lines += _setting("name", chosen.model.value, comments) + ["data:"]
    for key, value in data.items():
        lines += _setting(key, value, comments)
    return "\n".join(lines) + "\n"


def _sources(
    files: Files, pairs: Pairs, facts: Facts | None, positive_at: str | float | None, folder: Path
) -> dict[str, object]:
    """The files, by their way from `folder`, and what stands in them."""

    def path(file: Path) -> str:
        return os.path.relpath(file.resolve(), folder.resolve())

    unread = {"rating"} if positive_at is None else set()
    columns = {role: column for role, column in pairs.columns.items() if role not in unread}
    data: dict[str, object] = {"interactions": path(files.interactions), "columns": columns}
    if positive_at is not None:
        data["positive_at"] = _short(positive_at)
    for name in ("triples", "item_links", "item_names"):
        file = getattr(files, name)
        data |= {} if file is None else {name: path(file)}
    if files.item_table is not None and facts is not None:
        data["item_table"] = {"file": path(files.item_table), **facts.settings}
    return data


def _short(number: str | float) -> str | float:
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _setting(key: str, value: object, comments: dict[str, str]) -> list[str]:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1 << 30)
    comment = [f"  # {comments[key]}"] if key in comments else []
    return [*comment, f"  {key}: {text.partition(chr(10))[0]}"]
