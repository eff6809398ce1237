"""What reading costs over the size of files: figures of a small one, and the slope."""

from tfkgrec.benchmarks import reading


def test_files_are_read_and_timed(tmp_path):
    reading.write_files(tmp_path, 2000)
    lines = (tmp_path / "interactions.csv").read_text().splitlines()
    assert lines[0] == "user,item,rating,timestamp" and len(set(lines)) == len(lines) > 1000
    row = reading._work(tmp_path)
    assert row.keys() == {*reading.COLUMNS} - {"format", "rows", "slope"} and row["peak_memory_mb"] > 0


def test_a_slope_of_two_is_quadratic():
    assert reading._slope({"rows": 10, "cpu_s": 1.0}, {"rows": 100, "cpu_s": 100.0}) == 2.0
