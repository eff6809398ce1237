"""Membership and places of texts, against Python's own sets and lists."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tfkgrec.data.text_sets import as_arrow, places, stands_in

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=12)


@given(TEXTS, TEXTS, st.sampled_from(["str", object]))
def test_as_sets_and_lists_have_it(values, among, dtype):
    series = pd.Series(values, dtype=dtype)
    assert stands_in(series, pd.Series(among, dtype="str")).tolist() == [value in among for value in values]
    wanted = [among.index(value) if value in among else 0 for value in values]
    assert places(series, as_arrow(among)).tolist() == places(values, as_arrow(among)).tolist() == wanted


def test_what_is_no_text_is_no_id():
    ids = as_arrow(np.array(["", "?", "café"], object))
    assert places(["\udce9", "café", "caf\udce9"], ids).tolist() == [0, 2, 0]
