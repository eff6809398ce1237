"""Counts of training positives, weighed: a baseline, and what fusion adds to learned models."""

from tfkgrec.models.counts.settings import CountsSettings
from tfkgrec.registry import Citation, ModelSpec

SPEC = ModelSpec(
    name="counts",
    title="Counts",
    summary="popularity, factors of who takes what, and what history and item have in common, weighed on validation",
    explains="how much popularity, like items and each shared fact add, which sums to the logit",
    citation=Citation(
        "P. Cremonesi, Y. Koren, R. Turrin",
        "Performance of Recommender Algorithms on Top-N Recommendation Tasks",
        "RecSys",
        2010,
        "10.1145/1864708.1864721",
    ),
    protocols=("ctr",),
    settings=CountsSettings,
    build="tfkgrec.models.counts.build:build",
    keras_name="tfkgrec>Counts",
    explain_text="tfkgrec.models.counts.explain_text:explain_text",
    baseline=True,
    stages=0,
    defaults={"training": {"calibrate": True}},
)
