"""Cost of a step over the size of tables: what is asked, and a step that is timed."""

import pytest

from tfkgrec.benchmarks import growth
from tfkgrec.benchmarks.growth import GrowthJob
from tfkgrec.models.hkrm import model as hkrm


def test_dense_up_to_a_size_and_by_rows_beyond(monkeypatch):
    def measured(job: GrowthJob) -> growth.Row:
        figures = {"model": job.model, "rows": job.rows, "kind": job.kind, "ms_per_step": 7.0}
        cost = job.rows / 1000 if job.kind == "dense" else 1.0
        return {**figures, "cpu_ms_per_step": cost, "peak_memory_mb": 1, "compile_seconds": 1.0}

    monkeypatch.setattr(GrowthJob, "measure", measured)
    rows, text = growth.main(["--rows", "3000", "1000", "9000", "--dense-up-to", "3000"])
    found = [(row["kind"], row["rows"], row["times_the_first"]) for row in rows]
    dense, by_rows = ("dense", 1000, 1.0), [("by rows", size, 1.0) for size in (1000, 3000, 9000)]
    assert found == [dense, ("dense", 3000, 3.0), *by_rows]
    assert text.splitlines()[-1].split() == ["mf", "9,000", "by", "rows", "7.0", "1.0", "1.0", "1", "1.0"]


@pytest.mark.parametrize(("model", "kind"), [("mf", "dense"), ("mf", "by rows"), ("hkrm", "by rows")])
def test_a_step_is_timed(model, kind, monkeypatch):
    monkeypatch.setattr(hkrm, "WORTH_IT", hkrm.WORTH_IT)
    found = growth._work(GrowthJob(model, 200, kind, dim=4, batch_size=64, steps=2, jit_compile=False))
    assert min(found["ms_per_step"], found["peak_memory_mb"]) > 0
