"""Settings and data in, a built model with its side tables out."""

import numpy as np
import pytest

from tests.data import small
from tests.models.small import flat
from tfkgrec.errors import InputError
from tfkgrec.models.build import build_model
from tfkgrec.models.data_size import DataSize
from tfkgrec.models.dink.settings import DinkSettings
from tfkgrec.models.ekpnet.settings import EkpnetSettings
from tfkgrec.models.hkrm.by_data import by_data
from tfkgrec.models.hkrm.settings import HkrmSettings
from tfkgrec.models.kgcn.settings import KgcnSettings
from tfkgrec.models.ksr.by_data import by_data as ksr_by_data
from tfkgrec.models.ksr.settings import KsrSettings
from tfkgrec.models.mf.settings import MfSettings
from tfkgrec.protocols.ctr.split import split_ctr

DATASET = small.dataset()
SPLITS = split_ctr(DATASET, 0)


def test_dink_has_its_settings():
    settings = DinkSettings(
        dim=4,
        history_length=3,
        num_neighbours=2,
        aggregator="concat",
        mlp_layers=2,
        l2=0.5,
        item_bias=True,
        dropout=0.2,
    )
    config = flat(build_model(settings, DATASET, SPLITS.train_history, 0))
    for name, value in vars(settings).items():
        if name != "name":
            assert config[name] == value, name
    assert (config["num_users"], config["num_items"]) == (DATASET.users.size, DATASET.items.size)
    assert config["num_relations"] == DATASET.relations.size


def test_dink_has_its_tables():
    model = build_model(DinkSettings(dim=4, history_length=3, num_neighbours=2), DATASET, SPLITS.train_history, 0)
    assert np.array_equal(model.history.numpy(), SPLITS.train_history.newest(3))
    own = {(h, r, t) for h, r, t in zip(DATASET.graph.head, DATASET.graph.relation, DATASET.graph.tail, strict=True)}
    entity, relation, ids = (t.numpy() for t in (model.neighbour_entity, model.neighbour_relation, model.entity_ids))
    item, place = np.nonzero(entity)
    assert len(item) > 50
    for i, k in zip(item, place, strict=True):
        assert (i, relation[i, k], ids[entity[i, k]]) in own
    assert len(ids) == model.num_entities < DATASET.entities.size + 1
    assert not any(table.trainable for table in (model.history, model.neighbour_entity, model.entity_ids))


def test_hkrm_has_its_settings_and_tables():
    settings = HkrmSettings(
        dim=4,
        history_length=3,
        max_fields=2,
        combine="sum",
        level="attribute",
        margin=0.5,
        l2=0.25,
        pair_l2=0.1,
        user_item_dot=False,
    )

    model = build_model(settings, DATASET, SPLITS.train_history, 0)
    config = {**flat(model), "pair_l2": model.head.l2}
    for name, value in vars(settings).items():
        if name not in ("name", "fields", "max_fields", "max_values"):
            assert config[name] == value, name
    assert (config["num_users"], config["num_items"]) == (DATASET.users.size, DATASET.items.size)
    assert np.array_equal(model.history.numpy(), SPLITS.train_history.newest(3))
    own = {(h, r, t) for h, r, t in zip(DATASET.graph.head, DATASET.graph.relation, DATASET.graph.tail, strict=True)}
    slot, entity, ids = (t.numpy() for t in (model.value_slot, model.value_entity, model.entity_ids))
    head, relation = model.slot_item.numpy()[slot], model.field_relation.numpy()[model.slot_field.numpy()[slot]]
    assert len(slot) > 50
    assert set(zip(head, relation, ids[entity], strict=True)) <= own
    assert len(model.field_relation.numpy()) == 2


def test_hkrm_refuses_a_field_that_no_item_has():
    with pytest.raises(InputError, match="model.fields: expected relations that items of small have .*, found 'spin'"):
        build_model(HkrmSettings(fields=("relation-1", "spin")), DATASET, SPLITS.train_history, 0)


