"""Facts and names from a table with a row for every item: its genres, its director, its year."""

import re
from typing import NamedTuple

import pandas as pd

from tfkgrec.data.readers.tables import RawTable
from tfkgrec.datasets.own_files.settings import ItemTable

TYPE = re.compile(r":(token|float)(_seq)?$")  # RecBole's, behind the name of a column


class Facts(NamedTuple):
    """What the table says.

    Attributes:
        rows: columns `item`, `relation` (the column's name), `tail` ("column:value", so that a year is no page count).
        tail_names: tail -> the value alone, for people.
        item_names: item -> its name, where `ItemTable.name` names a column of them.
    """

    rows: pd.DataFrame
    tail_names: dict[str, str]
    item_names: dict[str, str]

    def names(self, links: pd.DataFrame) -> dict[str, str]:
        """Entity -> name, of the values and of the items; `links` tells which entity an item is."""
        entity = dict(zip(links["item"], links["entity"], strict=True))
        return self.tail_names | {entity[item]: name for item, name in self.item_names.items() if item in entity}


def read_facts(table: RawTable, settings: ItemTable) -> Facts:
    """The facts of a table; blank fields and values are none.

    Raises:
        InputError: a column is not there, or a number to be binned is none.
    """
    key = "data.item_table"
    item = table.select(key, item=settings.item).frame["item"]
    parts = []
    for column in settings.columns:
        values = table.column(column, f"{key}.columns").str.strip()
        if column in (settings.bins or {}):
            filled = RawTable(table.source, table.frame[values != ""])
            numbers = pd.Series(filled.numbers(column, f"{key}.bins"), index=filled.frame.index)
            values = _binned(numbers, (settings.bins or {})[column]) if len(numbers) else filled.frame[column]
        elif settings.split:
            values = values.str.split(settings.split, regex=False).explode().str.strip()
        values = values[values != ""]
        relation = TYPE.sub("", column)
        parts.append(pd.DataFrame({"item": item[values.index], "relation": relation, "tail": values.astype(object)}))
    rows = pd.concat(parts, ignore_index=True).drop_duplicates()
    tails = rows["relation"] + ":" + rows["tail"]
    names = {} if settings.name is None else dict(zip(item, table.column(settings.name, f"{key}.name"), strict=True))
    return Facts(
        rows.assign(tail=tails),
        dict(zip(tails, rows["tail"], strict=True)),
        {one: name for one, name in names.items() if name},
    )


def _binned(numbers: pd.Series, bins: int) -> pd.Series:
    """The quantile that each number is in, as "1990 to 1999"; as many as there are, where numbers repeat."""
    quantile = pd.qcut(numbers.rank(method="average"), bins, labels=False, duplicates="drop")
    low, high = (numbers.groupby(quantile).transform(which) for which in ("min", "max"))
    return low.map("{:g}".format) + " to " + high.map("{:g}".format)
