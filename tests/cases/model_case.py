"""What every model passes: files, batches of any shape, strangers, no leak, explanations."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from tests.cases.small_models import SmallModel
from tests.harness import check_item_tables, save_and_load
from tfkgrec.layers.masked import leave_out
from tfkgrec.models.explain_text import explain_text
from tfkgrec.models.recommender import outputs
from tfkgrec.models.sequential import SequentialRecommender
from tfkgrec.runs.id_files import read_seen, write_id_files
from tfkgrec.savedmodel.sequence_signatures import SequenceSignatures
from tfkgrec.savedmodel.signatures import Signatures
from tfkgrec.savedmodel.vocabularies import Vocabularies
from tfkgrec.types import Record

TOLERANCE = 2e-5  # float32 sums in another order
SAME = 1e-6


class ModelCase:
    """Subclassed with a fixture `small`."""

    def test_comes_back_from_its_file(self, small: SmallModel, tmp_path: Path) -> None:
        model = small.model
        restored = save_and_load(model, tmp_path)
        assert type(restored) is type(model)
        assert restored.get_config() == model.get_config()
        assert restored.stage == model.stage
        for found, expected in zip(restored.weights, model.weights, strict=True):
            assert (found.path, found.dtype) == (expected.path, expected.dtype)
            assert_array_equal(found.numpy(), expected.numpy(), err_msg=found.path)
        assert_array_equal(restored({"user": small.users, "item": small.items}), small.logits(small.users, small.items))
        given, _ = small.batch()
        for one in (restored, model):  # what only training reads is kept, too
            one(given, training=True)
        assert_allclose(sum(restored.losses, 0.0), sum(model.losses, 0.0), rtol=1e-6)

    def test_user_once_and_items_many_is_what_a_call_gives(self, small: SmallModel) -> None:
        found = small.model({"user": small.users, "item": small.items})
        assert_allclose(found, small.logits(small.users, small.items), atol=SAME)
        assert np.std(found) > 1e-3

    def test_many_items_at_once_equal_one_at_a_time(self, small: SmallModel) -> None:
        user, item = small.users, small.items
        together = small.logits(user, item)
        as_pairs = small.logits(np.repeat(user, item.shape[1]), item.reshape(-1, 1))  # M = 1, as in serving_default
        assert_allclose(as_pairs.reshape(together.shape), together, atol=TOLERANCE)
        for row, column in ((0, 0), (1, 1), (len(user) - 1, 2)):  # a batch of one
            alone = small.logits(user[row : row + 1], item[row : row + 1, column : column + 1])
            assert_allclose(alone, together[row : row + 1, column : column + 1], atol=TOLERANCE)
        order = np.random.default_rng(0).permutation(item.shape[1])
        assert_allclose(small.logits(user, item[:, order]), together[:, order], atol=TOLERANCE)

    def test_tables_of_items_made_beforehand_change_nothing(self, small: SmallModel) -> None:
        check_item_tables(small.model, small.users, small.items, small.histories[-1:])

    def test_a_given_history_is_read_instead_of_the_stored_one(self, small: SmallModel) -> None:
        given = {"user": small.users, "item": small.items}
        found = small.model({**given, "history": small.histories})
        assert_allclose(found, small.logits(small.users, small.items), atol=SAME)
        if not small.model.history_length:  # it reads none at all
            assert_array_equal(small.model({**given, "history": np.ones_like(small.histories)}), found)

    def test_strangers_and_padding_are_finite_forth_and_back(self, small: SmallModel) -> None:
        """Unknown users and items, users without a history, items without a triple; then a batch of padding alone."""
        given, _ = small.batch()
        asked = [({"user": small.users[:2], "item": small.items[:2, :2]}, False)]
        asked += [({name: np.zeros_like(array) for name, array in given.items()}, True), (given, True)]
        for inputs, training in asked:
            with tf.GradientTape() as tape:
                scores = small.model(inputs, training=training)
                total = tf.add_n([tf.reduce_sum(scores), *small.model.losses])
            assert np.isfinite(scores).all()
            assert np.isfinite(total)
            for gradient in tape.gradient(total, small.model.trainable_variables):
                assert gradient is None or np.isfinite(tf.convert_to_tensor(gradient)).all()

    def test_a_summary_tells_the_shapes_of_what_comes_out(self, small: SmallModel) -> None:
        """Keras asks each built layer, which has to know what it was built for; a head alone has no call of its own."""
        model, lines = small.model, []
        model.summary(print_fn=lambda line, **_: lines.append(line), expand_nested=True)
        assert "Total params" in lines[0]
        drawn = keras.utils.model_to_dot(model, show_shapes=True, expand_nested=True)  # what plot_model hands to dot
        assert type(model).__name__ in drawn.to_string()
        for layer in model.layers:
            if layer._build_shapes_dict and type(layer).__name__ != "InnerProductHead":
                shapes = keras.tree.flatten(layer.compute_output_shape(**layer._build_shapes_dict))
                assert shapes and all(size is None or size > 0 for size in shapes), layer
        asked = {"user": small.users, "item": small.items}
        found = model.compute_output_shape({name: array.shape for name, array in asked.items()})
        assert found == small.items.shape == model(asked).shape

    def test_the_product_is_the_logit_of_what_was_not_taken_or_moves_with_it(self, small: SmallModel) -> None:
        model, users, tables = small.model, small.users, small.model.item_tables()
        factors = model.item_factors(tables)
        assert factors is None or factors.shape[0] == model.num_items
        if not model.product:
            return
        items = np.tile(np.arange(1, model.num_items, dtype=np.int32), (len(users), 1))
        state = model.user_state(users, tables=tables)

        def product(state: Record) -> np.ndarray:
            return (np.asarray(model.user_factors(state)) @ np.asarray(factors).T)[:, 1:]

        if model.product == "whole":
            taken = (items[:, :, None] == small.histories[:, None]).any(-1)
            assert (~taken).sum() > 100
            found = np.asarray(model.score_items(state, items))
            assert_allclose(product(state)[~taken], found[~taken], atol=1e-4, rtol=1e-4)
            return
        fields = [name for name in ("user", "product", "vector") if getattr(state, name, None) is not None]
        if small.spec.name == "rkan":
            return  # its paths begin with the same vector
        moved = state._replace(**{fields[0]: 2.0 * getattr(state, fields[0]) + 0.5})
        difference = np.asarray(model.score_items(moved, items)) - np.asarray(model.score_items(state, items))
        assert np.std(difference) > 1e-2
        assert_allclose(product(moved) - product(state), difference, atol=1e-4, rtol=1e-4)

    def test_losses_belong_to_training(self, small: SmallModel) -> None:
        given, _ = small.batch()
        trained = np.asarray(small.model(given, training=True))
        assert_allclose(small.model(given, training=False), trained, atol=SAME)
        assert not small.model.losses

    def test_a_step_trains_every_weight(self, small: SmallModel) -> None:
        """Nothing is left out of the graph of gradients."""
        model, before = small.model, small.model.get_weights()
        task = small.protocol.task(model)
        task.compile(keras.optimizers.SGD(0.1), jit_compile=False)
        logs = task.train_step(next(iter(small.protocol.batches(model).batches(0))))
        after = {weight.path: weight.numpy() for weight in model.trainable_weights}
        old = {weight.path: array for weight, array in zip(model.weights, before, strict=True)}
        model.set_weights(before)
        assert np.isfinite(float(logs["loss"]))
        assert all(np.isfinite(array).all() for array in after.values())
        assert [path for path, array in after.items() if np.array_equal(array, old[path])] == []

    # -----------------------------------------------------------------------------------------------------------------
    # leaks (docs/design-rules.md)

    def test_a_candidate_does_not_see_itself(self, small: SmallModel) -> None:
        """Scored as at serving time: its place in the history is masked as well."""
        if not small.model.history_length:
            pytest.skip("reads no histories: what else it knows of the target is asked in its own tests")
        if "left_out" not in small.batch()[0]:
            pytest.skip("candidates are never among what was known of the user before")
        found, expected = seen_and_erased(small)
        assert np.abs(found - expected).max() < TOLERANCE

    def test_training_is_as_in_a_world_without_the_target(self, small: SmallModel) -> None:
        """What a pair loses, the target itself or the item that `left_out` names, leaves no trace."""
        if not small.model.history_length:
            pytest.skip("reads no histories: what else it knows of the target is asked in its own tests")
        if "left_out" not in small.batch()[0]:
            pytest.skip("candidates are never among what was known of the user before")
        found, expected = left_out_and_erased(small)
        assert np.abs(found - expected).max() < TOLERANCE

    def test_a_position_never_sees_what_comes_after_it(self, small: SmallModel) -> None:
        if not isinstance(small.model, SequentialRecommender):
            pytest.skip("reads no sequences")
        assert seen_of_later_items(small.model) == 0

    def test_click_after_click_is_the_history_at_once(self, small: SmallModel) -> None:
        model = small.model
        if not isinstance(model, SequentialRecommender):
            pytest.skip("reads no sequences")
        clicks = np.random.default_rng(5).integers(0, model.num_items, (3, 12)).astype(np.int32)  # 0: unknown items
        clicks[0, 3] = 0
        state, nobody = model.zero_state(3), np.zeros(3, np.int32)
        for end in range(clicks.shape[1] + 1):
            if end in (0, 1, 5, 12):
                history = np.where(np.arange(clicks.shape[1]) < end, clicks, 0).astype(np.int32)
                replayed = outputs(model.user_state(nobody, history))
                assert outputs(state).keys() == replayed.keys()
                for name, expected in replayed.items():
                    assert_allclose(getattr(state, name), expected, atol=TOLERANCE, err_msg=f"{name} after {end}")
            if end < clicks.shape[1]:
                state = model.advance(state, clicks[:, end])

    # -----------------------------------------------------------------------------------------------------------------
    # explanations

    def test_explains_the_score_it_gives(self, small: SmallModel) -> None:
        user, item = np.repeat(small.users, small.items.shape[1]), small.items.ravel()
        found = outputs(small.model.explain(user, item))
        assert_allclose(found["logit"], small.logits(small.users, small.items).ravel(), atol=TOLERANCE)
        alone = outputs(small.model.explain(user[:1], item[:1]))
        assert alone.keys() == found.keys()
        for name, array in found.items():
            assert np.isfinite(array).all(), name
            assert (len(array), len(alone[name])) == (len(user), 1), name

    def test_says_why_in_words(self, small: SmallModel, tmp_path: Path) -> None:
        """Every pair has a sentence with the item's name; what the model does not know is said."""
        dataset, users = small.dataset, small.users
        known = dataset.users.decode(users[users > 0])[1:]
        item = str(dataset.items.decode(small.items[0, 2]))
        asked = [*[(user, item) for user in known], (known[0], dataset.items.decode(small.items[0, 1]))]
        strange = [("nobody", item), (known[0], "nothing"), ("nobody", "nothing")]
        answer = _explained(small, tmp_path, *zip(*(asked + strange), strict=True))
        assert set(answer["explained_by"]) == {small.spec.name}
        for row, (user, raw) in enumerate(asked + strange):
            lines = explain_text(answer, user, raw, row)
            assert all(isinstance(line, str) and line for line in lines)
            assert raw in lines[0]  # its name, too: here raw ids are names
            if small.spec.explain_text is None:
                assert len(lines) == 1
            if raw == "nothing":
                assert "does not know this item" in lines[0]
            elif user == "nobody":
                assert "nobody" in lines[0]
            else:
                assert f"{answer['probability'][row]:.2f}" in lines[0]


