"""A table as bytes, and back: Arrow's stream."""

import pyarrow as pa


def table_bytes(table: pa.Table) -> pa.Buffer:
    """All of a table, its schema with it."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def table_of(content: bytes | pa.Buffer) -> pa.Table:
    """The table that `table_bytes` has made these of."""
    return pa.ipc.open_stream(content).read_all()
