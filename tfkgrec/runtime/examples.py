"""The `Input` of Classify, Regress and MultiInference: tf.Examples, as a tensor of serialized ones.

Source of the texts: tensorflow_serving/servables/tensorflow/util.cc.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from tensorflow.core.example import example_pb2
from tensorflow_serving.apis import input_pb2

from tfkgrec.runtime.status import INVALID_ARGUMENT, ServingError


def serialized_examples(message: input_pb2.Input) -> np.ndarray:
    """Serialized Examples, object [B]; a context is put before each, so that an example's own feature wins.

    Raises:
        ServingError: there is no example.
    """
    context = b""
    examples: Iterable[example_pb2.Example] = message.example_list.examples
    if message.WhichOneof("kind") == "example_list_with_context":
        context = message.example_list_with_context.context.SerializeToString()
        examples = message.example_list_with_context.examples
    serialized = [context + example.SerializeToString() for example in examples]
    if not serialized:
        raise ServingError(INVALID_ARGUMENT, "Input is empty.")
    return np.array(serialized, object)


def example(features: Mapping[str, str | bytes]) -> example_pb2.Example:
    """An Example whose features hold one text each."""
    message = example_pb2.Example()
    for name, value in features.items():
        text = value.encode() if isinstance(value, str) else value
        message.features.feature[name].bytes_list.value.append(text)
    return message
