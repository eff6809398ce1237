"""Whose CPU time it was: counted from two readings of /proc/stat, and a line where others took too much."""

from tfkgrec.benchmarks.other_work import Moment, OtherWork


def test_shares_of_the_time_between():
    before, after = Moment(100, 50, 1, 30), Moment(120, 64, 3, 40)
    found = OtherWork.between(before, after)
    assert (found.others, found.stolen) == (0.2, 0.1)  # of 14 busy seconds 10 were ours; of 20 the host took 2
    assert "other processes took 20% of the CPU time, the machine's host 10%" in found.warning
    assert OtherWork.between(before, Moment(120, 60.5, 1, 40)).warning is None
    assert OtherWork.between(None, None) == OtherWork(0.0, 0.0)


def test_a_line_of_proc_stat_is_read(tmp_path):
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 200 300 400 500 0 100 50 0 0\ncpu0 1 2 3\n")
    found = Moment.now(stat)
    assert (found.busy, found.stolen, found.whole) == (7.0, 0.5, 16.5)
    assert Moment.now(tmp_path / "none") is None
