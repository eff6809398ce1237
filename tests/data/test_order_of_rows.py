"""`data.split_version: 2`: the rows of the files in another order are the same data, split alike."""

import dataclasses

import pandas as pd
import pytest

from tests.data.small import raw_data
from tfkgrec.data.assemble import assemble
from tfkgrec.data.records import Dataset, RawData
from tfkgrec.protocols.ctr.split import split_ctr
from tfkgrec.protocols.sequential.split import split_sequences
from tfkgrec.protocols.top_n.split import split_by_time
from tfkgrec.runs.fingerprint import digest_arrays, fingerprint


def shuffled(raw: RawData, seed: int) -> RawData:
    def rows(table: pd.DataFrame) -> pd.DataFrame:
        return table.sample(frac=1, random_state=seed)

    tables = {name: rows(getattr(raw, name)) for name in ("interactions", "triples", "item_links")}
    return dataclasses.replace(raw, **tables)


def digest(data: Dataset) -> tuple[str, ...]:
    """Of its arrays in their order, of its ids and of its splits."""
    made = [fingerprint(data, split_ctr(data, seed=3))]
    if data.timed:
        made += [fingerprint(data, split_sequences(data, 3)), fingerprint(data, split_by_time(data, 3))]
    return digest_arrays(data.interactions, data.graph), *(text for each in made for text in each.values())


@pytest.mark.parametrize("timed", [True, False])
@pytest.mark.parametrize("shuffle", range(3))
def test_shuffled_rows_change_nothing(timed, shuffle):
    raw = raw_data(timed=timed)
    one, other = (assemble(each, 3, True, version=2) for each in (raw, shuffled(raw, shuffle)))
    assert digest(one) == digest(other)
    assert digest(one) != digest(assemble(raw, 4, True, version=2))


def test_version_1_keeps_the_rows_of_the_files():
    raw = raw_data()
    assert digest(assemble(raw, 3, version=1)) != digest(assemble(shuffled(raw, 0), 3, version=1))


def test_a_new_user_changes_the_order_of_no_others():
    raw = raw_data()
    more = pd.concat([raw.interactions, raw.interactions.head(3).assign(user="another", positive=True)])
    before = assemble(raw, 3, version=2).users.raw
    after = assemble(dataclasses.replace(raw, interactions=more), 3, version=2).users.raw
    assert [one for one in after if one != "another"] == list(before)
