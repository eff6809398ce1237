"""Sequential recommendation: what comes next, learned from and asked about whole sequences."""

from tfkgrec.config import EvaluationConfig
from tfkgrec.protocols.sequential.settings import SequentialSplit, SequentialTraining
from tfkgrec.registry import ProtocolSpec

SPEC = ProtocolSpec(
    name="sequential",
    aliases=("S",),
    title="what comes next",
    asks="what does this user take next?",
    training=SequentialTraining,
    evaluation=EvaluationConfig,
    split=SequentialSplit,
    cut="tfkgrec.protocols.sequential.split:cut",
    make="tfkgrec.protocols.sequential.protocol:SequentialProtocol",
    others="tfkgrec.protocols.sequential.others:SequentialOthers",
    sharded="tfkgrec.protocols.sequential.sharded:sharded",
    whole="tfkgrec.protocols.sequential.whole:whole",
    baselines=("popularity", "item_knn", "bpr"),
    headline={
        "MAP": "test.sampled.map",
        "Hit@10": "test.sampled.hit@10",
        "NDCG@10": "test.sampled.ndcg@10",
    },
    own_candidates="sampled",
    any_rating=True,
    k_core=10,
)
