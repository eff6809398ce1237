"""Last.FM (HetRec 2011) with the Satori graph of the MKR repository."""

from tfkgrec.registry import Citation, DatasetSpec

SPEC = DatasetSpec(
    name="lastfm",
    title="Last.FM",
    read="tfkgrec.datasets.lastfm.read:read",
    citation=Citation(
        "I. Cantador, P. Brusilovsky, T. Kuflik",
        "Second Workshop on Information Heterogeneity and Fusion in Recommender Systems (HetRec 2011)",
        "RecSys",
        2011,
        "10.1145/2043932.2044016",
    ),
)
