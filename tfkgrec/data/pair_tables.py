"""Interactions as a table of columns, and back."""

import numpy as np
import pyarrow as pa

from tfkgrec.data.records import Interactions


def table_of(pairs: Interactions, before: int = 0) -> pa.Table:
    """Columns user, item, label, and timestamp, weight where they are known; `before` is added to users."""
    columns = {"user": pairs.user + np.int32(before), "item": pairs.item, "label": pairs.label}
    optional = {"timestamp": pairs.timestamp, "weight": pairs.weight}
    return pa.table({**columns, **{name: values for name, values in optional.items() if values is not None}})


def pairs_of(table: pa.Table) -> Interactions:
    """What `table_of` made a table of."""
    given = {name: table[name].to_numpy() for name in table.column_names}
    return Interactions(given["user"], given["item"], given["label"], given.get("timestamp"), given.get("weight"))
