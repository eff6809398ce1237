"""EKPNet takes in items by their facts."""

import numpy as np

from tfkgrec.models.ekpnet.model import EKPNet
from tfkgrec.models.ekpnet.ripple_sets import sample_ripples
from tfkgrec.models.growth import NewItems, check_reads_facts, grown, settle
from tfkgrec.models.recommender import Recommender

ENTITIES = [0, 2]  # of a triple: head and tail


def grow(model: EKPNet, new: NewItems) -> Recommender:
    """The model with the new items, ripple sets drawn around them from the triples that it has vectors for."""
    check_reads_facts(model)
    entity_ids = new.entity_ids(model)
    around = sample_ripples(new.within(entity_ids), new.after, model.num_hops, model.triples_per_item, new.rng)
    theirs, ripples = around.triples[new.before + 1 :], np.asarray(model.ripples).copy()
    ripples[:, :, ENTITIES] = new.moved(ripples[:, :, ENTITIES])
    theirs[:, :, ENTITIES] = around.entity_ids[theirs[:, :, ENTITIES]]
    tables = {"ripples": np.concatenate([ripples, theirs]), "entity_ids": entity_ids}
    sizes = {"num_items": new.after + 1, "num_entities": len(entity_ids)}
    return settle(model, grown(model, sizes, new, tables), new)
