"""Rows of a database, by a query on any that SQLAlchemy knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from tfkgrec.errors import InputError


def query(address: str, role: str, text: str) -> pd.DataFrame:
    """What a query gives.

    Args:
        address: such as `sqlite:///shop.db` or `postgresql+psycopg://user@host/shop`.
        role: which of `data.queries` it is, for messages.

    Raises:
        InputError: there is no such database, or it refuses the query.
    """
    try:
        import sqlalchemy
    except ImportError:
        wanted = "SQLAlchemy for queries, found none: pip install 'tfkgrec[sql]'"
        raise InputError(f"data.database: expected {wanted}") from None
    with _in_one_line("data.database: expected a database that answers"):
        file = sqlalchemy.make_url(address).database
        if address.startswith("sqlite") and file and not Path(file).exists():  # SQLite would make one
            raise FileNotFoundError(f"no file {file}")
        connection = sqlalchemy.create_engine(address).connect()
    with connection, _in_one_line(f"data.queries.{role}: expected a query that the database takes"):
        return pd.read_sql(sqlalchemy.text(text), connection)


@contextmanager
def _in_one_line(expected: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # SQLAlchemy's own, and whatever its drivers raise
        found = " ".join(str(error).split("\n")[0].split())[:160]
        raise InputError(f"{expected}, found: {found}") from None
