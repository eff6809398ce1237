"""Click-through prediction: labelled pairs, split at random, judged by AUC and accuracy."""

from tfkgrec.protocols.ctr.settings import CtrEvaluation, CtrSplit, CtrTraining
from tfkgrec.registry import ProtocolSpec

SPEC = ProtocolSpec(
    name="ctr",
    aliases=("C",),
    title="clicks",
    asks="will this user take this item?",
    training=CtrTraining,
    evaluation=CtrEvaluation,
    split=CtrSplit,
    cut="tfkgrec.protocols.ctr.split:cut",
    make="tfkgrec.protocols.ctr.protocol:CtrProtocol",
    others="tfkgrec.protocols.ctr.others:CtrOthers",
    sharded="tfkgrec.protocols.ctr.sharded:sharded",
    whole="tfkgrec.protocols.ctr.whole:whole",
    baselines=("popularity", "item_knn", "mf"),
    headline={"AUC": "test.auc", "ACC": "test.acc"},
    own_candidates="",
    weighted=True,
    own_test=True,
)
