"""DINK: deep interest network on a knowledge graph."""

from tfkgrec.models.common_training import GOOD_TRAINING
from tfkgrec.models.dink.presets import PAPER
from tfkgrec.models.dink.settings import DinkSettings
from tfkgrec.registry import Citation, ModelSpec

SPEC = ModelSpec(
    name="dink",
    title="DINK",
    summary="knowledge aggregators, interest attention, GRU",
    explains="which liked items mattered, and which of their facts",
    citation=Citation(
        "D. Zhang, H. Wang, X. Yang, Y. Ma, J. Liang, A. Ren",
        "Deep Interest Network Based on Knowledge Graph Embedding",
        "Applied Sciences 13(1):357",
        2023,
        "10.3390/app13010357",
    ),
    protocols=("ctr", "top_n"),
    settings=DinkSettings,
    build="tfkgrec.models.dink.build:build",
    side_table="tfkgrec.models.dink.build:side_table",
    needs_facts=True,
    keras_name="tfkgrec>DINK",
    explain_text="tfkgrec.models.dink.explain_text:explain_text",
    grow="tfkgrec.models.dink.grow:grow",
    ablations={
        "dink-k": ("model.aggregator=none", "model.interest_dim=null"),
        "dink-a": ("model.interest_attention=false",),
        "dink-sum": ("model.aggregator=sum",),
        "dink-cat": ("model.aggregator=concat",),
    },
    paper_ablations={
        "paper-k": ("model.aggregator=none", "model.interest_dim=null"),
        "paper-a": ("model.interest_attention=false",),
        "paper-sum": ("model.aggregator=sum",),
        "paper-cat": ("model.aggregator=concat",),
        "paper-f": ("model.prediction_layers=1",),  # a non-linear head
        "paper-scaled": ("model.scale_attention=true",),
    },
    speed_preset=("model.dim=16", "model.history_length=12", "model.num_neighbours=6", "training.batch_size=2048"),
    defaults={"training": GOOD_TRAINING},
    presets={"paper": PAPER},
)
