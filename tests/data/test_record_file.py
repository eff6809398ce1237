"""Records come back as they were; a file names no class but records of ours."""

import json

import numpy as np
import pyarrow as pa
import pytest

from tfkgrec.data.record_file import TREE, read_record, write_record
from tfkgrec.data.records import BadRow, IdMap
from tfkgrec.errors import InputError


def test_all_that_a_record_may_hold_comes_back(tmp_path):
    file = tmp_path / "one.npz"
    raw = np.array(["", "a\0b", "\u00e9\u2028", "l\nm"], object)
    table = pa.table({"x": [1, None], "y": ["a", "b"]})
    write_record(
        file, (IdMap("item", raw), BadRow("f:1", "p", "t"), {"t": table}, None, 1.5, True, np.int64(3), "s", ())
    )
    ids, bad, tables, *rest = read_record(file)
    assert (ids.kind, ids.raw.tolist(), ids.raw.dtype) == ("item", raw.tolist(), object)
    assert bad == BadRow("f:1", "p", "t") and tables["t"].equals(table)
    assert rest == [None, 1.5, True, 3, "s", ()]
    write_record(file, np.arange(6, dtype=np.int32).reshape(2, 3))
    assert read_record(file).dtype == np.int32 and read_record(file).tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("record", ["os:system", "tfkgrec.files:write_text", "tfkgrec.cli:CommandParser"])
def test_nothing_but_records_of_ours_is_made(record, tmp_path):
    tree = json.dumps({"record": record, "fields": {"command": "ls"}}).encode()
    np.savez(tmp_path / "bad.npz", **{TREE: np.frombuffer(tree, np.uint8)})
    with pytest.raises(InputError, match="is no record"):
        read_record(tmp_path / "bad.npz")
    with pytest.raises(TypeError, match="expected a record of tfkgrec"):
        write_record(tmp_path / "out.npz", object())
    assert not (tmp_path / "out.npz").exists()
