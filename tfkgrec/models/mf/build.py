"""Matrix factorisation from its settings."""

from tfkgrec.models.context import BuildContext
from tfkgrec.models.mf.model import MatrixFactorization
from tfkgrec.models.mf.settings import MfSettings


def build(settings: MfSettings, context: BuildContext) -> MatrixFactorization:
    """A built model; it carries no side table."""
    model = MatrixFactorization(context.dataset.users.size, context.dataset.items.size, **settings.hyperparameters())
    model.build()
    return model
