"""Matrix factorisation: the baseline that every model has to clear."""

from tfkgrec.models.common_training import GOOD_TRAINING
from tfkgrec.models.mf.settings import MfSettings
from tfkgrec.registry import Citation, ModelSpec

SPEC = ModelSpec(
    name="mf",
    title="MF",
    summary="a vector for every user and item, and what the item is liked for at all",
    explains="nothing: it has no parts to name",
    citation=Citation(
        "Y. Koren, R. Bell, C. Volinsky",
        "Matrix Factorization Techniques for Recommender Systems",
        "IEEE Computer 42(8)",
        2009,
        "10.1109/MC.2009.263",
    ),
    protocols=("ctr", "top_n"),
    settings=MfSettings,
    build="tfkgrec.models.mf.build:build",
    keras_name="tfkgrec>MatrixFactorization",
    baseline=True,
    defaults={"training": {**GOOD_TRAINING, "epochs": 150, "batch_size": 4096, "learning_rate": 1e-2}},
)