def seen_and_erased(small: SmallModel) -> tuple[np.ndarray, np.ndarray]:
    """Logits of items that stand in the histories, and the same with the item gone from there."""
    history = small.histories[(small.histories > 0).sum(axis=1) > 0]
    item, user = history[:, :1], np.zeros(len(history), np.int32)
    without = np.where(history == item, 0, history)
    found, expected = (
        np.asarray(small.model({"user": user, "item": item, "history": seen})) for seen in (history, without)
    )
    return found, expected


def left_out_and_erased(small: SmallModel) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a training step's real pairs, and the same with what they lose really gone from the history."""
    inputs, (_, weight) = small.batch()
    g, m = inputs["item"].shape
    visible = np.asarray(leave_out(inputs["history"], inputs["item"], inputs["left_out"]))
    erased = {
        "user": np.repeat(inputs["user"], m),
        "history": np.where(visible, inputs["history"][:, None], 0).reshape(g * m, -1),
        "item": inputs["item"].reshape(-1, 1),
    }
    found, expected = small.model(inputs, training=True), small.model(erased)
    return np.asarray(found)[weight > 0], np.asarray(expected).reshape(g, m)[weight > 0]


def seen_of_later_items(model: SequentialRecommender) -> float:
    """How much the query before an item moves when that item, and those after it, are others."""
    rng, length = np.random.default_rng(0), model.history_length
    history = np.array([rng.permutation(np.arange(1, model.num_items))[:length] for _ in range(6)], np.int32)
    moved = []
    for t in range(1, length):
        other = history.copy()
        other[:, t:] = other[:, t:] % (model.num_items - 1) + 1
        # As in training: position t - 1 reads history up to t - 1 and is asked for history[t].
        found, wanted = (np.asarray(model.queries(h)) for h in (history, other))
        assert np.abs(found[:, t:] - wanted[:, t:]).max() > 1e-3  # the later ones do read it
        moved.append(np.abs(found[:, :t] - wanted[:, :t]).max())
    return float(max(moved))


def _explained(small: SmallModel, folder: Path, users: tuple[str, ...], items: tuple[str, ...]) -> dict[str, Any]:
    """The outputs of `explain` as a client reads them."""
    write_id_files(folder, small.dataset, small.protocol.splits.train_history)
    kind = SequenceSignatures if isinstance(small.model, SequentialRecommender) else Signatures
    signatures = kind(small.model, Vocabularies(folder), read_seen(folder), 5, small.spec.name)
    answer = signatures.explain(tf.constant(users), tf.constant(items))
    arrays = {name: value.numpy() for name, value in answer.items()}
    return {
        n: np.char.decode(a.astype(np.bytes_)).astype(object) if a.dtype == object else a for n, a in arrays.items()
    }
