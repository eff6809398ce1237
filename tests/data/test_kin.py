"""What facts are worth, against the dense solution."""

import numpy as np

from tests.data import small
from tfkgrec.data.kin import STRENGTH, Kin


def test_a_new_item_is_the_mean_and_what_its_facts_are_worth() -> None:
    dataset = small.dataset()
    graph, count = dataset.graph, dataset.items.size
    rows = np.random.default_rng(0).normal(size=(count + 4, 2, 3)).astype(np.float32)  # entities behind the items
    before, item = rows.copy(), np.arange(count + 4)
    known, new = (item > 0) & (item < 50), (item >= 50) & (item < count)
    Kin.of(graph, dataset.num_items).fill(rows, known, new)
    np.testing.assert_array_equal(rows[~new], before[~new])

    pairs = {(h, (r, t)) for h, r, t in zip(graph.head, graph.relation, graph.tail, strict=True) if h < count}
    facts = sorted({fact for _, fact in pairs})
    told = np.array([[(one, fact) in pairs for fact in facts] for one in item], float)
    flat = before.reshape(len(before), -1).astype(float)
    mean = flat[known].mean(axis=0)
    square = told[known].T @ told[known] + STRENGTH * np.eye(len(facts))
    worth = np.linalg.solve(square, told[known].T @ (flat[known] - mean))
    expected = (mean + told[new] @ worth).reshape(-1, 2, 3)
    np.testing.assert_allclose(rows[new], expected, atol=1e-5)
    assert np.abs(rows[new] - mean.reshape(2, 3)).max() > 0.1
