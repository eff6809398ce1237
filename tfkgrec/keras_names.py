"""`import tfkgrec` alone, and `keras.models.load_model` reads a run's `model.keras`.

Keras finds a class by the name that it is registered under, which happens when its module is imported. Importing all
of them with the package would cost every client a TensorFlow. So, as soon as there is a Keras, it knows the names of
the models in the registry, and behind each a stand-in that imports the class when a file asks for it.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfkgrec.registry import ModelSpec


class StandIn:
    """Of a model's class that has not been imported: all that Keras asks of it is `from_config`."""

    def __init__(self, spec: "ModelSpec") -> None:
        self.spec = spec

    def from_config(self, config: dict[str, Any]) -> object:
        """The model: importing its class has registered it in the place of this."""
        import keras

        from tfkgrec.registry import load

        load(self.spec.build)
        # Not get_registered_object: while a file is read, it looks at a copy, where this still stands.
        return keras.saving.get_custom_objects()[self.spec.keras_name].from_config(config)


def register_models() -> None:
    """Tell Keras the names of the registry's models that it does not know yet."""
    import keras

    from tfkgrec.errors import InputError
    from tfkgrec.registry import models

    try:
        specs = list(models().values())
    except InputError:  # an entry point that cannot be imported: told where the registry is really asked
        return
    known = keras.saving.get_custom_objects()
    for spec in specs:
        if spec.keras_name is not None:
            known.setdefault(spec.keras_name, StandIn(spec))


def register_with_keras() -> None:
    """`register_models`, now or as soon as somebody imports Keras."""
    if "keras" in sys.modules:
        register_models()
    else:
        sys.meta_path.insert(0, _KerasWatch())


class _KerasWatch(MetaPathFinder):
    """Finds nothing itself; the first import of Keras ends with `register_models`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_register(module: ModuleType) -> None:
                run(module)
                register_models()

            spec.loader.exec_module = run_and_register  # type: ignore[method-assign]
        return spec
