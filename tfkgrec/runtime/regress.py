"""PredictionService.Regress: tf.Examples in, one number each out."""

from tensorflow_serving.apis import regression_pb2

from tfkgrec.runtime.examples import serialized_examples
from tfkgrec.runtime.inference import find_signature, regress_outputs, regression_result
from tfkgrec.runtime.servable import Servable
from tfkgrec.runtime.signature_defs import EXAMPLES


def regress(servable: Servable, request: regression_pb2.RegressionRequest) -> regression_pb2.RegressionResponse:
    """Answer one request.

    Raises:
        ServingError: the request does not fit the signature, or the signature is none for Regress.
        tf.errors.OpError: the runtime refused the values.
    """
    key, signature = find_signature(
        servable, request.model_spec.signature_name, "No signature was found with the name: "
    )
    outputs = regress_outputs(servable, signature)
    examples = serialized_examples(request.input)
    arrays = servable.run(key, {EXAMPLES: examples}, outputs)
    response = regression_pb2.RegressionResponse(result=regression_result(arrays, len(examples)))
    response.model_spec.CopyFrom(servable.spec(key))
    return response
