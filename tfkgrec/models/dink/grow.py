"""DINK takes in items by their facts."""

from tfkgrec.models.dink.model import DINK
from tfkgrec.models.growth import NewItems, check_reads_facts, grow_neighbours, settle
from tfkgrec.models.recommender import Recommender


def grow(model: DINK, new: NewItems) -> Recommender:
    """The model with the new items, their neighbours drawn from their facts."""
    check_reads_facts(model)
    return settle(model, grow_neighbours(model, new), new)
