"""Embedding whose gradient reaches the optimizer as one dense tensor."""

import keras
from keras import ops

from tfkgrec.types import Shape, Tensor

USUAL_SPREAD = 0.1
"""Standard deviation of the vectors of users, items and entities; the papers are silent on it."""
BIAS_SPREAD = 1e-4


@keras.saving.register_keras_serializable("tfkgrec")
class Embedding(keras.layers.Embedding):
    """`keras.layers.Embedding` that Adam, Adagrad and RMSprop update correctly.

    Keras 3.15 on TensorFlow squares the gradient rows of duplicate ids before it sums them, which makes the first Adam
    step up to sqrt(lookups per row) times too large (docs/known-issues.md; tests/layers/test_embedding.py shows it).
    Reading the table through an arithmetic operation makes the gradient dense, duplicates already summed.

    Attributes:
        row_sparse: the gradient is one of rows instead, for an optimizer that sums duplicates itself
            (`training.row_sparse`); what is computed is the same.

    Call arguments: integer ids of any shape. Output: [..., output_dim].
    """

    row_sparse = False

    def build(self, input_shape: Shape | None = None) -> None:
        super().build(input_shape)
        # Row 0 is padding and unknown: no looked-up row means no contribution, so it starts at zero.
        rows = ops.expand_dims(ops.arange(self.input_dim) > 0, 1)
        self.embeddings.assign(ops.convert_to_tensor(self.embeddings) * ops.cast(rows, self.embeddings.dtype))

    def call(self, inputs: Tensor) -> Tensor:
        return ops.take(self.embeddings if self.row_sparse else self.table(), ops.cast(inputs, "int32"), axis=0)

    def compute_output_shape(self, input_shape: Shape | None = None) -> Shape:
        """One built without ids has those of no shape in particular."""
        return (*(input_shape or (None,)), self.output_dim)

    def table(self) -> Tensor:
        """The whole table [input_dim, output_dim], with a dense gradient."""
        return ops.multiply(ops.convert_to_tensor(self.embeddings), 1.0)


def normal_embedding(
    rows: int, width: int, name: str, stddev: float = USUAL_SPREAD, trainable: bool = True
) -> Embedding:
    """An `Embedding` of normal rows, with an initializer of its own: tables that share one start as each other."""
    initializer = keras.initializers.RandomNormal(stddev=stddev)
    return Embedding(rows, width, embeddings_initializer=initializer, name=name, trainable=trainable)
