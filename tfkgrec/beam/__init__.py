"""Work for more than one machine, on Apache Beam: recommendations for everybody, and data made ready for training.

Beam runs it on what people operate already: Flink, Spark, Dataflow. What the workers do is what one machine does
(`tfkgrec/offline/`, `tfkgrec/protocols/`), shard by shard; this room cuts, sends and puts together.
"""
