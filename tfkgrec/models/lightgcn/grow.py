"""LightGCN takes in items by their facts."""

import numpy as np

from tfkgrec.models.growth import NewItems, grown
from tfkgrec.models.lightgcn.model import LightGCN
from tfkgrec.models.recommender import Recommender


def grow(model: LightGCN, new: NewItems) -> Recommender:
    """The model with the new items, whose z_i is what their kin have in the mean.

    They are nodes without edges: one would change the degrees of its entities, and with them what the model says of all
    items that these join. Of such a node z = e / (L + 1), and it sends no message: in a history it says nothing.
    """
    first = new.before + 1
    tables = {"fact_entity": new.moved(np.asarray(model.fact_entity))} if model.sizes.num_facts else {}
    sizes = {"num_items": new.after + 1, "num_entities": model.sizes.num_entities + new.count}
    larger = grown(model, sizes, new, tables)
    vector = np.asarray(larger.entity_embedding.embeddings).copy()
    convolved = new.with_kin(np.asarray(model.item_tables().item_vector))
    vector[first : new.after + 1] = (model.num_layers + 1) * convolved[first:]
    larger.entity_embedding.embeddings.assign(vector)
    return larger
