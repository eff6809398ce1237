"""SASRec: self-attention over what was taken before, the rival for what comes next."""

from tfkgrec.models.sasrec.settings import SasrecSettings
from tfkgrec.registry import Citation, ModelSpec

SPEC = ModelSpec(
    name="sasrec",
    title="SASRec",
    summary="self-attention over the newest items, without a graph",
    explains="the attention of its last block over the history",
    citation=Citation(
        "W.-C. Kang, J. McAuley", "Self-Attentive Sequential Recommendation", "ICDM", 2018, "10.1109/ICDM.2018.00035"
    ),
    protocols=("sequential",),
    settings=SasrecSettings,
    build="tfkgrec.models.sasrec.build:build",
    keras_name="tfkgrec>SASRec",
    explain_text="tfkgrec.models.sasrec.explain_text:explain_text",
    ablations={"one-block": ("model.num_blocks=1",), "no-positions": ("model.positions=false",)},
    speed_preset=("model.dim=64", "model.history_length=50", "training.batch_size=3200"),
    baseline=True,
    defaults={
        "training": {
            "loss": "sampled_softmax",
            "num_negatives": 256,
            "predict_first": True,  # what unknown users are shown
            "epochs": 40,
            "patience": 6,
            "batch_size": 640,  # of larger ones it wants many more epochs
            "learning_rate": 1e-3,
            "learning_rate_decay": 0.95,
        },
    },
)
