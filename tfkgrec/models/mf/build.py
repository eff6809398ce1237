"""Matrix factorisation from its settings."""

from tfkgrec.models.context import BuildContext
from tfkgrec.models.mf.model import MatrixFactorization, MatrixSizes
from tfkgrec.models.mf.settings import MfSettings


def build(settings: MfSettings, context: BuildContext) -> MatrixFactorization:
    """A built model; it carries no side table."""
    sizes = MatrixSizes(context.dataset.users.size, context.dataset.items.size)
    model = MatrixFactorization.from_settings(sizes, settings.hyperparameters())
    model.build()
    return model
