"""SASRec from its settings."""

from tfkgrec.models.context import BuildContext
from tfkgrec.models.sasrec.model import SASRec, SasrecSizes
from tfkgrec.models.sasrec.settings import SasrecSettings


def build(settings: SasrecSettings, context: BuildContext) -> SASRec:
    """A built SASRec with the users' newest items."""
    sizes = SasrecSizes(context.dataset.users.size, context.dataset.items.size)
    model = SASRec.from_settings(sizes, settings.hyperparameters())
    model.build()
    model.set_table("history", context.history.newest(settings.history_length))
    return model
