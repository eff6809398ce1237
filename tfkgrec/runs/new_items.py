"""Items that a finished run has never met, and what is known of them: its model takes them in without training.

Nothing is needed but the run and two tables; the run stays as it is.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from tfkgrec import registry
from tfkgrec.config import Config
from tfkgrec.data.records import IdMap, KnowledgeGraph
from tfkgrec.datasets.own_files.bad_rows import settle
from tfkgrec.datasets.own_files.columns import ITEMS as ITEM_WORDS
from tfkgrec.datasets.own_files.columns import NAMES, plain
from tfkgrec.datasets.own_files.read import read_triples
from tfkgrec.datasets.own_files.settings import FilesSettings
from tfkgrec.datasets.own_files.sources import AS_FOUND, How, Source, open_table
from tfkgrec.errors import InputError
from tfkgrec.models.growth import NewItems
from tfkgrec.runs.id_files import (
    ENTITIES,
    ENTITY_NAMES,
    ITEMS,
    RELATION_NAMES,
    RELATIONS,
    USER_NAMES,
    USERS,
    read_graph,
    read_texts,
    write_facts,
    write_texts,
)
from tfkgrec.runs.served import Served
from tfkgrec.runs.version_0_1 import read_config

COLUMNS = {"item": ("id", *ITEM_WORDS), "name": NAMES["name"], "entity": ("entity",)}
"""Of a table of items -> words that headers use; only the first has to be there."""
DRAWS = 13  # the purpose of what is drawn among facts


class Grown(NamedTuple):
    """A run's model with new items.

    Attributes:
        served: the model, and what goes with it.
        first: number of the first new item, which the others follow.
        report: what there is to say of the tables, for people.
    """

    served: Served
    first: int
    report: tuple[str, ...]


class _World(NamedTuple):
    """Raw ids and names, place 0 empty, items the first entities; and the triples."""

    items: np.ndarray
    entities: np.ndarray
    entity_names: np.ndarray
    relations: np.ndarray
    relation_names: np.ndarray
    graph: KnowledgeGraph

    @classmethod
    def read(cls, folder: Path) -> "_World":
        graph = read_graph(folder)
        files = (ITEMS, ENTITIES, ENTITY_NAMES, RELATIONS, RELATION_NAMES)
        items, entities, names, relations, called = (np.array(["", *read_texts(folder / f)], object) for f in files)
        return cls(items, entities, names, relations, called, graph)


def grow(served: Served, items: Source, triples: Source, folder: Path) -> Grown:
    """The served model with those of `items` that it does not know and of which the triples say something it knows.

    Args:
        items: a table with a column of ids, and perhaps one of names, and one of entities: what the triples call the
            item, where that is not its id.
        triples: head, relation, tail, read as the run's own were.
        folder: gets the vocabularies of the larger model.

    Raises:
        InputError: a model to which items are what training learned of them, an older run, or no such item.
    """
    spec = registry.model(served.name)
    if spec.grow is None:
        can = ", ".join(name for name, other in registry.models().items() if other.grow)
        found = f"found {spec.name}, to which an item is what training learned of it"
        raise InputError(f"{served.run.path}: expected a model that can do with an item's facts ({can}), {found}")
    world, config = _World.read(served.run.vocabularies), read_config(served.run.config)
    rows, report = _strangers(_read_items(items), world, _called(items, "items"))
    facts = _facts(_read_triples(triples, config), rows, world)
    told = rows["entity"].isin(facts["head"][facts["known"]])
    if not told.any():
        raise InputError(
            f"{_called(triples, 'triples')}: expected facts of new items that the model knows of others, found none"
        )
    if not told.all():
        report.append(f"left out: {_count(~told, 'item')} of which no fact is known to the model")
    rows, facts = rows[told], facts[facts["head"].isin(rows["entity"][told])]
    if not facts["known"].all():
        report.append(f"{_count(~facts['known'], 'fact')} of what the model has never met: for conditions only")
    larger, before = _with(world, rows, facts), len(world.items) - 1
    new = NewItems(before, len(rows), _met(larger, world, len(rows)), np.random.default_rng(_seed(config)))
    model = registry.load(spec.grow)(served.model, new)
    _write(folder, served.run.vocabularies, larger)
    return Grown(served._replace(model=model), before + 1, tuple(report))


def _count(which: pd.Series, what: str) -> str:
    """ "1 item", "1,024 items"."""
    return f"{which.sum():,} {what}{'' if which.sum() == 1 else 's'}"


def _called(source: Source, role: str) -> str:
    return str(source) if isinstance(source, str | Path) else f"{role} (data frame)"


def _seed(config: Config) -> list[int]:
    return [config.training.seed, DRAWS]


def _read_items(source: Source) -> pd.DataFrame:
    """Columns item, name, entity; each item once, without a name its entity's, without an entity its own."""
    table = open_table(source, "items")
    words = {plain(str(field)): field for field in table.frame}
    found = {name: words[word] for name, own in COLUMNS.items() for word in reversed(own) if word in words}
    if "item" not in found:
        table = open_table(source, "items", {"item": COLUMNS["item"]})  # an id on every line, or a message
        found = {"item": "item"}
    settle([table], 0.0)
    frame = table.frame[list(found.values())].set_axis(list(found), axis=1)
    frame = frame[frame["item"] != ""].drop_duplicates("item", keep="last").reset_index(drop=True)
    entity = frame.get("entity", frame["item"]).where(lambda own: own != "", frame["item"])
    name = frame.get("name", entity).where(lambda own: own != "", entity)
    return pd.DataFrame({"item": frame["item"], "name": name, "entity": entity})


