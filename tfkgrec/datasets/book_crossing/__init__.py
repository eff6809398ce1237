"""Book-Crossing with the graph of RippleNet or of MKR."""

from tfkgrec.registry import Citation, DatasetSpec

SPEC = DatasetSpec(
    name="book-crossing",
    title="Book-Crossing",
    read="tfkgrec.datasets.book_crossing.read:read",
    graphs=("ripplenet", "mkr"),
    citation=Citation(
        "C.-N. Ziegler, S. M. McNee, J. A. Konstan, G. Lausen",
        "Improving Recommendation Lists Through Topic Diversification",
        "WWW",
        2005,
        "10.1145/1060745.1060754",
    ),
)
