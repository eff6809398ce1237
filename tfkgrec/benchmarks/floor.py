"""The bare floor of a training step: its own gathers, products, non-linearities, scatters and table updates, alone.

They are taken from the traced step, on their own shapes, and run on random numbers in one function, compiled as the
step is, without what lies between them. An operation in a loop counts as often as the loop turns. What cannot be
repeated, since its shape is not known or its input is a handle, is left out, so that the floor is rather too low.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

SUM = "UnsortedSegmentSum"
GATHERS, SCATTERS = {"GatherV2"}, {SUM, "TensorScatterAdd", "ScatterNd"}
PRODUCTS = {"MatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum"}
OTHERS = {"Tanh", "Sigmoid", "Exp", "Softmax", "Log", "Log1p", "Sqrt", "Rsqrt", "TopKV2"}
MOVED = {"AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"}
REPEATED = GATHERS | SCATTERS | PRODUCTS | OTHERS | MOVED
BRANCHES = {"If": "then_branch", "StatelessIf": "then_branch"}
LOOPS = {"While": "body", "StatelessWhile": "body"}
CALLS = {"PartitionedCall": "f", "StatefulPartitionedCall": "f"}
SMALL = 1024
"""Elements up to which an input that is constant stays what it is, as axes and sizes do; and a table is none."""
RUNS = 15


def floor_seconds(step: Callable[[Any], Any], inputs: Any, jit_compile: bool) -> float:
    """Of a `train_step` on batches of the specs `inputs`, a median."""
    graph = tf.function(step).get_concrete_function(inputs).graph
    by_turns = defaultdict(list)
    for operation, turns in _repeated(graph, 1, 1):
        by_turns[turns].append(operation)
    return sum(turns * _seconds(operations, jit_compile) for turns, operations in by_turns.items())


def _repeated(graph: Any, turns: int, last: int) -> Iterator[tuple[tf.Operation, int]]:
    """The operations to repeat, and how often each runs in a step; `last` is how often the loop before has turned."""
    for operation in graph.get_operations():
        kind = operation.type
        if kind in LOOPS:
            most = tf.get_static_value(operation.inputs[1])  # a gradient's loop turns as often as the one before it
            last = last if most is None or most < 1 else int(most)
            yield from _repeated(_inside(graph, operation, LOOPS[kind]), turns * last, last)
        elif kind in BRANCHES or kind in CALLS:
            yield from _repeated(_inside(graph, operation, (BRANCHES | CALLS)[kind]), turns, last)
        elif kind in REPEATED and _is_known(operation):
            yield operation, turns


def _inside(graph: Any, operation: tf.Operation, name: str) -> Any:
    return graph._get_function(operation.get_attr(name).name).graph


def _is_known(operation: tf.Operation) -> bool:
    given = operation.inputs[1:] if operation.type in MOVED else operation.inputs
    if not all(
        each.shape.is_fully_defined() and each.dtype.is_numpy_compatible for each in (*given, *operation.outputs)
    ):
        return False
    return operation.type not in MOVED or given[0].shape.num_elements() > SMALL


def _seconds(operations: Sequence[tf.Operation], jit_compile: bool) -> float:
    """All of them once, in one function, on numbers of its arguments: nothing can be worked out beforehand."""
    rng = np.random.default_rng(0)
    given = [[_drawn(each, operation, n, rng) for n, each in enumerate(operation.inputs)] for operation in operations]

    def run(given: list[list[Any]]) -> list[tf.Tensor]:
        found = []
        for operation, inputs in zip(operations, given, strict=True):
            if operation.type in MOVED:
                inputs[0].assign_add(inputs[1])
                continue
            attributes = {name: value for name, value in operation.node_def.attr.items() if name[0] != "_"}
            fixed = [tf.constant(tf.get_static_value(each)) for each in operation.inputs if _is_constant(each)]
            inputs = [fixed.pop(0) if each is None else each for each in inputs]
            kinds = [output.dtype for output in operation.outputs]
            graph = tf.compat.v1.get_default_graph()
            found += graph.create_op(operation.type, inputs, kinds, attrs=attributes).outputs
        return found

    compiled, taken = tf.function(run, jit_compile=jit_compile, autograph=False), []
    for _ in range(RUNS + 2):  # the first ones compile
        start = time.perf_counter()
        found = compiled(given)
        if found:
            found[-1].numpy()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[2:])


def _is_constant(given: tf.Tensor) -> bool:
    value = None if given.dtype == tf.resource else tf.get_static_value(given)
    return value is not None and np.size(value) <= SMALL


def _drawn(given: tf.Tensor, operation: tf.Operation, place: int, rng: np.random.Generator) -> Any:
    """Numbers for an input of an operation; None for one that stays what it is."""
    if given.dtype == tf.resource:
        return tf.Variable(tf.zeros(operation.inputs[1].shape, operation.inputs[1].dtype))
    if _is_constant(given):
        return None
    if operation.type == SUM and place == 2:
        return tf.constant(operation.outputs[0].shape[0], given.dtype)
    if given.dtype.is_integer:
        return tf.constant(rng.integers(0, _below(operation, place), given.shape.as_list()), given.dtype)
    if given.dtype == tf.bool:
        return tf.constant(rng.random(given.shape.as_list()) < 0.5)
    return tf.constant(rng.random(given.shape.as_list()), given.dtype)  # not below 0: roots and logarithms of it


def _below(operation: tf.Operation, place: int) -> int:
    """What ids in an input have to stay below."""
    if operation.type in GATHERS and place == 1:
        axis = int(tf.get_static_value(operation.inputs[2]))
        return int(operation.inputs[0].shape[axis])
    if operation.type == SUM and place == 1:
        return int(operation.outputs[0].shape[0])
    return 1
