"""Fusion of trained models, or of new ones where none are at hand."""

from tfkgrec import registry
from tfkgrec.config import load_config
from tfkgrec.models.context import BuildContext
from tfkgrec.models.data_size import settled
from tfkgrec.models.fusion.model import Fusion
from tfkgrec.models.fusion.settings import SUFFIXES, FusionSettings


def build(settings: FusionSettings, context: BuildContext) -> Fusion:
    """A built model around the context's members, which it freezes.

    Without trained ones (runs/members.py) the members are new: a model to look at, not to use.
    """
    members = dict(context.members)
    if not members:
        for member in settings.members:
            own = (
                load_config(member).model if member.endswith(SUFFIXES) else registry.model(member).settings(name=member)
            )
            made = registry.load(registry.model(own.name).build)
            members[own.name] = made(settled(own, context.dataset, context.history), context)
    model = Fusion(members)
    model.build()
    return model
