"""XLA on and off: the same losses, and which was faster."""

from tfkgrec.benchmarks import xla
from tfkgrec.benchmarks.speed import SpeedJob


def test_losses_are_the_same_with_and_without():
    small = (
        "data.synthetic.users=60",
        "data.synthetic.items=40",
        "training.batch_size=128",
        "training.items_per_user=4",
    )
    row = xla._work(SpeedJob("hkrm", "synthetic", 0.0, overrides=small))
    assert 0 < row.largest_difference < 1e-4  # two programs, not one twice
    assert min(row.xla_ms, row.plain_ms, row.xla_start_s, row.plain_start_s) > 0


def test_what_was_faster_is_kept_under_the_name_that_keras_knows(monkeypatch, tmp_path):
    took = {"mf": (1.0, 2.0), "dink": (3.0, 2.0)}
    kept = {}
    monkeypatch.setattr(
        xla, "measure", lambda model, *_: xla.XlaRow(model, "synthetic", "cpu", 0.0, *took[model], 9.0, 1.0)
    )
    monkeypatch.setattr("tfkgrec.training.xla_choice.write_choices", kept.update)
    rows, text = xla.main(["--models", "mf", "dink"])
    assert kept == {} and [row["xla_ms"] for row in rows] == [1.0, 3.0] and "0.67" in text
    xla.main(["--models", "mf", "dink", "--write"])
    assert kept == {("cpu", "tfkgrec>MatrixFactorization"): True, ("cpu", "tfkgrec>DINK"): False}
