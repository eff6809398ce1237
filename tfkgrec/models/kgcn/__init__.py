"""KGCN with one hop: a baseline with a graph."""

from tfkgrec.models.common_training import GOOD_TRAINING
from tfkgrec.models.kgcn.presets import PAPER
from tfkgrec.models.kgcn.settings import KgcnSettings
from tfkgrec.registry import Citation, ModelSpec

SPEC = ModelSpec(
    name="kgcn",
    title="KGCN",
    summary="one hop of the graph around the candidate, weighed for the user",
    explains="the item's facts, as they count for the user",
    citation=Citation(
        "H. Wang, M. Zhao, X. Xie, W. Li, M. Guo",
        "Knowledge Graph Convolutional Networks for Recommender Systems",
        "WWW",
        2019,
        "10.1145/3308558.3313417",
    ),
    protocols=("ctr", "top_n"),
    settings=KgcnSettings,
    build="tfkgrec.models.kgcn.build:build",
    side_table="tfkgrec.models.kgcn.build:side_table",
    needs_facts=True,
    keras_name="tfkgrec>KGCN",
    explain_text="tfkgrec.models.kgcn.explain_text:explain_text",
    grow="tfkgrec.models.growth:grow_neighbours",
    ablations={
        "kgcn-concat": ("model.aggregator=concat",),
        "kgcn-neighbour": ("model.aggregator=neighbour",),
    },
    speed_preset=("model.dim=16", "model.num_neighbours=8", "training.batch_size=2048"),
    baseline=True,
    defaults={"training": {**GOOD_TRAINING, "patience": 15}},
    presets={"paper": PAPER},
)
