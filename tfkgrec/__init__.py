"""tfkgrec: knowledge-graph recommenders in Keras, trained, explained and served."""

__version__ = "0.1.0"
