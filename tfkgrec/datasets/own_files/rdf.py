"""RDF as triples: N-Triples and Turtle, read by rdflib."""

import logging

import pandas as pd

from tfkgrec.data.readers.tables import RawTable
from tfkgrec.data.readers.text import Text
from tfkgrec.errors import InputError


def table_from_rdf(text: Text, turtle: bool = False) -> RawTable:
    """Columns `head`, `relation`, `tail`: addresses as they stand, of literals the text alone.

    Triples of nodes without a name are left out, and said; the order is the triples' own, as RDF has none.

    Raises:
        InputError: it is no RDF, or rdflib is not there.
    """
    try:
        import rdflib
    except ImportError:
        wanted = "rdflib for RDF, found none: pip install 'tfkgrec[rdf]'"
        raise InputError(f"{text.path}: expected {wanted}") from None
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)  # a line of its own for every odd address
    graph = rdflib.Graph()
    try:
        graph.parse(data=text.content, format="turtle" if turtle else "nt")
    except Exception as error:  # rdflib's parsers raise what they like
        found = " ".join(str(error).split())[:120]
        raise InputError(f"{text.path}: expected {'Turtle' if turtle else 'N-Triples'}, found: {found}") from None
    named = [triple for triple in graph if not any(isinstance(part, rdflib.BNode) for part in triple)]
    rows = sorted((str(head), str(relation), str(tail)) for head, relation, tail in named)
    if not rows:
        raise InputError(f"{text.path}: expected triples, found none")
    gone = len(graph) - len(named)
    said = (f"{text.path}: {gone:,} triples of nodes without a name were left out",) if gone else ()
    frame = pd.DataFrame(rows, columns=["head", "relation", "tail"], dtype="str")
    return RawTable(str(text.path), frame.set_index(pd.RangeIndex(1, len(rows) + 1)), said, kind="RDF")
