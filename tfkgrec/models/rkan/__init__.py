"""RKAN: an LSTM over semantic paths, and attention over them."""

from tfkgrec.models.rkan.presets import PAPER
from tfkgrec.models.rkan.settings import RkanSettings
from tfkgrec.registry import Citation, ModelSpec

SPEC = ModelSpec(
    name="rkan",
    title="RKAN",
    summary="an LSTM over paths through the graph, attention over paths",
    explains="the best paths, as sentences",
    citation=Citation(
        "Y. Cheng, N. Liu, Y. Lu, X. Tang", "Recurrent Knowledge Attention Network For Movie Recommendation"
    ),
    protocols=("top_n",),
    settings=RkanSettings,
    build="tfkgrec.models.rkan.build:build",
    needs_facts=True,
    keras_name="tfkgrec>RKAN",
    explain_text="tfkgrec.models.rkan.explain_text:explain_text",
    ablations={
        "rkge": ("model.pooling=max",),
        "average": ("model.pooling=average",),
        "no-paths": ("model.num_paths=0", "model.score=embedding"),
    },
    paper_ablations={"paper-rkge": ("model.pooling=max",)},
    speed_preset=("model.dim=32", "model.num_paths=16", "training.batch_size=2048"),
    takes_vectors=("knowledge",),
    defaults={
        "training": {
            "epochs": 20,
            "patience": 4,
            "items_per_user": 16,
            "learning_rate": 5e-3,
            "unknown_user_rate": 0.02,  # unknown users are served, too
        }
    },
    presets={"paper": PAPER},
)
