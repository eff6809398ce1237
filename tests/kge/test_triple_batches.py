import numpy as np
import pytest

from tests.kge.small import graph, keys, random_graph
from tfkgrec.kge.triple_batches import BLOCK, TripleBatches


@pytest.mark.parametrize(("triples", "batch_size"), [(120, 32), (7, 8192), (500, 64), (33, 1)])
def test_an_epoch_holds_every_triple_once_in_equal_batches_of_blocks(triples, batch_size):
    source = random_graph(triples=triples)
    batches = TripleBatches(source, batch_size, negatives=3)
    seen, shapes = [], set()
    for n in range(len(batches)):
        (batch,) = batches[n]
        blocks = len(batch["relation"])
        shapes.add(blocks)
        assert batch["head"].shape == batch["tail"].shape == (blocks, BLOCK)
        assert batch["other"].shape == batch["at_head"].shape == batch["weight"].shape == (blocks, BLOCK, 3)
        real = batch["head"] > 0
        assert np.array_equal(batch["weight"] == 1, np.broadcast_to(real[..., None], batch["weight"].shape))
        assert not batch["tail"][~real].any() and not batch["other"][~real].any()
        relation = np.broadcast_to(batch["relation"][:, None], real.shape)[real]
        seen += list(zip(batch["head"][real], relation, batch["tail"][real], strict=True))
    assert len(shapes) == 1 and shapes.pop() <= max(1, batch_size // BLOCK)
    assert len(seen) == triples and set(seen) == keys(source)


def test_slots_that_fill_up_are_few():
    batches = TripleBatches(random_graph(entities=60, relations=5, triples=3_000), 1024)
    weight = batches.epoch(0)["weight"]
    assert weight.mean() > 0.95


def test_corruptions_are_filtered_and_weightless_where_there_is_none():
    full = graph([(h, 1, t) for h in (1, 2) for t in (1, 2)] + [(1, 2, 2)], 3, 3)
    arrays = TripleBatches(full, 64, negatives=2).epoch(0)
    weight_of = {int(r): float(w.sum()) for r, w in zip(arrays["relation"], arrays["weight"], strict=True)}
    assert weight_of == {1: 0.0, 2: 2.0}


def test_epochs_differ_seeds_differ_and_an_epoch_is_repeatable():
    source = random_graph()
    one, same, other = (TripleBatches(source, 64, seed=seed) for seed in (0, 0, 1))
    for name, array in one.epoch(3).items():
        assert np.array_equal(array, same.epoch(3)[name])
    assert not np.array_equal(one.epoch(3)["other"], one.epoch(4)["other"])
    assert not np.array_equal(one.epoch(3)["head"], other.epoch(3)["head"])
    (before,) = one[0]
    one.on_epoch_end()
    assert not np.array_equal(one[0][0]["head"], before["head"])
    assert np.array_equal(one[0][0]["head"], one.epoch(1)["head"][: len(before["head"])])
