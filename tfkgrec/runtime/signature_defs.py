"""What Keras leaves out of an export's signatures: method names, and one input shared by `classify` and `regress`.

TF Serving's MultiInference runs both in one call and demands "Input tensor must be the same for all Signatures"
(multi_inference.cc), while TensorFlow gives every signature a placeholder of its own. So `regress` is rewired to read
the placeholder of `classify`. Python's `tf.saved_model.load` reads neither and is not touched.
"""

from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow.python.saved_model import fingerprinting_utils

CLASSIFY, REGRESS = "classify", "regress"
EXAMPLES = "inputs"  # the name of the input of both: serialized tf.Example
CLASSES, SCORES, OUTPUTS = "classes", "scores", "outputs"

METHODS = {CLASSIFY: "tensorflow/serving/classify", REGRESS: "tensorflow/serving/regress"}


def finish_signature_defs(version_dir: Path) -> None:
    """Mend `saved_model.pb` in `version_dir`; signatures of other names keep TensorFlow's method, predict."""
    file = version_dir / "saved_model.pb"
    saved_model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    for meta_graph in saved_model.meta_graphs:
        signatures = meta_graph.signature_def
        for name, method in METHODS.items():
            if name in signatures:
                signatures[name].method_name = method
        if CLASSIFY in signatures and REGRESS in signatures:
            _share_input(meta_graph)
    file.write_bytes(saved_model.SerializeToString(deterministic=True))
    if (version_dir / "fingerprint.pb").exists():
        fingerprinting_utils.write_fingerprint(str(version_dir))


def _share_input(meta_graph: meta_graph_pb2.MetaGraphDef) -> None:
    signatures = meta_graph.signature_def
    shared, own = (signatures[name].inputs[EXAMPLES].name for name in (CLASSIFY, REGRESS))
    shared_node, own_node = (name.removesuffix(":0") for name in (shared, own))
    signatures[REGRESS].inputs[EXAMPLES].name = shared
    nodes = meta_graph.graph_def.node
    for node in nodes:
        for position, source in enumerate(node.input):
            if source in (own, own_node):
                node.input[position] = shared_node
    for position, node in enumerate(nodes):
        if node.name == own_node:
            del nodes[position]
            break


def read_signature_defs(version_dir: Path) -> dict[str, meta_graph_pb2.SignatureDef]:
    """The signatures that can be called, by name."""
    saved_model = saved_model_pb2.SavedModel.FromString((version_dir / "saved_model.pb").read_bytes())
    (meta_graph,) = (graph for graph in saved_model.meta_graphs if "serve" in graph.meta_info_def.tags)
    return {name: meta_graph.signature_def[name] for name in sorted(meta_graph.signature_def) if name[:2] != "__"}


def shape_text(info: meta_graph_pb2.TensorInfo) -> str:
    """A tensor of a signature for people: `string [?, 20]`."""
    dims = ", ".join("?" if dim.size == -1 else str(dim.size) for dim in info.tensor_shape.dim)
    return f"{tf.as_dtype(info.dtype).name} [{dims}]"
