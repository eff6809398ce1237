"""The first layer with a non-finite output, found in networks where it is known."""

import keras
import numpy as np
import pytest

from tests.models.small import EVERYTHING, batch, dink
from tfkgrec.training.diagnose import first_non_finite_layer

ONES = np.ones((2, 3), np.float32)


class Net(keras.Model):
    """a, then b on top of a."""

    def __init__(self):
        super().__init__(name="net")
        self.a = keras.layers.Dense(3, kernel_initializer="ones", name="a")
        self.b = keras.layers.Dense(2, kernel_initializer="ones", name="b")

    def call(self, inputs, training=False):
        return self.b(self.a(inputs))


@pytest.fixture
def net():
    model = Net()
    model(ONES)
    return model


def _poke(layer, value):
    kernel = keras.ops.convert_to_numpy(layer.kernel).copy()
    kernel[0, 0] = value
    layer.kernel.assign(kernel)


def test_finite_everywhere_is_none(net):
    assert first_non_finite_layer(net, [ONES, ONES]) is None


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_in_order_of_computation_is_named_not_those_it_infects(net, value):
    _poke(net.b, value)
    assert first_non_finite_layer(net, [ONES]) == "net/b (Dense)"
    _poke(net.a, value)
    assert first_non_finite_layer(net, [ONES]) == "net/a (Dense)"


def test_batches_are_tried_until_one_shows_it(net):
    _poke(net.a, 1e38)  # 1e38 times 10 is more than a float32 holds
    tried = []

    def batches():
        for scale in (1, 10, 100):
            tried.append(scale)
            yield ONES * np.float32(scale)

    assert first_non_finite_layer(net, batches()) == "net/a (Dense)"
    assert tried == [1, 10]


def test_a_model_that_spoils_finite_layers_itself_is_named():
    class Spoiler(Net):
        def call(self, inputs, training=False):
            return super().call(inputs) / 0.0

    model = Spoiler()
    model(ONES)
    assert first_non_finite_layer(model, [ONES]) == "net (Spoiler)"


def test_the_model_works_as_before_afterwards(net):
    before = keras.ops.convert_to_numpy(net(ONES))
    _poke(net.b, np.nan)
    first_non_finite_layer(net, [ONES])
    _poke(net.b, 1.0)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(net(ONES)), before)
    assert net.a.call.__func__ is keras.layers.Dense.call


def test_integer_outputs_and_nested_structures_are_looked_through():
    class Pair(keras.layers.Layer):
        def call(self, inputs):
            return {"id": keras.ops.cast(inputs, "int32"), "parts": (inputs, None, inputs * np.nan)}

    class Holder(keras.Model):
        def __init__(self):
            super().__init__(name="holder")
            self.pair = Pair(name="pair")

        def call(self, inputs, training=False):
            return self.pair(inputs)["parts"][0]

    model = Holder()
    model(ONES)
    assert first_non_finite_layer(model, [ONES]) == "holder/pair (Pair)"


@pytest.mark.parametrize(
    ("poke", "layer"),
    [
        (lambda model: model.item_mlp[0].kernel, "/item_mlp_0 (Dense)"),
        (lambda model: model.user_embedding.embeddings, "/user_embedding (Embedding)"),
    ],
)
def test_layers_of_a_model_are_named_wherever_they_are_kept(poke, layer):
    model = dink(**EVERYTHING)
    variable = poke(model)
    variable.assign(np.full(variable.shape, np.nan, np.float32))
    assert first_non_finite_layer(model, [batch()]) == model.name + layer
