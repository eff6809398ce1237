"""What is learned before a model: vectors of the knowledge graph, and of users and items."""

METHODS = {
    "transe": "tfkgrec.kge.trans_e:TransE",
    "transh": "tfkgrec.kge.trans_h:TransH",
    "transr": "tfkgrec.kge.trans_r:TransR",
    "transd": "tfkgrec.kge.trans_d:TransD",
    "distmult": "tfkgrec.kge.dist_mult:DistMult",
}
"""Name in `pretraining.knowledge` -> "module:Class"."""
