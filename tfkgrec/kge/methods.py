"""The methods by the names that a config has for them."""

from tfkgrec.kge.dist_mult import DistMult
from tfkgrec.kge.knowledge_model import KnowledgeModel
from tfkgrec.kge.trans_d import TransD
from tfkgrec.kge.trans_e import TransE
from tfkgrec.kge.trans_h import TransH
from tfkgrec.kge.trans_r import TransR

METHODS: dict[str, type[KnowledgeModel]] = {
    "transe": TransE,
    "transh": TransH,
    "transr": TransR,
    "transd": TransD,
    "distmult": DistMult,
}
