"""What every protocol passes: a split that can be repeated, batches that leak nothing, figures that chance explains."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import keras
import numpy as np
import pytest

from tests.cases.small_models import SEED, set_at_random, small_settings
from tests.data import small
from tfkgrec import registry
from tfkgrec.data.history import History
from tfkgrec.data.records import Dataset
from tfkgrec.layers.masked import leave_out
from tfkgrec.models.build import build_model
from tfkgrec.models.recommender import Recommender
from tfkgrec.registry import ProtocolSpec
from tfkgrec.training.backend import seed_everything
from tfkgrec.training.contract import Splits, TrainingProtocol

Pairs = set[tuple[int, int]]

PARTS = ("validation", "test")
LEARNED = ("mf", "bpr")  # baselines that are trained, which takes minutes: tests/protocols/test_real_baselines.py


@dataclass(frozen=True)
class SmallProtocol:
    """A protocol over small data, and a model that it can train."""

    spec: ProtocolSpec
    dataset: Dataset

    def make(self, seed: int = SEED, *splits: Splits) -> TrainingProtocol:
        training = self.spec.training(batch_size=64, seed=seed, jit_compile=False)
        protocol: TrainingProtocol = registry.load(self.spec.make)(
            self.dataset, self.spec.split(), training, self.spec.evaluation(), *splits
        )
        return protocol

    @functools.cached_property
    def protocol(self) -> TrainingProtocol:
        return self.make()

    @functools.cached_property
    def model(self) -> Recommender:
        """The first model that can be trained under it, with weights drawn at random."""
        readers = (spec for spec in registry.models().values() if hasattr(spec.settings, "history_length"))
        name = next(spec.name for spec in readers if self.spec.name in spec.protocols)
        seed_everything(SEED)
        settings = small_settings(name)
        model = build_model(settings, self.dataset, self.protocol.splits.train_history, SEED)
        set_at_random(model)
        return model

    def rows(
        self, epoch: int = 0, protocol: TrainingProtocol | None = None
    ) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray | None, np.ndarray]]:
        """(inputs, label or None, weight) of every batch."""
        for inputs, *others in (protocol or self.protocol).batches(self.model).batches(epoch):
            yield inputs, others[0][..., 0] if len(others) == 2 else None, others[-1]


@functools.cache
def small_protocol(name: str) -> SmallProtocol:
    return SmallProtocol(registry.protocol(name), small.dataset(users=80))


class ProtocolCase:
    """Subclassed with a fixture `given`."""

    # -----------------------------------------------------------------------------------------------------------------
    # the split

    def test_one_seed_one_split(self, given: SmallProtocol) -> None:
        cut, split = registry.load(given.spec.cut), given.spec.split()
        first, again = (cut(given.dataset, split, SEED) for _ in range(2))
        assert same(first, again)
        assert same(first, given.protocol.splits)

    def test_parts_are_disjoint_and_of_the_data(self, given: SmallProtocol) -> None:
        splits = given.protocol.splits
        train, validation, test = pairs(splits.train_history), *(taken(getattr(splits, part)) for part in PARTS)
        assert train and validation and test
        assert not train & validation and not train & test and not validation & test
        liked = given.dataset.interactions.positives  # what was rated below the threshold is in no part
        assert train | validation | test <= set(zip(liked.user.tolist(), liked.item.tolist(), strict=True))

    def test_what_the_model_reads_holds_nothing_of_test(self, given: SmallProtocol) -> None:
        splits = given.protocol.splits
        train, read = pairs(splits.train_history), pairs(splits.model_history)
        assert train <= read <= pairs(given.dataset.seen_items)
        assert not read & taken(splits.test)
        for history in (splits.train_history, splits.model_history):
            assert history.num_users == given.dataset.users.size
            assert not len(history.of(0))  # the unknown user
            assert len(pairs(history)) == len(history.items)
        assert splits.num_item_rows == given.dataset.items.size

    def test_counts_and_report_say_what_there_is(self, given: SmallProtocol) -> None:
        splits = given.protocol.splits
        assert list(splits.counts) == ["train", *PARTS]
        assert all(isinstance(count, int) and count > 0 for part in splits.counts.values() for count in part.values())
        for part in PARTS:
            found = taken(getattr(splits, part)) if given.spec.own_candidates else labelled(getattr(splits, part))
            counts = splits.counts[part]
            assert (counts["users"], counts["items"]) == tuple(len(set(column)) for column in zip(*found, strict=True))
        assert all(isinstance(line, str) and line for line in splits.report)

    def test_once_judged_everything_can_be_training(self, given: SmallProtocol) -> None:
        """For the model that is served: nothing is held out, nobody is dropped, and the model reads all of it."""
        if given.spec.whole is None:
            pytest.skip("trains on its training part alone")
        whole = registry.load(given.spec.whole)(given.dataset, given.spec.split(), SEED)
        liked = given.dataset.interactions.positives
        everything = set(zip(liked.user.tolist(), liked.item.tolist(), strict=True))
        assert pairs(whole.train_history) == pairs(whole.model_history) == everything
        assert not any(whole.counts[part][what] for part in PARTS for what in whole.counts[part])
        protocol = given.make(SEED, whole)
        assert protocol.batches(given.model).examples > given.protocol.batches(given.model).examples
        read = set()
        for inputs, label, weight in given.rows(0, protocol):
            asked = inputs["positive"] if label is None else np.where(label > 0, inputs["item"], 0)
            read |= set(asked[weight > 0].ravel().tolist()) - {0}
        assert read >= set(np.setdiff1d(whole.model_history.items, _firsts(whole.model_history)).tolist())

    # -----------------------------------------------------------------------------------------------------------------
    # batches

    def test_batches_are_a_function_of_seed_and_epoch(self, given: SmallProtocol) -> None:
        def epoch(number: int, seed: int) -> list[Any]:
            return list(given.make(seed).batches(given.model).batches(number))

        first, again, later, other = epoch(1, seed=0), epoch(1, seed=0), epoch(2, seed=0), epoch(1, seed=1)
        assert same(first, again)
        assert not same(first, later)
        assert not same(first, other)

    def test_the_nth_pass_over_the_dataset_is_its_epoch(self, given: SmallProtocol) -> None:
        batches = given.protocol.batches(given.model)
        data = batches.dataset(first_epoch=2)
        for epoch in (2, 3):
            found, expected = list(data.as_numpy_iterator()), list(batches.batches(epoch))
            assert len(found) == len(expected) == batches.steps
            assert same(keras.tree.flatten(found), keras.tree.flatten(expected))

    def test_padding_weighs_nothing_and_examples_are_the_rest(self, given: SmallProtocol) -> None:
        total = 0
        for inputs, label, weight in given.rows():
            asked = inputs["positive"] if label is None else inputs["item"]
            np.testing.assert_array_equal(weight, asked > 0)
            assert label is None or not label[weight == 0].any()
            total += int(weight.sum())
        assert total == given.protocol.batches(given.model).examples > 0

    def test_positives_are_of_training_and_negatives_are_not(self, given: SmallProtocol) -> None:
        train = given.protocol.splits.train_history
        own = [set(train.of(user).tolist()) for user in range(train.num_users)]
        negatives = 0
        for inputs, label, weight in given.rows():
            for row in np.flatnonzero(weight.any(axis=1)):
                real = weight[row] > 0
                known = set(inputs["history"][row].tolist()) - {0}
                if label is None:
                    positive, negative = inputs["positive"][row][real], inputs["negative"][row][real].ravel()
                    whose = [items for items in own if known | set(positive.tolist()) <= items]
                else:
                    item, liked = inputs["item"][row], label[row] > 0
                    positive, negative = item[real & liked], item[real & ~liked]
                    whose = [own[inputs["user"][row]]]
                assert any(known | set(positive.tolist()) <= items for items in whose)
                assert any(not set(negative.tolist()) & items for items in whose)
                negatives += len(negative)
        assert negatives > 100

    def test_how_much_is_known_tells_nothing(self, given: SmallProtocol) -> None:
        """All pairs of a row see as many items of the history, whatever their label; a target is never among them."""
        for inputs, label, weight in given.rows():
            if label is None:  # position t reads item t, and is asked for the one after it
                for history, positive in zip(inputs["history"], inputs["positive"], strict=True):
                    assert all(item not in history[: t + 1] for t, item in enumerate(positive.tolist()) if item)
                continue
            history, item = inputs["history"], inputs["item"]
            visible = np.broadcast_to((history > 0)[:, None], (*item.shape, history.shape[1]))
            if "left_out" in inputs:
                visible = np.asarray(leave_out(history, item, inputs["left_out"]))
            assert not (visible & (history[:, None] == item[..., None]) & (weight > 0)[..., None]).any()
            count = visible.sum(axis=2)
            for row, real in zip(count, weight > 0, strict=True):
                assert len(set(row[real].tolist())) <= 1

    # -----------------------------------------------------------------------------------------------------------------
    # figures

    def test_whoever_finds_all_the_same_gets_what_chance_gets(self, given: SmallProtocol) -> None:
        model, before = given.model, given.model.get_weights()
        set_at_random(model, spread=0.0)
        found = given.make().evaluate(model)["test"]  # a new one: what it compiles it keeps
        model.set_weights(before)
        own = found[given.spec.own_candidates] if given.spec.own_candidates else found
        figure, expected = chance(given)
        assert own[figure] == pytest.approx(expected, abs=1e-5)

    def test_baselines_are_measured_as_the_model_is(self, given: SmallProtocol) -> None:
        names = [name for name in given.spec.baselines if name not in LEARNED]
        found, model = given.protocol.baselines(names), given.protocol.evaluate(given.model)
        assert list(found) == names
        for figures in (*found.values(), model):
            assert {"validation", "test"} == figures.keys()
            for path in given.spec.headline.values():
                figure: Any = figures
                for key in path.split("."):
                    figure = figure[key]
                assert 0 <= figure <= 1

    def test_validation_names_its_figures(self, given: SmallProtocol) -> None:
        figures = given.protocol.validate(given.model)
        assert all(name.startswith("val_") and np.isfinite(value) for name, value in figures.items())

    def test_finalize_reads_no_test_item(self, given: SmallProtocol) -> None:
        """The weights stay, and the model reads what was known when test is judged."""
        model, splits, before = given.model, given.protocol.splits, given.model.get_weights()
        given.protocol.finalize(model)
        stored, after = model.history.numpy(), model.get_weights()
        paths = [weight.path.rpartition("/")[2] for weight in model.weights]
        model.set_weights(before)
        np.testing.assert_array_equal(stored, splits.model_history.newest(model.history_length))
        held = {(user, item) for user, row in enumerate(stored.tolist()) for item in row if item}
        assert held and not held & taken(splits.test)
        moved = [p for p, a, b in zip(paths, before, after, strict=True) if not np.array_equal(a, b)]
        assert set(moved) <= {"history", "calibration", "calibration_bends"}


def pairs(history: History) -> Pairs:
    return set(zip(history.users().tolist(), history.items.tolist(), strict=True))


def taken(part: Any) -> Pairs:
    """What was taken in `part`: labelled pairs or ratings, or the targets of users."""
    if hasattr(part, "offsets"):
        user = np.repeat(part.user, np.diff(part.offsets))
        return set(zip(user.tolist(), part.item.tolist(), strict=True))
    return labelled(part.positives)


def labelled(part: Any) -> Pairs:
    return set(zip(part.user.tolist(), part.item.tolist(), strict=True))


def chance(given: SmallProtocol) -> tuple[str, float]:
    """A figure of the protocol's own candidates, and what it is for whom all are alike."""
    splits: Any = given.protocol.splits
    if not given.spec.own_candidates:
        return "auc", 0.5
    if given.spec.own_candidates == "full":
        known = splits.model_history.lengths
        asked, wanted = np.unique(splits.test.user, return_counts=True)
        return "precision@1", float(np.mean(wanted / (given.dataset.num_items - known[asked])))
    among = 1 + (splits.test.negatives > 0).sum(axis=1)
    return "hit@10", float(np.mean(np.minimum(1.0, 10 / among)))


def same(a: Any, b: Any) -> bool:
    """Two records, or nests of arrays, are equal."""
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(np.array_equal(a, b))


def _firsts(history: History) -> np.ndarray:
    """Everybody's first item, which nothing comes before."""
    return history.items[history.offsets[:-1][history.lengths > 0]]
