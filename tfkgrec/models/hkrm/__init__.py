"""HKRM: hierarchical knowledge-based recommendation, at the level of items and of their attributes."""

from tfkgrec.models.common_training import GOOD_TRAINING
from tfkgrec.models.hkrm.presets import PAPER
from tfkgrec.models.hkrm.settings import HkrmSettings
from tfkgrec.registry import Citation, ModelSpec

READ = ("data.history=whole", "model.combine=sum", "model.attribute_output=linear")
"""The paper as its preset reads it, whatever a config says."""

SPEC = ModelSpec(
    name="hkrm",
    title="HKRM",
    summary="proximity distributions over attribute fields, item-attribute duet, joint KL loss",
    explains="what you weigh and what the item offers, field by field",
    citation=Citation(
        "H. Sun, W. Ni, Y. Yang",
        "A Hierarchical Knowledge-based Joint Learning Framework for Recommendation",
        "CNCI",
        2020,
        "10.23977/CNCI2020076",
    ),
    protocols=("ctr", "top_n"),
    settings=HkrmSettings,
    build="tfkgrec.models.hkrm.build:build",
    side_table="tfkgrec.models.hkrm.build:side_table",
    needs_facts=True,
    keras_name="tfkgrec>HKRM",
    explain_text="tfkgrec.models.hkrm.explain_text:explain_text",
    grow="tfkgrec.models.hkrm.grow:grow",
    ablations={  # each says its level: our settings may be at the item level already
        "hkrm-full": ("model.level=both",),
        "hkrm-item": ("model.level=item", "model.distance_loss=none"),
        "hkrm-attr": ("model.level=attribute",),
        "hkrm-wokl": ("model.level=both", "model.distance_loss=none"),
    },
    paper_ablations={
        "paper-positive": (*READ, "model.distance_loss=positive_only"),
        "paper-entropy": (*READ, "model.distance_loss=cross_entropy"),
        "paper-contrastive": (*READ, "model.distance_loss=contrastive"),
        "paper-wokl": (*READ, "model.distance_loss=none"),
        "paper-item": (*READ, "model.level=item", "model.distance_loss=none"),
        "paper-attr": (*READ, "model.level=attribute", "model.distance_loss=positive_only"),
    },
    speed_preset=(
        *("model.dim=50", "model.history_length=20", "data.history=random"),
        "training.batch_size=1024",
    ),
    takes_vectors=("knowledge",),
    whole_histories=True,
    defaults={"training": {**GOOD_TRAINING, "learning_rate": 3e-3}, "data": {"history": "whole"}},
    by_data="tfkgrec.models.hkrm.by_data:by_data",
    presets={"paper": PAPER},
)
