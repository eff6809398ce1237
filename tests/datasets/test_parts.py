"""A text that comes in parts is read as if it had come whole, whatever the parts."""

import io
from pathlib import Path

import pandas as pd
import pytest

from tfkgrec.data.readers.text import Text
from tfkgrec.datasets.own_files.columns import TRIPLES
from tfkgrec.datasets.own_files.sources import open_table, tables_of

RATINGS = 'user,item,stars\nann,"a, ""b""",4\nbob,"two\nlines",5\n\nbad\ncy,"c\n\nd",1\ndee,é,2\n,x,3,4\neve,f,5\n'
FACTS = "\n".join(f"i{n}\tgenre\tg{n % 3}" for n in range(9)) + "\n\nbroken\ni9\tgenre\tg0"


@pytest.mark.parametrize("size", [1, 7, 40, 1000])
@pytest.mark.parametrize("text, columns", [(RATINGS, None), (FACTS, TRIPLES), (RATINGS.replace("\n", "\r\n"), None)])
def test_parts_are_the_whole(text: str, columns: dict | None, size: int, tmp_path: Path) -> None:
    path, role = tmp_path / ("x.csv" if columns is None else "x.tsv"), "triples" if columns else "interactions"
    path.write_bytes(text.encode())
    whole = open_table(path, role, columns)
    texts = list(Text.parts(path, io.BytesIO(text.encode()), size=size))
    tables = list(tables_of(_joined(texts), path.suffix, role, columns))
    assert len(tables) > 1 or size == 1000
    pd.testing.assert_frame_equal(pd.concat([table.frame for table in tables]), whole.frame)
    assert [row for table in tables for row in table.bad] == list(whole.bad)


def _joined(texts: list[Text]):
    """The first part holds enough to see what the text is like, as parts of megabytes do."""
    first, rest = texts[0], texts[1:]
    while rest and first.content.count(b"\n") < 3:
        first, rest = Text(first.path, first.content + rest[0].content, first.lines_before), rest[1:]
    yield first
    yield from rest
