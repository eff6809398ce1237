"""Training in two stages: the second starts from the best of the first, with an optimizer of its own, and resumes."""

import json

import numpy as np
import pandas as pd
import pytest
from keras import ops

from tests.planted import TINY, write_config
from tfkgrec.config import Config, load_config
from tfkgrec.errors import InputError
from tfkgrec.models.mf.model import MatrixFactorization, MatrixSizes
from tfkgrec.protocols.ctr.protocol import CtrProtocol
from tfkgrec.runs.run import prepare, train_run
from tfkgrec.training.run_directory import RunDirectory
from tfkgrec.training.trainer import fit

STAGES = ("training.first_stage.epochs=4", "training.first_stage.learning_rate=0.3", "training.first_stage.patience=2")


class BiasFirst(MatrixFactorization):
    """Stage 0 learns biases only, stage 1 everything."""

    num_stages = 2

    def score_items(self, state, item, left_out=None, training=False):
        if self.stage == 1:
            return super().score_items(state, item, left_out, training)
        return ops.squeeze(self.item_bias(item), -1) + self.bias


def bias_first(users: int, items: int) -> BiasFirst:
    return BiasFirst(MatrixSizes(users, items), dim=4, item_bias=True, l2=0.0)


class Cut(Exception):
    pass


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Config:
    path = write_config(tmp_path_factory.mktemp("config"), model={"name": "mf", "dim": 4})
    overrides = [s for s in TINY if "model" not in s] + ["training.epochs=3", *STAGES]
    return load_config(path, overrides, check=lambda config: None)  # MF itself learns in one stage


def start(config: Config, run: RunDirectory, resume: bool = False, cut_after: int | None = None):
    """A run, cut off once `cut_after` epochs have been validated."""
    prepared = prepare(config)
    np.random.seed(0)
    model = bias_first(prepared.dataset.users.size, prepared.dataset.items.size)
    model.build()
    for weight in model.trainable_variables:
        weight.assign(np.random.default_rng(0).normal(0, 0.1, weight.shape))
    protocol, validated = prepared.protocol, 0

    class Watched(CtrProtocol):
        def validate(self, model):
            nonlocal validated
            if validated == cut_after:
                raise Cut
            validated += 1
            return super().validate(model)

    settings = (config.data.split, config.training, config.evaluation)
    protocol = Watched(prepared.dataset, *settings, prepared.splits)
    return model, fit(model, protocol, config.training, run, resume, verbose=False)


def test_the_second_stage_goes_on_from_the_best_of_the_first(config, tmp_path):
    run = RunDirectory(tmp_path)
    before = np.array(bias_first(3, 3).stage)
    model, fitted = start(config, run)
    assert before == model.stage == 1  # used in its last stage
    table = pd.read_csv(run.history)
    first, second = table[table.stage == 0], table[table.stage == 1]
    assert len(first) >= 3 and len(second) == 3 and list(table.epoch) == list(range(1, len(table) + 1))
    assert set(first.learning_rate.round(6)) == {0.3} and set(second.learning_rate.round(6)) == {0.02}
    rows = fitted.progress.rows
    best = max((row for row in rows if row["stage"] == 1), key=lambda row: row["val_auc"])
    assert fitted.progress.best_epoch == best["epoch"]  # of the last stage, whatever the first reached
    restored = bias_first(model.num_users, model.num_items)
    restored.build()
    restored.load_weights(run.best_weights(0))
    vectors = np.random.default_rng(0).normal(0, 0.1, model.user_embedding.embeddings.shape)
    np.testing.assert_allclose(restored.user_embedding.embeddings, vectors, atol=1e-6)  # untouched by stage 0
    assert np.abs(np.asarray(model.user_embedding.embeddings) - vectors).max() > 1e-3


@pytest.fixture(scope="module")
def uncut(config, tmp_path_factory):
    return start(config, RunDirectory(tmp_path_factory.mktemp("whole")))


@pytest.mark.parametrize("cut_after", [3, 5])
def test_a_run_cut_off_in_either_stage_ends_as_if_it_had_not_been(config, uncut, tmp_path, cut_after):
    whole, fitted = uncut
    run = RunDirectory(tmp_path / "cut")
    with pytest.raises(Cut):
        start(config, run, cut_after=cut_after)
    again, resumed = start(config, run, resume=True)
    assert [row["val_auc"] for row in resumed.progress.rows] == [row["val_auc"] for row in fitted.progress.rows]
    assert json.loads(run.state.read_text())["stage"] == 1
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_first_stage_for_a_model_of_one_stage_is_refused(config, tmp_path):
    line = "training.first_stage: expected null for model mf, which learns in one stage, found settings"
    path = write_config(tmp_path, model={"name": "mf", "dim": 4})
    with pytest.raises(InputError, match=f"^--set {STAGES[0]}: {line}$"):
        load_config(path, STAGES)
    with pytest.raises(InputError, match=f"^{line}$"):
        train_run(config, RunDirectory(tmp_path / "run"))
    assert not (tmp_path / "run").exists()
