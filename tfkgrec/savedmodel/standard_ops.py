"""An export must run on a server that has nothing but TensorFlow's own runtime, without Python and without XLA."""

from collections.abc import Iterator
from pathlib import Path

from tensorflow.core.framework import graph_pb2, node_def_pb2
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import op_def_registry

from tfkgrec.errors import InputError

NEEDS_PYTHON = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
NEEDS_XLA = {"_XlaMustCompile", "_XlaCompile"}


def require_standard_ops(version_dir: Path) -> None:
    """Look through the graph and its functions.

    Raises:
        InputError: an operation calls back into Python, must be compiled by XLA, or is not TensorFlow's.
    """
    saved_model = saved_model_pb2.SavedModel.FromString((version_dir / "saved_model.pb").read_bytes())
    for meta_graph in saved_model.meta_graphs:
        graph = meta_graph.graph_def
        functions = {function.signature.name for function in graph.library.function}
        for node in _nodes(graph):
            problem = _problem(node, functions)
            if problem:
                raise InputError(
                    f"{version_dir}: operation {node.name} ({node.op}) {problem}: TF Serving cannot run it"
                )
        for function in graph.library.function:
            for name in NEEDS_XLA:
                if name in function.attr and function.attr[name].b:
                    raise InputError(f"{version_dir}: function {function.signature.name} must be compiled by XLA")


def _nodes(graph: graph_pb2.GraphDef) -> Iterator[node_def_pb2.NodeDef]:
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def _problem(node: node_def_pb2.NodeDef, functions: set[str]) -> str | None:
    if node.op in NEEDS_PYTHON:
        return "calls back into Python"
    if any(name in node.attr and node.attr[name].b for name in NEEDS_XLA):
        return "must be compiled by XLA"
    if node.op not in functions and op_def_registry.get(node.op) is None:
        return "is none of TensorFlow's"
    return None
