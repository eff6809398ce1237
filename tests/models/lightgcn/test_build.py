"""The graph that LightGCN carries."""

import numpy as np
import pytest

from tests.data import small
from tests.models.small import flat
from tfkgrec.data.history import History
from tfkgrec.data.records import KnowledgeGraph
from tfkgrec.models.build import build_model
from tfkgrec.models.data_size import DataSize
from tfkgrec.models.lightgcn.build import facts_of, likes
from tfkgrec.models.lightgcn.by_data import by_data
from tfkgrec.models.lightgcn.settings import LightgcnSettings
from tfkgrec.protocols.ctr.split import split_ctr

DATASET = small.dataset()
SPLITS = split_ctr(DATASET, 0)


def test_it_has_its_settings_and_its_edges():
    settings = LightgcnSettings(dim=4, num_layers=2, l2=0.5, fact_weight=0.25, item_bias=False, leave_out=False)
    model = build_model(settings, DATASET, SPLITS.train_history, 0)
    config = flat(model)
    for name, value in vars(settings).items():
        if name != "name":
            assert config[name] == value, name
    assert (config["num_users"], config["num_items"]) == (DATASET.users.size, DATASET.items.size)
    train = SPLITS.train.positives
    pairs = list(zip(train.user.tolist(), train.item.tolist(), strict=True))
    assert list(zip(model.like_user.numpy(), model.like_item.numpy(), strict=True)) == sorted(pairs)
    assert np.array_equal(np.diff(model.like_offsets.numpy()), SPLITS.train_history.lengths)
    assert model.fact_item.numpy().max() < config["num_items"] <= model.fact_entity.numpy().max()


def test_without_facts_there_are_no_entities_but_items():
    model = build_model(LightgcnSettings(dim=4, fact_weight=0), DATASET, SPLITS.train_history, 0)
    assert model.entity_embedding.input_dim == DATASET.items.size
    assert not any(weight.name.startswith("fact") for weight in model.weights)


def test_a_pair_is_an_edge_once_and_items_ascend():
    user, item, offsets = likes(History(np.array([4, 2, 4, 3]), np.array([0, 0, 3, 3, 4])))
    assert (user.tolist(), item.tolist(), offsets.tolist()) == ([1, 1, 3], [2, 4, 3], [0, 0, 2, 2, 3])


def test_facts_join_items_with_entities_that_others_have_too():
    triples = [
        (1, 1, 9),  # 9 is of two items,
        (9, 2, 2),  # once as the head;
        (1, 2, 9),  # an edge, however many relations say so
        (1, 1, 8),  # 8 is of one item only
        (3, 1, 7),
        (2, 1, 7),
        (3, 1, 1),  # two items
        (2, 2, 2),  # no edge of its own
        (8, 1, 9),  # no item
    ]
    head, relation, tail = np.array(triples).T
    facts = facts_of(KnowledgeGraph(head, relation, tail, 10, 3), num_items=3)
    number = {0: 0, 1: 1, 2: 2, 3: 3, 7: 4, 9: 5}
    edges = {(1, number[9]), (2, number[9]), (3, number[7]), (2, number[7]), (1, number[3])}
    assert sorted(zip(facts.item.tolist(), facts.entity.tolist(), strict=True)) == sorted(edges)
    assert facts.num_entities == 6


@pytest.mark.parametrize(("positives", "num_layers", "l2"), [(7, 3, 3e-2), (37, 2, 3e-3)])
def test_it_leaves_to_the_data_what_is_null(positives, num_layers, l2):
    size = DataSize(users=10, items=20, positives=10 * positives, triples=40)
    settled = by_data(LightgcnSettings(), size)
    assert (settled.num_layers, settled.l2) == (num_layers, l2)
    explicit = LightgcnSettings(num_layers=1, l2=0.5)
    assert by_data(explicit, size) == explicit
