"""Where and from which seed a model computes."""

import keras
import tensorflow as tf

from tfkgrec.training.xla_choice import faster_with_xla


def device() -> str:
    """Where models compute: gpu where TensorFlow finds one, else cpu."""
    return "gpu" if tf.config.list_physical_devices("GPU") else "cpu"


def use_xla(jit_compile: str | bool, trained: keras.Model | None = None) -> bool:
    """Whether to compile with XLA; "auto" is what was faster on this device, and yes where nobody has measured.

    Args:
        trained: the model whose steps are meant; None: something else, such as its scores, for which auto is yes.

    Keras' own "auto" is no where there is only a CPU, and yes beside a GPU. Here the updates of embedding tables
    dominate every model, and XLA fuses them on a CPU, too. Nothing was measured on a GPU.
    """
    if isinstance(jit_compile, bool):
        return jit_compile
    return trained is None or faster_with_xla(device(), keras.saving.get_registered_name(type(trained)))


def seed_everything(seed: int) -> None:
    """Seed Keras' initialisers and the backends."""
    keras.utils.set_random_seed(seed)
    tf.random.set_seed(seed)
