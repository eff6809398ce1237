"""What a model's constructor asks for is few things."""

import inspect
import typing

import pytest

from tfkgrec import registry

MODELS = sorted(registry.models())


def arguments(name: str) -> dict[str, inspect.Parameter]:
    """The constructor's, but for what every Keras layer takes."""
    model = typing.get_type_hints(registry.load(registry.model(name).build))["return"]
    parameters = inspect.signature(model.__init__).parameters
    return {key: each for key, each in parameters.items() if key != "self" and each.kind is not each.VAR_KEYWORD}


@pytest.mark.parametrize("name", MODELS)
def test_at_most_fourteen_arguments(name):
    assert 2 < len(arguments(name)) <= 14
