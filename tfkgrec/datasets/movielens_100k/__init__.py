"""MovieLens 100K with a Freebase graph, as RecBole's atomic files."""

from tfkgrec.registry import Citation, DatasetSpec

SPEC = DatasetSpec(
    name="ml-100k",
    title="MovieLens-100K",
    read="tfkgrec.datasets.movielens_100k.read:read",
    citation=Citation(
        "F. M. Harper, J. A. Konstan",
        "The MovieLens Datasets: History and Context",
        "ACM Transactions on Interactive Intelligent Systems 5(4)",
        2015,
        "10.1145/2827872",
    ),
)
