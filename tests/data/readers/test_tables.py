"""Reading text: what counts as a line, a field and a number."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from tests.datasets.files import write
from tfkgrec.data.readers.text import find, find_optional, read_table
from tfkgrec.errors import InputError


def test_lines_are_counted_in_the_file(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "a.tsv", "\nx\ty\r\n1\t2\r\n\r\n3\t4"))
    assert table.frame.index.tolist() == [3, 5]
    assert table.frame.to_dict("list") == {"x": ["1", "3"], "y": ["2", "4"]}


def test_quotes_belong_to_csv_only(tmp_path: Path) -> None:
    quoted = read_table(write(tmp_path / "a.csv", 'x,y\n"1\n,2",3\n"say ""hi""",\n'), ",")
    assert quoted.frame.to_dict("list") == {"x": ["1\n,2", 'say "hi"'], "y": ["3", ""]}
    assert quoted.frame.index.tolist() == [2, 4]
    plain = read_table(write(tmp_path / "a.tsv", 'x\ty\n"1\t2\n'))
    assert plain.frame.to_dict("list") == {"x": ['"1'], "y": ["2"]}


def test_text_stays_text(tmp_path: Path) -> None:
    frame = read_table(write(tmp_path / "a.tsv", "x\ty\nNA\t007\nnull\t1e5\n")).frame
    assert frame.to_dict("list") == {"x": ["NA", "null"], "y": ["007", "1e5"]}


def test_byte_order_mark_and_encoding(tmp_path: Path) -> None:
    assert read_table(write(tmp_path / "a.tsv", "\ufeffx\ty\n1\t2\n")).frame.columns.tolist() == ["x", "y"]
    path = write(tmp_path / "b.tsv", "x\ty\n1\té\n", encoding="latin-1")
    assert read_table(path, encoding="latin-1").frame["y"].tolist() == ["é"]
    with pytest.raises(InputError, match="b.tsv:2: expected utf-8 text, found byte 0xe9"):
        read_table(path)


def test_plain_and_packed_are_the_same(tmp_path: Path) -> None:
    plain = read_table(write(tmp_path / "a.tsv", "x\ty\n1\t2\n"))
    packed = read_table(write(tmp_path / "b.tsv.gz", "x\ty\n1\t2\n"))
    assert plain.frame.equals(packed.frame)
    assert find(tmp_path, "b.tsv") == tmp_path / "b.tsv.gz"
    assert find_optional(tmp_path, "c.tsv") is None


def test_header_to_leave_out(tmp_path: Path) -> None:
    """Freebase's item list has two names above three columns."""
    table = read_table(write(tmp_path / "a.txt", "p q\n1 2 3\n"), " ", ["a", "b", "c"], header=True)
    assert table.frame.to_dict("list") == {"a": ["1"], "b": ["2"], "c": ["3"]}


def test_numbers(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "a.tsv", "x\ty\n1\t-2.5\n3\t1e2\n"))
    np.testing.assert_array_equal(table.numbers("y"), [-2.5, 100])
    with pytest.raises(InputError, match="a.tsv:2: expected a whole number in column 'y', found '-2.5'"):
        table.whole_numbers("x", "y")


@pytest.mark.parametrize(
    "text, message",
    [
        ("x,y\n1,2\n1,2,3\n", "a.csv:3: expected 2 fields as in the header, found 3"),
        ('x,y\n"1,2",3\n"1"\n', "a.csv:3: expected 2 fields as in the header, found 1"),
        ('x,y\n1,2\n"open,3\n4,5\n', "a.csv:3: expected a quote that ends, found one that nothing closes"),
        (" \n\n", "a.csv: expected rows of text, found an empty file"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_table(write(tmp_path / "a.csv", text), ",")
    assert str(caught.value) == f"{tmp_path}/{message}"


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-9], lambda b: b[:30], lambda b: b"plain text", lambda b: b[:40] + b"??" + b[42:]]
)
def test_damaged_gz(tmp_path: Path, damage) -> None:
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(damage(gzip.compress("\n".join(f"{i}\t{i * i}" for i in range(999)).encode())))
    with pytest.raises(InputError, match="a.tsv.gz: expected a whole gzip file, found a truncated or damaged one"):
        read_table(path)


def test_folder_in_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a readable file, found: Is a directory"):
        read_table(tmp_path)
