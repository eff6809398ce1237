"""What the floor repeats of a step, as often as the step does, and what it takes alone."""

import tensorflow as tf

from tfkgrec.benchmarks.floor import _repeated, floor_seconds


def test_operations_of_branches_and_loops_are_found_and_run():
    table, kernel = tf.Variable(tf.ones((50, 40))), tf.Variable(tf.ones((40, 40)))

    def step(ids):
        with tf.GradientTape() as tape:
            x = tf.gather(tf.convert_to_tensor(table), ids)
            x = tf.while_loop(
                lambda n, x: n < 5, lambda n, x: (n + 1, tf.tanh(x @ kernel)), (0, x), maximum_iterations=5
            )[1]
            loss = tf.reduce_sum(x)
        gradient = tf.convert_to_tensor(tape.gradient(loss, table))
        tf.cond(loss > 0, lambda: table.assign_sub(gradient), lambda: table)
        return loss

    spec = tf.TensorSpec([7], tf.int32)
    graph = tf.function(step).get_concrete_function(spec).graph
    found = [(operation.type, turns) for operation, turns in _repeated(graph, 1, 1)]
    assert found.count(("Tanh", 5)) == 1
    assert found.count(("MatMul", 5)) >= 2  # forth and back
    assert {("GatherV2", 1), ("AssignSubVariableOp", 1), ("UnsortedSegmentSum", 1)} <= {*found}
    for jit_compile in (False, True):
        assert 0 < floor_seconds(step, spec, jit_compile) < 1
