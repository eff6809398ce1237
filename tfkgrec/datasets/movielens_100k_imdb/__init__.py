"""MovieLens 100K with IMDb's genres, directors and actors, as RKGE's authors publish it."""

from tfkgrec.registry import Citation, DatasetSpec

SPEC = DatasetSpec(
    name="ml-100k-rkge",
    title="MovieLens-100K with IMDb",
    read="tfkgrec.datasets.movielens_100k_imdb.read:read",
    citation=Citation(
        "F. M. Harper, J. A. Konstan",
        "The MovieLens Datasets: History and Context",
        "ACM Transactions on Interactive Intelligent Systems 5(4)",
        2015,
        "10.1145/2827872",
    ),
)
