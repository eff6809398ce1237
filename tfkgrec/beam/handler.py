"""A SavedModel of ours in Beam's RunInference, called by its signatures.

Beam's own handler for TensorFlow loads by `tf.keras.models.load_model`, which Keras 3 refuses for a SavedModel.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfkgrec.offline.in_process import InProcess, open_in_process
from tfkgrec.offline.lists import lists_of
from tfkgrec.offline.lists_file import UNKNOWN
from tfkgrec.storage import local_copy

try:
    from apache_beam.ml.inference.base import ModelHandler, PredictionResult
except ImportError:  # every module of the package can be imported; who needs Beam asks `import_beam` before
    ModelHandler = object

Users = Sequence[str]


class SavedModelHandler(ModelHandler):
    """Lists of users, as `recommend` of the SavedModel gives them.

    An example is a block of users, its inference the table of their lists (`tfkgrec.offline.lists`), which tells in its
    metadata how many of them the model does not know.

    Args:
        path: folder of the export, where every worker can read it.
        k: items of a list.
    """

    def __init__(self, path: str, k: int) -> None:
        super().__init__()
        self.path, self.k = path, k

    def load_model(self) -> InProcess:
        """Once in every worker process; from another filesystem it is copied first, and read to the end."""
        with local_copy(self.path) as folder:
            return open_in_process(folder)

    def run_inference(
        self, batch: Sequence[Users], model: InProcess, inference_args: dict[str, Any] | None = None
    ) -> Iterator["PredictionResult"]:
        for users in batch:
            table, unknown = lists_of(model, users, self.k)
            yield PredictionResult(users, table.replace_schema_metadata({UNKNOWN: str(unknown)}))

    def batch_elements_kwargs(self) -> Mapping[str, Any]:
        return {"min_batch_size": 1, "max_batch_size": 1}  # a block is a batch already
