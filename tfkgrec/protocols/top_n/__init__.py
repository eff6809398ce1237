"""Top-N recommendation: learned from the first part of every user's ratings, judged by a ranking for the last."""

from tfkgrec.config import EvaluationConfig
from tfkgrec.protocols.top_n.settings import TopNSplit, TopNTraining
from tfkgrec.registry import ProtocolSpec

SPEC = ProtocolSpec(
    name="top_n",
    aliases=("R",),
    title="top-N, split by time",
    asks="which of all items will this user rate later?",
    training=TopNTraining,
    evaluation=EvaluationConfig,
    split=TopNSplit,
    cut="tfkgrec.protocols.top_n.split:cut",
    make="tfkgrec.protocols.top_n.protocol:TopNProtocol",
    others="tfkgrec.protocols.top_n.others:TopNOthers",
    sharded="tfkgrec.protocols.top_n.sharded:sharded",
    whole="tfkgrec.protocols.top_n.whole:whole",
    baselines=("popularity", "item_knn", "item_knn_newest", "bpr"),
    headline={"Precision@1": "test.full.precision@1", "MRR": "test.full.mrr"},
    own_candidates="full",
    any_rating=True,
)
