"""`model: {name: X}` alone does well on data that it was not chosen on."""

from tfkgrec.config import build_config
from tfkgrec.runs.cache import RunCache
from tfkgrec.runs.run import evaluate_run, prepare
from tfkgrec.training.trainer import fit


def test_a_default_is_past_popularity_and_item_knn():
    """HKRM, the cheapest of the models with a graph, in a world drawn for this test."""
    world = {"users": 200, "items": 120, "positives_per_user": 12, "popularity_spread": 1.2, "untold": 0.3}
    raw = {"model": {"name": "hkrm"}, "data": {"dataset": "synthetic", "synthetic": world}}
    config = build_config(
        raw, ["training.seed=17", "training.jit_compile=false", "evaluation.floors=[popularity, item_knn]"]
    )
    prepared = prepare(config)
    model = prepared.model(config)
    fit(model, prepared.protocol, config.training, verbose=False)
    prepared.protocol.finalize(model)
    found = evaluate_run(config, prepared, model, {}, RunCache())
    floor = max(figures["auc"] for figures in found["floors"].values())
    assert found["test"]["auc"] > floor + 0.04
