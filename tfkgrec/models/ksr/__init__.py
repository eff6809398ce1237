"""KSR: a GRU with a key-value memory of attributes."""

from tfkgrec.models.ksr.presets import PAPER
from tfkgrec.models.ksr.settings import KsrSettings
from tfkgrec.registry import Citation, ModelSpec

_ADAM = (
    "training.optimizer=adam",
    "training.learning_rate=1e-3",
    "training.learning_rate_decay=0.6",
    "training.epochs=6",
)

_EQ_2 = ("model.knowledge=none", "model.score=dot")
_WIDTHS = ("model.item_dim=128", "model.hidden_dim=128")  # alike, as eq 2 has it; the paper's are

SPEC = ModelSpec(
    name="ksr",
    title="KSR",
    summary="GRU and a key-value memory that every click reads and writes",
    explains="attributes that mattered at every step, values in memory",
    citation=Citation(
        "J. Huang, W. X. Zhao, H. Dou, J.-R. Wen, E. Y. Chang",
        "Improving Sequential Recommendation with Knowledge-Enhanced Memory Networks",
        "SIGIR",
        2018,
        "10.1145/3209978.3210017",
    ),
    protocols=("sequential",),
    settings=KsrSettings,
    build="tfkgrec.models.ksr.build:build",
    keras_name="tfkgrec>KSR",
    explain_text="tfkgrec.models.ksr.explain_text:explain_text",
    ablations={
        "gru": (*_EQ_2, *_WIDTHS, "model.train_items=true", "pretraining=null"),
        "gru++": (*_EQ_2, *_WIDTHS, "pretraining.items=bpr", "pretraining.item_dim=128"),
        "memoryless": ("model.knowledge=none",),  # nor entities; the MLPs of eq 10 stay
        "entity-item": ("model.knowledge=item",),  # the entity's vector on the item's side, and no memory
        "shared-values": ("model.shared_values=true", "model.gate_bias=false"),  # nothing is written: no gate
    },
    paper_ablations={
        "paper-gru": (*_EQ_2, "model.train_items=true", "pretraining=null"),
        "paper-gru++": _EQ_2,
        "paper-memoryless": ("model.knowledge=none",),
        "paper-adam": _ADAM,  # gets further than the paper's AdaGrad in half the epochs
        "paper-adam-memoryless": ("model.knowledge=none", *_ADAM),
    },
    speed_preset=(  # fixed vectors, as the paper has them, but random ones: their values cost nothing
        *("model.item_dim=64", "model.hidden_dim=128", "model.output_dim=128", "model.history_length=50"),
        *("pretraining.items=bpr", "pretraining.knowledge=transe", "training.batch_size=3200"),
    ),
    takes_vectors=("knowledge", "items"),
    defaults={
        "training": {
            "loss": "sampled_softmax",
            "num_negatives": 256,
            "predict_first": True,  # what unknown users are shown
            "epochs": 40,
            "patience": 5,
            "batch_size": 3200,
            "learning_rate": 3e-3,
            "learning_rate_decay": 0.9,
        },
        "pretraining": {"knowledge": "transe", "items": "bpr"},
    },
    by_data="tfkgrec.models.ksr.by_data:by_data",
    presets={"paper": PAPER},
)
