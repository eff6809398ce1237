"""NeuMF from its settings."""

from tfkgrec.models.context import BuildContext
from tfkgrec.models.mf.model import MatrixSizes
from tfkgrec.models.neumf.model import NeuMF
from tfkgrec.models.neumf.settings import NeumfSettings


def build(settings: NeumfSettings, context: BuildContext) -> NeuMF:
    """A built model; it carries no side table."""
    sizes = MatrixSizes(context.dataset.users.size, context.dataset.items.size)
    model = NeuMF.from_settings(sizes, settings.hyperparameters())
    model.build()
    return model
