"""What is being prepared, and where what is half done lies: all that a worker is told."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from tfkgrec.beam.shards import shard_name
from tfkgrec.config import DataConfig, ModelSettings
from tfkgrec.data.records import BadRow
from tfkgrec.datasets.own_files.settings import ColumnsConfig, FilesSettings
from tfkgrec.storage import below, exists, read_json, read_table, write_json, write_table


class Plan(NamedTuple):
    """Which data, how they are numbered and split, and into how many shards.

    Attributes:
        data: a config's section, of dataset `files`.
        seed: of the ids and the split.
        model: for which what it samples of the graph is drawn; None: for none.
        shards: of what grows with the users. A user's shard is the range that the key of their number is in, so that
            the users of a shard are numbered one after the other.
        work: folder of what is needed on the way, and of the result until it is complete.
    """

    data: DataConfig
    model: ModelSettings | None
    seed: int
    shards: int
    work: str

    @property
    def files(self) -> FilesSettings:
        """Which files, and what stands in them."""
        if not isinstance(self.data.source, FilesSettings):
            raise TypeError(f"source should be FilesSettings. Received: {type(self.data.source).__name__}")
        return self.data.source

    @property
    def folder(self) -> str:
        """Of the result."""
        return below(self.work, "result")

    @property
    def columns(self) -> ColumnsConfig:
        """Of the interactions."""
        return self.files.columns or ColumnsConfig()

    def result(self, what: str, shard: int | None = None) -> str:
        """The file of a result, or of one shard of it."""
        name = f"{what}.parquet" if shard is None else shard_name(what, shard, self.shards)
        return below(self.folder, name)

    def save(self, what: str, shard: int, table: pa.Table | pd.DataFrame) -> None:
        """Keep what the next step needs of a shard."""
        table = pa.Table.from_pandas(table, preserve_index=False) if isinstance(table, pd.DataFrame) else table
        write_table(self._kept(what, shard), table)

    def saved(self, what: str, shard: int, columns: list[str] | None = None) -> pd.DataFrame | None:
        """What was kept of a shard; None where nothing was."""
        path = self._kept(what, shard)
        return read_table(path, columns).to_pandas(types_mapper=_TEXT.get) if exists(path) else None

    def note(self, what: str, shard: int, **counts: Any) -> None:
        """Tell the driver a few numbers."""
        write_json(below(self.work, f"{what}/{shard:05}.json"), counts)

    def noted(self, what: str) -> list[dict[str, Any]]:
        """What was told, of all shards that there is something of."""
        paths = [below(self.work, f"{what}/{shard:05}.json") for shard in range(self.shards)]
        return [read_json(path) if exists(path) else {} for path in paths]

    def _kept(self, what: str, shard: int) -> str:
        return below(self.work, f"{what}/{shard:05}.parquet")


_TEXT = {pa.string(): pd.StringDtype(na_value=np.nan), pa.large_string(): pd.StringDtype(na_value=np.nan)}


def as_bad_rows(frame: pd.DataFrame | None) -> list[BadRow]:
    """Rows of a table with the columns of `BadRow`."""
    return [] if frame is None else [BadRow(*row) for row in frame[list(BadRow._fields)].itertuples(index=False)]
