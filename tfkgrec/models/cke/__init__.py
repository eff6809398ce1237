"""CKE, its structural part: a baseline with a graph."""

from tfkgrec.models.cke.settings import CkeSettings
from tfkgrec.models.common_training import GOOD_TRAINING
from tfkgrec.registry import Citation, ModelSpec

SPEC = ModelSpec(
    name="cke",
    title="CKE",
    summary="a vector of the item's own plus one that TransR learns of its facts beside",
    explains="nothing: it has no parts to name",
    citation=Citation(
        "F. Zhang, N. J. Yuan, D. Lian, X. Xie, W.-Y. Ma",
        "Collaborative Knowledge Base Embedding for Recommender Systems",
        "KDD",
        2016,
        "10.1145/2939672.2939673",
    ),
    protocols=("ctr", "top_n"),
    settings=CkeSettings,
    build="tfkgrec.models.cke.build:build",
    needs_facts=True,
    keras_name="tfkgrec>CKE",
    baseline=True,
    defaults={"training": GOOD_TRAINING},
)
