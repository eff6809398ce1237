"""Which users a file names: the column of users of a table of any kind, or an id on every line."""

from pathlib import Path

from tfkgrec.datasets.own_files.columns import USERS
from tfkgrec.datasets.own_files.sources import open_table


def read_users(path: Path) -> list[str]:
    """Their raw ids, each once, in the file's order."""
    table = open_table(path, "users", {"user": USERS})
    users: list[str] = table.frame["user"].drop_duplicates().tolist()
    return users
