"""EKPNet: knowledge propagation with asymmetric semantic attention."""

from tfkgrec.models.common_training import GOOD_TRAINING
from tfkgrec.models.ekpnet.presets import PAPER
from tfkgrec.models.ekpnet.settings import EkpnetSettings
from tfkgrec.registry import Citation, ModelSpec

SPEC = ModelSpec(
    name="ekpnet",
    title="EKPNet",
    summary="asymmetric semantic attention over several hops of the graph, feature exploration, two stages",
    explains="the triples of every hop, with their attention",
    citation=Citation(
        "H. Zhang, Y. Wang, C. Chen, R. Liu, S. Zhou, T. Gao",
        "Enhancing Knowledge of Propagation-Perception-Based Attention Recommender Systems",
        "Electronics 11(4):547",
        2022,
        "10.3390/electronics11040547",
    ),
    protocols=("ctr", "top_n"),
    settings=EkpnetSettings,
    build="tfkgrec.models.ekpnet.build:build",
    side_table="tfkgrec.models.ekpnet.build:side_table",
    needs_facts=True,
    keras_name="tfkgrec>EKPNet",
    explain_text="tfkgrec.models.ekpnet.explain_text:explain_text",
    grow="tfkgrec.models.ekpnet.grow:grow",
    ablations={
        "ekp_no": ("model.semantic_attention=false", "model.feature_exploration=false"),  # much like RippleNet
        "ekp_att": ("model.feature_exploration=false",),
        "ekp_frame": ("model.semantic_attention=false",),
    },
    paper_ablations={  # N triples a hop around a random part of the history; the rates of Algorithms 1 and 2
        "paper-8x4": ("data.history=random", "model.history_length=8", "model.triples_per_item=4"),
        "paper-32x1": ("data.history=random", "model.history_length=32", "model.triples_per_item=1"),
        "paper-whole": ("data.history=whole", "model.triples_per_item=1"),
        "paper-eta": (
            *("data.history=whole", "model.triples_per_item=1"),
            *("training.first_stage.learning_rate=2e-3", "training.learning_rate=1e-4"),
        ),
    },
    speed_preset=(
        "model.dim=16",
        "model.num_hops=2",
        "model.triples_per_item=4",
        "data.history=random",
        "training.batch_size=2048",
    ),
    takes_vectors=("knowledge",),
    whole_histories=True,
    stages=2,
    defaults={
        "training": GOOD_TRAINING,
        # without inverse relations hop 2 is empty where items are heads
        "data": {"inverse_relations": True, "history": "whole"},
    },
    presets={"paper": PAPER},
)
