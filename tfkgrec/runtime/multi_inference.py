"""PredictionService.MultiInference: several Classify and Regress signatures of one model over the same examples.

Source of the texts: tensorflow_serving/servables/tensorflow/multi_inference.cc.
"""

from tensorflow_serving.apis import inference_pb2

from tfkgrec.runtime import inference
from tfkgrec.runtime.examples import serialized_examples
from tfkgrec.runtime.servable import DEFAULT_SIGNATURE, Servable
from tfkgrec.runtime.signature_defs import CLASSIFY, EXAMPLES, METHODS, REGRESS
from tfkgrec.runtime.status import INVALID_ARGUMENT, UNIMPLEMENTED, ServingError


def multi_inference(
    servable: Servable, request: inference_pb2.MultiInferenceRequest
) -> inference_pb2.MultiInferenceResponse:
    """Answer one request, with one pass through the graph.

    Raises:
        ServingError: the tasks do not fit the model, or one another.
        tf.errors.OpError: the runtime refused the values.
    """
    outputs = _outputs_by_signature(servable, request)
    examples = serialized_examples(request.input)
    wanted = [(key, output) for key, names in outputs.items() for output in names]
    arrays = servable.run_shared(EXAMPLES, examples, wanted)
    response = inference_pb2.MultiInferenceResponse()
    for task in request.tasks:
        key = task.model_spec.signature_name or DEFAULT_SIGNATURE
        own = {name: arrays[key, name] for name in outputs[key]}
        result = response.results.add()
        result.model_spec.CopyFrom(servable.spec(key))
        if task.method_name == METHODS[CLASSIFY]:
            result.classification_result.CopyFrom(inference.classification_result(own, len(examples)))
        else:
            result.regression_result.CopyFrom(inference.regression_result(own, len(examples)))
    return response


def _outputs_by_signature(servable: Servable, request: inference_pb2.MultiInferenceRequest) -> dict[str, list[str]]:
    """What to fetch for each task's signature, after TF Serving's checks in its order."""
    outputs: dict[str, list[str]] = {}
    inputs = set()
    for task in request.tasks:
        if not task.model_spec.name:
            raise ServingError(INVALID_ARGUMENT, "Found ModelSpec with an empty model name.")
        if task.model_spec.name != servable.name:
            raise ServingError(
                INVALID_ARGUMENT, "All ModelSpecs in a MultiInferenceRequest must access the same model name."
            )
        key = task.model_spec.signature_name or DEFAULT_SIGNATURE
        if key in outputs:
            raise ServingError(INVALID_ARGUMENT, f"Duplicate evaluation of signature: {key}")
        _, signature = inference.find_signature(servable, key, "Requested signature not found in model graph: ")
        if task.method_name == METHODS[CLASSIFY]:
            outputs[key] = inference.classify_outputs(servable, signature)
        elif task.method_name == METHODS[REGRESS]:
            outputs[key] = inference.regress_outputs(servable, signature)
        else:
            raise ServingError(UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}")
        inputs.add(signature.inputs[EXAMPLES].name)
        if len(inputs) > 1:
            raise ServingError(INVALID_ARGUMENT, "Input tensor must be the same for all Signatures.")
    return outputs
