"""Names for people, from files of (id, name)."""

import pandas as pd

from tfkgrec.data.readers.tables import RawTable


def names_of_entities(
    links: pd.DataFrame, given: pd.DataFrame, items: RawTable | None, entities: RawTable | None
) -> dict[str, str]:
    """Entity -> name. An item's own name counts, else that of an entity that it is linked to.

    Args:
        links: columns `item`, `entity`: which entity an item is here.
        given: the same, as the files have them: several items may be one entity.
        items, entities: columns `id`, `name`; blank names are none, of several of one id the last counts.
    """
    names = filled(entities)
    known = given.assign(name=given["entity"].map(names)).dropna().drop_duplicates("item")
    of_items = dict(zip(known["item"], known["name"], strict=True)) | filled(items)
    own = ((entity, of_items.get(item)) for item, entity in zip(links["item"], links["entity"], strict=True))
    return names | {entity: name for entity, name in own if name}


def filled(table: RawTable | None) -> dict[str, str]:
    """Id -> name of a table of them, blank names left out."""
    if table is None:
        return {}
    rows = table.frame[table.frame["name"] != ""]
    return dict(zip(rows["id"], rows["name"], strict=True))
