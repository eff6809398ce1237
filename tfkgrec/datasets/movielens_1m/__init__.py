"""MovieLens 1M with one of three published graphs, or with what IMDb knows."""

from tfkgrec.registry import Citation, DatasetSpec

SPEC = DatasetSpec(
    name="ml-1m",
    title="MovieLens-1M",
    read="tfkgrec.datasets.movielens_1m.read:read",
    graphs=("satori-mkr", "freebase", "dbpedia", "imdb"),
    citation=Citation(
        "F. M. Harper, J. A. Konstan",
        "The MovieLens Datasets: History and Context",
        "ACM Transactions on Interactive Intelligent Systems 5(4)",
        2015,
        "10.1145/2827872",
    ),
)
