"""Baselines on the real data: popularity where it was measured, item-kNN above chance where popularity says nothing."""

import pytest

from tests.real_data import needs_real_data
from tfkgrec.config import DataConfig
from tfkgrec.data.assemble import assemble
from tfkgrec.datasets.load import load_raw
from tfkgrec.protocols.ctr.baselines import evaluate_baselines
from tfkgrec.protocols.ctr.split import split_ctr


@needs_real_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "popularity"),
    [
        (DataConfig(dataset="lastfm"), 0.797),
        (DataConfig(dataset="book-crossing", knowledge_graph="ripplenet"), 0.738),
        (DataConfig(dataset="ml-1m", knowledge_graph="satori-mkr"), 0.885),
    ],
    ids=lambda value: getattr(value, "dataset", ""),
)
def test_popularity_is_where_it_was_measured(data, popularity):
    splits = split_ctr(assemble(load_raw(data, seed=0), seed=0, version=1), seed=0)
    found = evaluate_baselines(splits, ["popularity", "item_knn"])
    assert found["popularity"]["test"]["auc"] == pytest.approx(popularity, abs=0.01)
    assert found["popularity"]["test"]["auc_equal_popularity"] == 0.5
    assert found["item_knn"]["test"]["auc_equal_popularity"] > 0.55  # it knows more than popularity
