"""The messages that a client exchanges with TF Serving, built from tables: importing them takes no TensorFlow.

Only what the client uses. Fields that a newer server adds are skipped, as protobuf has it. Source: the .proto files of
tensorflow_serving/apis and tensorflow/core; enumerations are numbers here, the same on the wire.
"""

from typing import TYPE_CHECKING

from tfkgrec.protos.proto_builder import build

_MESSAGES = build(
    {
        "google.protobuf": {
            "Int64Value": ["int64 value = 1"],
            "Any": ["string type_url = 1", "bytes value = 2"],
        },
        "tensorflow": {
            "Dim": ["int64 size = 1", "string name = 2"],
            "TensorShapeProto": ["repeated Dim dim = 2", "bool unknown_rank = 3"],
            "TensorProto": [
                "int32 dtype = 1",
                "TensorShapeProto tensor_shape = 2",
                "int32 version_number = 3",
                "bytes tensor_content = 4",
                "repeated float float_val = 5",
                "repeated double double_val = 6",
                "repeated int32 int_val = 7",
                "repeated bytes string_val = 8",
                "repeated int64 int64_val = 10",
                "repeated bool bool_val = 11",
                "repeated int32 half_val = 13",
                "repeated uint32 uint32_val = 16",
                "repeated uint64 uint64_val = 17",
            ],
            "TensorInfo": ["string name = 1", "int32 dtype = 2", "TensorShapeProto tensor_shape = 3"],
            "SignatureDef": [
                "map<string, TensorInfo> inputs = 1",
                "map<string, TensorInfo> outputs = 2",
                "string method_name = 3",
            ],
        },
        "tensorflow.serving": {
            "ModelSpec": [
                "string name = 1",
                "oneof version_choice google.protobuf.Int64Value version = 2",
                "oneof version_choice string version_label = 4",
                "string signature_name = 3",
            ],
            "PredictRequest": [
                "ModelSpec model_spec = 1",
                "map<string, tensorflow.TensorProto> inputs = 2",
                "repeated string output_filter = 3",
            ],
            "PredictResponse": ["map<string, tensorflow.TensorProto> outputs = 1", "ModelSpec model_spec = 2"],
            "GetModelMetadataRequest": ["ModelSpec model_spec = 1", "repeated string metadata_field = 2"],
            "GetModelMetadataResponse": [
                "ModelSpec model_spec = 1",
                "map<string, google.protobuf.Any> metadata = 2",
            ],
            "SignatureDefMap": ["map<string, tensorflow.SignatureDef> signature_def = 1"],
        },
    }
)
if TYPE_CHECKING:  # the generated ones, whose fields are a superset
    from tensorflow.core.framework.tensor_pb2 import TensorProto
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo
    from tensorflow_serving.apis.get_model_metadata_pb2 import (
        GetModelMetadataRequest,
        GetModelMetadataResponse,
        SignatureDefMap,
    )
    from tensorflow_serving.apis.model_pb2 import ModelSpec
    from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
else:
    TensorProto, TensorInfo, SignatureDef = (_MESSAGES[name] for name in ("TensorProto", "TensorInfo", "SignatureDef"))
    ModelSpec = _MESSAGES["ModelSpec"]
    PredictRequest, PredictResponse = _MESSAGES["PredictRequest"], _MESSAGES["PredictResponse"]
    GetModelMetadataRequest = _MESSAGES["GetModelMetadataRequest"]
    GetModelMetadataResponse = _MESSAGES["GetModelMetadataResponse"]
    SignatureDefMap = _MESSAGES["SignatureDefMap"]

__all__ = [
    "GET_MODEL_METADATA",
    "PREDICT",
    "GetModelMetadataRequest",
    "GetModelMetadataResponse",
    "ModelSpec",
    "PredictRequest",
    "PredictResponse",
    "SignatureDef",
    "SignatureDefMap",
    "TensorInfo",
    "TensorProto",
]

PREDICT = "/tensorflow.serving.PredictionService/Predict"
GET_MODEL_METADATA = "/tensorflow.serving.PredictionService/GetModelMetadata"
