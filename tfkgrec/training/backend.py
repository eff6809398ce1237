"""Where and from which seed a model computes."""

import keras
import tensorflow as tf


def use_xla(jit_compile: str | bool) -> bool:
    """Whether to compile with XLA; "auto" is yes on every device.

    Keras' own "auto" is no where there is only a CPU, and yes beside a GPU. Here the updates of embedding tables
    dominate every model, and XLA fuses them on a CPU, too. Nothing was measured on a GPU.
    """
    return jit_compile if isinstance(jit_compile, bool) else True


def seed_everything(seed: int) -> None:
    """Seed Keras' initialisers and the backends."""
    keras.utils.set_random_seed(seed)
    tf.random.set_seed(seed)
