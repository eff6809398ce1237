"""LightGCN over interactions and facts: averages along the edges of one graph."""

from tfkgrec.models.common_training import GOOD_TRAINING
from tfkgrec.models.lightgcn.settings import LightgcnSettings
from tfkgrec.registry import Citation, ModelSpec

SPEC = ModelSpec(
    name="lightgcn",
    title="LightGCN",
    summary="vectors averaged over the edges between users, liked items and the entities of these",
    explains="the liked items, by what each brings",
    citation=Citation(
        "X. He, K. Deng, X. Wang, Y. Li, Y. Zhang, M. Wang",
        "LightGCN: Simplifying and Powering Graph Convolution Network for Recommendation",
        "SIGIR",
        2020,
        "10.1145/3397271.3401063",
    ),
    protocols=("ctr", "top_n"),
    settings=LightgcnSettings,
    build="tfkgrec.models.lightgcn.build:build",
    keras_name="tfkgrec>LightGCN",
    by_data="tfkgrec.models.lightgcn.by_data:by_data",
    explain_text="tfkgrec.models.lightgcn.explain_text:explain_text",
    grow="tfkgrec.models.lightgcn.grow:grow",
    ablations={
        "no-graph": ("model.fact_weight=0",),
        "own-pairs-left-in": ("model.leave_out=false",),
    },
    # short rows: a user whose pairs stand together in a batch would lose much of what it likes in that step
    defaults={"training": {**GOOD_TRAINING, "items_per_user": 2, "unknown_user_rate": 0.0}},
)
