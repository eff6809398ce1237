"""NeuMF: a baseline without a graph whose product is learned."""

from tfkgrec.models.common_training import GOOD_TRAINING
from tfkgrec.models.neumf.settings import NeumfSettings
from tfkgrec.registry import Citation, ModelSpec

SPEC = ModelSpec(
    name="neumf",
    title="NeuMF",
    summary="a weighted product and a perceptron, each of vectors of its own",
    explains="nothing: it has no parts to name",
    citation=Citation(
        "X. He, L. Liao, H. Zhang, L. Nie, X. Hu, T.-S. Chua",
        "Neural Collaborative Filtering",
        "WWW",
        2017,
        "10.1145/3038912.3052569",
    ),
    protocols=("ctr", "top_n"),
    settings=NeumfSettings,
    build="tfkgrec.models.neumf.build:build",
    keras_name="tfkgrec>NeuMF",
    baseline=True,
    defaults={"training": GOOD_TRAINING},
)
