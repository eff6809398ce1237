"""Fusion of trained models, or of new ones where none are at hand."""

import dataclasses

from tfkgrec import registry
from tfkgrec.config import load_config
from tfkgrec.models.context import BuildContext
from tfkgrec.models.data_size import settled
from tfkgrec.models.fusion.model import Fusion
from tfkgrec.models.fusion.settings import SUFFIXES, FusionSettings
from tfkgrec.models.recommender import Recommender


def build(settings: FusionSettings, context: BuildContext) -> Fusion:
    """A built model around the context's members, which it freezes.

    Without trained ones (runs/members.py) the members are new: a model to look at, not to use.
    """
    members = dict(context.members) or _new(settings, context)
    model = Fusion(members)
    model.build()
    return model


def _new(settings: FusionSettings, context: BuildContext) -> dict[str, Recommender]:
    """The members as they are before training; without a graph those that can do without."""
    if not settings.graph:
        context = dataclasses.replace(context, dataset=context.dataset.without_triples())
    found = {}
    for member in settings.members:
        own = load_config(member).model if member.endswith(SUFFIXES) else registry.model(member).settings(name=member)
        spec = registry.model(own.name)
        if settings.graph or not spec.needs_facts:
            found[own.name] = registry.load(spec.build)(settled(own, context.dataset, context.history), context)
    return found
