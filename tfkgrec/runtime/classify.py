"""PredictionService.Classify: tf.Examples in, classes and scores out."""

from tensorflow_serving.apis import classification_pb2

from tfkgrec.runtime.examples import serialized_examples
from tfkgrec.runtime.inference import classification_result, classify_outputs, find_signature
from tfkgrec.runtime.servable import Servable
from tfkgrec.runtime.signature_defs import EXAMPLES


def classify(
    servable: Servable, request: classification_pb2.ClassificationRequest
) -> classification_pb2.ClassificationResponse:
    """Answer one request.

    Raises:
        ServingError: the request does not fit the signature, or the signature is none for Classify.
        tf.errors.OpError: the runtime refused the values.
    """
    key, signature = find_signature(
        servable, request.model_spec.signature_name, "No signature was found with the name: "
    )
    outputs = classify_outputs(servable, signature)
    examples = serialized_examples(request.input)
    arrays = servable.run(key, {EXAMPLES: examples}, outputs)
    response = classification_pb2.ClassificationResponse(result=classification_result(arrays, len(examples)))
    response.model_spec.CopyFrom(servable.spec(key))
    return response
