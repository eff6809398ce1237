"""tools/trust.py: some of its cases in every run of the suite, and that it would notice a fault."""

import numpy as np
import pandas as pd
import pytest
import yaml

import trust_mutate
from tfkgrec.data.readers.times import read_times
from tfkgrec.datasets.own_files import sources
from tfkgrec.datasets.own_files.read import read_files
from tfkgrec.datasets.own_files.settings import ItemTable
from tfkgrec.errors import InputError
from tfkgrec.runs import first_config
from trust_mutate import REFUSED, WORKS, judged, mutated, run_case
from trust_worlds import worlds

WORLDS = list(worlds())


def test_mutated_files_are_read_or_refused_in_one_line(tmp_path):
    seen = set()
    for case in range(3 * len(WORLDS)):
        (tmp_path / str(case)).mkdir()
        outcome = run_case(case, 17, WORLDS, tmp_path / str(case))
        assert not outcome.fault, outcome
        seen.add(outcome.kind)
    assert seen == {WORKS, REFUSED}


def test_a_fault_would_be_seen(monkeypatch):
    def broken(path):
        raise KeyError("a fault of ours")

    def two_lines(path):
        print("error: once", file=trust_mutate.sys.stderr)
        raise InputError("twice")

    monkeypatch.setitem(trust_mutate.DOORS, "users", broken)
    monkeypatch.setitem(trust_mutate.DOORS, "space", two_lines)
    assert judged(["users", "x"])[0] == "traceback"
    assert judged(["space", "x"])[0] not in (WORKS, REFUSED)


def test_a_case_is_the_same_whatever_ran_before_it():
    one, other = (mutated("r.csv", b"a,b\n1,2\n", np.random.default_rng([0, 5])) for _ in range(2))
    assert one == other


# --- what it found ---------------------------------------------------------------------------------------------------

PAIRS = pd.DataFrame({"user": ["u", "v"], "item": ["i", "j"]})


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf", b"\x1f\n", b"\xff\xfe", "\u2028\n".encode(), "\ufeff\ufeff".encode()]
)
def test_a_file_of_nothing_but_blanks(tmp_path, content):
    (tmp_path / "r.csv").write_bytes(content)
    with pytest.raises(InputError, match="r.csv: expected rows of text, found an empty file"):
        read_files(tmp_path / "r.csv", None)


def test_a_file_of_one_empty_field(tmp_path):
    (tmp_path / "r.csv").write_text('""')
    with pytest.raises(InputError, match="r.csv: expected rows with fields, found none"):
        read_files(tmp_path / "r.csv", None)


def test_a_folder_of_everything_is_no_folder_of_data(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MOST_FILES", 2)
    for n in range(3):
        (tmp_path / f"{n}.csv").write_text("user,item\nu,i\n")
    with pytest.raises(InputError, match="expected 2 files at most in this folder, found more"):
        read_files(tmp_path, None)
    (tmp_path / "2.csv").unlink()
    assert len(read_files(tmp_path, None).interactions) == 1


def test_a_column_to_be_binned_that_is_blank():
    items = PAIRS[["item"]].assign(year="", genre="noir")
    table = ItemTable(item="item", columns=("year", "genre"), bins={"year": 2})
    raw = read_files(PAIRS, None, item_table=table, item_table_source=items)
    assert set(raw.triples["relation"]) == {"genre"}


@pytest.mark.parametrize("weight", ["1e39", "1e-50"])
def test_a_weight_beyond_32_bits_is_a_bad_row(weight):
    with pytest.raises(InputError, match="expected a number above 0 in column 'w'"):
        read_files(PAIRS.assign(w=["1", weight]), None, weight="w")


def test_no_times_at_all():
    assert read_times(pd.Series([], dtype="str")).time.tolist() == []


def test_texts_of_a_parquet_file_that_are_no_utf_8(tmp_path):
    PAIRS.assign(user=["uuuuuuuu", "vvvvvvvv"]).to_parquet(tmp_path / "r.parquet", compression=None)
    content = (tmp_path / "r.parquet").read_bytes()
    (tmp_path / "r.parquet").write_bytes(content.replace(b"uuuuuuuu", b"uuuu\xffuuu"))
    with pytest.raises(InputError, match="expected a Parquet file, found"):
        read_files(tmp_path / "r.parquet", None)


@pytest.mark.parametrize("name", ["g" * 5000, "a: b", "? x", "# no", "\u2028", "'"])
def test_init_writes_settings_that_yaml_reads_whatever_a_column_is_called(name):
    columns = {"columns": [name, "year"], "bins": {name: 3}}
    assert yaml.safe_load("\n".join(first_config._setting("item_table", columns, {}))) == {"item_table": columns}
