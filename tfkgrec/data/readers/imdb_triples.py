"""Films with their genres, directors and actors, as triples: what RKGE and RKAN take from IMDb."""

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from tfkgrec.data.readers.tables import RawTable

RELATIONS = {"genre": "genre", "director": "directed by", "actor": "starring"}
"""Relation -> its name for people."""

MISSING = "N/A"


def credit_triples(films: Iterable[tuple[str, Mapping[str, str]]], source: str) -> tuple[RawTable, dict[str, str]]:
    """Triples (film, relation, genre or person), and the names of genres and persons.

    A person is one entity, whatever they did: a film may lead from its director to a film that they play in. Genres are
    entities apart.

    Args:
        films: raw item id, and relation -> names separated by commas; "N/A" and empty ones are left out.
        source: of the table, for messages.
    """
    rows, names = [], {}
    for item, lists in films:
        for relation, text in lists.items():
            for name in _names(text):
                kind = "genre" if relation == "genre" else "person"
                names[f"{kind}:{name}"] = name
                rows.append((item, relation, f"{kind}:{name}"))
    return RawTable(source, pd.DataFrame(rows, columns=["head", "relation", "tail"])), names


def _names(text: str) -> Iterator[str]:
    """The distinct names of a list, in its order."""
    stripped = (name.strip() for name in text.split(","))
    return (name for name in dict.fromkeys(stripped) if name and name != MISSING)