def test_ekpnet_has_its_settings_and_tables():
    settings = EkpnetSettings(dim=4, num_hops=3, history_length=3, triples_per_item=2, lambda1=0.5, history_hop=True)
    model = build_model(settings, DATASET, SPLITS.train_history, 0)
    config = {**flat(model), "ripple_item_dot": model.head.interest_item_dot}
    for group in ("lambdas", "first_lambdas"):
        names = [f"{group.removesuffix('s')}{n}" for n in (1, 2, 3)]
        config |= dict(zip(names, config[group].values(), strict=True))
    for name, value in vars(settings).items():
        if name != "name":
            assert config[name] == value, name
    assert np.array_equal(model.history.numpy(), SPLITS.train_history.newest(3))
    ripples, ids = model.ripples.numpy(), model.entity_ids.numpy()
    assert ripples.shape == (DATASET.items.size, 3, 3, 2)
    own = {(h, r, t) for h, r, t in zip(DATASET.graph.head, DATASET.graph.relation, DATASET.graph.tail, strict=True)}
    head, relation, tail = np.moveaxis(ripples, 2, 0)
    assert (tail > 0).sum() > 50
    assert {
        (ids[h], r, ids[t]) for h, r, t in zip(head[tail > 0], relation[tail > 0], tail[tail > 0], strict=True)
    } <= own
    assert len(ids) == model.num_entities


def test_kgcn_has_its_settings_and_tables():
    settings = KgcnSettings(dim=4, num_neighbours=2, aggregator="concat", l2=0.5, item_bias=True, pair_l2=0.25)
    model = build_model(settings, DATASET, SPLITS.train_history, 0)
    config = {**flat(model), "pair_l2": model.head.l2}
    for name, value in vars(settings).items():
        if name != "name":
            assert config[name] == value, name
    assert (config["num_users"], config["num_items"]) == (DATASET.users.size, DATASET.items.size)
    own = {(h, r, t) for h, r, t in zip(DATASET.graph.head, DATASET.graph.relation, DATASET.graph.tail, strict=True)}
    entity, relation, ids = (t.numpy() for t in (model.neighbour_entity, model.neighbour_relation, model.entity_ids))
    item, place = np.nonzero(entity)
    assert len(item) > 50
    assert {(i, relation[i, k], ids[entity[i, k]]) for i, k in zip(item, place, strict=True)} <= own
    assert len(ids) == model.num_entities


def test_matrix_factorization_has_its_settings():
    model = build_model(MfSettings(dim=5, item_bias=False, l2=0.25), DATASET, SPLITS.train_history, 0)
    config = flat(model)
    assert (config["dim"], config["item_bias"], config["l2"]) == (5, False, 0.25)
    assert model.item_bias is None
    assert model.num_items == DATASET.items.size


@pytest.mark.parametrize(("positives", "own_vector", "pair_l2"), [(3, False, 1e-2), (30, True, 4e-3)])
def test_hkrm_leaves_to_the_data_what_is_null(positives, own_vector, pair_l2):
    size = DataSize(users=10, items=20, positives=10 * positives, triples=40)
    settled = by_data(HkrmSettings(), size)
    assert (settled.user_item_dot, settled.pair_l2) == (own_vector, pair_l2)
    explicit = HkrmSettings(user_item_dot=not own_vector, pair_l2=0.5)
    assert by_data(explicit, size) == explicit


def test_ksr_leaves_to_the_data_what_is_null():
    size = DataSize(users=10, items=200, positives=100, triples=400)
    assert ksr_by_data(KsrSettings(), size).min_relation_triples == 20
    assert ksr_by_data(KsrSettings(), size._replace(items=3)).min_relation_triples == 1
    assert ksr_by_data(KsrSettings(min_relation_triples=7), size).min_relation_triples == 7