def _read_triples(source: Source, config: Config) -> pd.DataFrame:
    """Columns head, relation, tail, with the inverses where the run has them."""
    own = config.data.source if isinstance(config.data.source, FilesSettings) else None
    how = AS_FOUND if own is None else How(own.encoding, own.separator)
    table = read_triples(source, None if own is None else own.triple_columns, how)
    settle([table], 0.0 if own is None else own.max_bad_rows)
    said = table.frame[["head", "relation", "tail"]]
    if config.data.inverse_relations:
        back = said.rename(columns={"head": "tail", "tail": "head"}).assign(relation="inverse " + said["relation"])
        said = pd.concat([said, back])
    return said


def _strangers(rows: pd.DataFrame, world: _World, source: str) -> tuple[pd.DataFrame, list[str]]:
    """The items that the model does not know."""
    known = rows["item"].isin(world.items)
    if known.all():
        raise InputError(f"{source}: expected items that the run does not know, found none among {len(rows):,}")
    taken = rows["entity"].duplicated(keep=False) | rows["entity"].isin(world.entities[: len(world.items)])
    if (~known & taken).any():
        found = rows["entity"][~known & taken].iloc[0]
        raise InputError(f"{source}: expected an entity of its own for each new item, found {found!r} for several")
    return rows[~known], [f"known already, and as they were: {_count(known, 'item')}"] * bool(known.any())


def _facts(said: pd.DataFrame, rows: pd.DataFrame, world: _World) -> pd.DataFrame:
    """What is said of the new items, head, relation, tail, and whether the model knows it of others (`known`).

    The run's own graph may have an entity that is an item now: what it says of that counts, too.
    """
    graph = world.graph
    was = graph.head[np.isin(world.entities[graph.head], rows["entity"].to_numpy())]
    own = np.isin(graph.head, was)
    before = {
        "head": world.entities[graph.head[own]],
        "relation": world.relations[graph.relation[own]],
        "tail": world.entities[graph.tail[own]],
    }
    facts = pd.concat([said[said["head"].isin(rows["entity"])], pd.DataFrame(before, dtype="str")]).drop_duplicates()
    met = facts["tail"].isin(world.entities) | facts["tail"].isin(rows["entity"])
    return facts.assign(known=facts["relation"].isin(world.relations) & met)


def _with(world: _World, rows: pd.DataFrame, facts: pd.DataFrame) -> _World:
    """With the new items behind the others, and what nobody has met behind everything."""
    before = len(world.items)

    def inserted(known: np.ndarray, new: pd.Series) -> np.ndarray:
        return np.concatenate([known[:before], new.to_numpy(object), known[before:]])

    entities = inserted(world.entities, rows["entity"])
    strange = facts["tail"][~facts["tail"].isin(entities)].unique()
    relations = np.concatenate([world.relations, facts["relation"][~facts["relation"].isin(world.relations)].unique()])
    entities = np.concatenate([entities, strange])
    graph, numbers = world.graph, IdMap("entity", entities)
    head, tail = (
        np.concatenate([np.where(old < before, old, old + len(rows)), numbers.encode(facts[side])])
        for side, old in (("head", graph.head), ("tail", graph.tail))
    )
    relation = np.concatenate([graph.relation, IdMap("relation", relations).encode(facts["relation"])])
    return _World(
        np.concatenate([world.items, rows["item"].to_numpy(object)]),
        entities,
        np.concatenate([inserted(world.entity_names, rows["name"]), strange]),
        relations,
        np.concatenate([world.relation_names, relations[len(world.relations) :]]),
        KnowledgeGraph(head, relation, tail, len(entities), len(relations)),
    )


def _met(larger: _World, world: _World, count: int) -> KnowledgeGraph:
    """Its triples whose relation and entities the model has met."""
    graph, entities, relations = larger.graph, len(world.entities) + count, len(world.relations)
    met = (graph.relation < relations) & (graph.tail < entities)
    return KnowledgeGraph(graph.head[met], graph.relation[met], graph.tail[met], entities, relations)


def _write(folder: Path, own: Path, larger: _World) -> None:
    """The vocabularies of an export (`tfkgrec/savedmodel/vocabularies.py`)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (USERS, USER_NAMES):
        if (own / name).exists():
            shutil.copy(own / name, folder / name)
    for name, texts in (
        (ITEMS, larger.items),
        (ENTITY_NAMES, larger.entity_names),
        (RELATION_NAMES, larger.relation_names),
    ):
        write_texts(folder / name, texts[1:])
    write_facts(folder, larger.graph, len(larger.items) - 1, larger.entity_names, larger.relation_names)
