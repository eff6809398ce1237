"""From the config's section, and from the command line, to vectors that are worth something."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from tests.kge.small import METHOD_NAMES, clustered_graph
from tests.planted import write_config
from tfkgrec import pretrain as command
from tfkgrec.cli import run_main
from tfkgrec.config import Config, PretrainingConfig, load_config
from tfkgrec.data.assemble import assemble
from tfkgrec.datasets.load import load_raw
from tfkgrec.errors import InputError
from tfkgrec.kge.embeddings import PretrainedEmbeddings
from tfkgrec.kge.pretrain import fit_knowledge, pretrain
from tfkgrec.kge.triple_split import take
from tfkgrec.protocols.ctr.split import split_ctr
from tfkgrec.runs.cache import pretrained

SECTION = {"knowledge": "transe", "epochs": 3, "dim": 4, "batch_size": 256}


def read(path: Path) -> Config:
    """A config whose model takes no vectors itself: what is learned here may be for another one."""
    return load_config(path, check=lambda config: None)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A small config with its dataset and split."""
    config = read(write_config(tmp_path_factory.mktemp("world"), pretraining=SECTION))
    dataset = assemble(load_raw(config.data, 0), 0)
    return config, dataset, split_ctr(dataset, 0)


def changed(config, **settings):
    return dataclasses.replace(config, pretraining=dataclasses.replace(config.pretraining, **settings))


@pytest.mark.parametrize("knowledge", METHOD_NAMES)
def test_every_method_learns_a_clustered_graph(knowledge):
    """Held-out triples are found again, far above random vectors and above what is frequent."""
    settings = PretrainingConfig(
        knowledge=knowledge, epochs=30, batch_size=128, learning_rate=0.04, negatives=4, held_out=0.1
    )
    lines: list[str] = []
    graph = clustered_graph(items=80)
    model, figures, losses = fit_knowledge(settings, graph, dim=16, seed=0, jit_compile=False, log=lines.append)
    assert figures["hits_at_10"] > 0.5 > 0.2 > figures["random_hits_at_10"]
    assert figures["mrr"] > 2 * max(figures["random_mrr"], figures["frequency_mrr"])
    assert figures["triples_per_second"] > 0
    assert model.vectors()[0].shape == (graph.num_entities, 16)
    table = "\n".join(lines)
    assert re.search(r"epoch 2/30  loss [\d.]+  [\d,]+ triples/s", table)
    assert re.search(rf"^  {knowledge} .*\n  random vectors .*\n  frequency ", table, re.M)
    assert re.search(r"lengths: \|e\| 1\.000, \|r\| [\d.]+", table)


def test_one_seed_one_result_whatever_keras_global_seed(world):
    config, dataset, splits = world
    config = changed(config, items="bpr", item_epochs=2, item_dim=3)
    first, again = (pretrained(config, dataset, splits.train_history) for _ in range(2))
    for name in ("entity", "relation", "item", "user"):
        assert np.array_equal(getattr(first, name), getattr(again, name)), name
    other = dataclasses.replace(changed(config, items=None), training=dataclasses.replace(config.training, seed=1))
    assert not np.array_equal(pretrained(other, dataset, splits.train_history).entity, first.entity)


def test_widths_default_to_the_models(world):
    config, dataset, splits = world
    config = changed(config, dim=None, items="bpr", item_epochs=1, epochs=1)
    found = pretrained(config, dataset, splits.train_history)
    assert found.entity.shape[1] == found.item.shape[1] == found.user.shape[1] == config.model.dim == 8
    assert found.item.shape[0] == dataset.items.size and found.user.shape[0] == dataset.users.size


def test_item_vectors_have_seen_training_positives_only(world):
    """The dataset holds all ratings; without those of the other parts the vectors are the same."""
    config, dataset, splits = world
    config = changed(config, knowledge=None, items="bpr", item_epochs=2, item_dim=3)
    without_rest = dataclasses.replace(dataset, interactions=splits.train)
    first, again = (pretrained(config, data, splits.train_history) for data in (dataset, without_rest))
    assert np.array_equal(first.item, again.item) and np.array_equal(first.user, again.user)
    never = np.setdiff1d(np.arange(1, dataset.users.size), np.unique(splits.train.positives.user))
    assert len(never) and first.entity is None


def test_rare_relations_are_left_out_as_if_they_were_not_there(world):
    """The same vectors as of a graph without their triples; those of the relations themselves are zero."""
    config, dataset, splits = world
    graph = dataset.graph
    count = np.bincount(graph.relation, minlength=graph.num_relations)
    least = int(np.sort(count)[-2])  # the two commonest stay, and one of exactly that many is not rare
    common = count[graph.relation] >= least
    assert 0 < common.sum() < len(graph)
    lines: list[str] = []
    settings = dataclasses.replace(config.pretraining, min_relation_triples=least)
    asked = {"dim": None, "item_dim": None, "seed": 0, "jit_compile": False, "log": lines.append}
    found = pretrain(settings, dataset, splits.train_history, **asked)
    others = dataclasses.replace(dataset, graph=take(graph, common))
    expected = pretrain(config.pretraining, others, splits.train_history, **asked)
    assert np.array_equal(found.entity, expected.entity)
    assert np.array_equal(found.relation[count >= least], expected.relation[count >= least])
    assert not found.relation[count < least].any() and expected.relation[1:].any(axis=1).all()
    assert f"transe: 2 relations with {common.sum():,} of {len(graph):,} triples are not too rare" in lines
    with pytest.raises(
        InputError, match=rf"min_relation_triples: expected .* 9,999 triples, found {count.max():,} at m"
    ):
        pretrain(dataclasses.replace(settings, min_relation_triples=9999), dataset, splits.train_history, **asked)


def test_nothing_held_out_nothing_measured(world):
    config, dataset, splits = world
    figures = pretrained(changed(config, held_out=0.0, epochs=1), dataset, splits.train_history).figures
    assert figures.keys() == {"triples_per_second"}


def test_without_a_section_or_a_width_it_says_so(world):
    config, dataset, splits = world
    with pytest.raises(InputError, match=r"pretraining: expected this section .*, found null"):
        pretrained(dataclasses.replace(config, pretraining=None), dataset, splits.train_history)
    for settings, key in ((PretrainingConfig(knowledge="transe"), "dim"), (PretrainingConfig(items="bpr"), "item_dim")):
        with pytest.raises(InputError, match=rf"pretraining\.{key}: expected an integer, .*, found null"):
            pretrain(settings, dataset, splits.train_history, dim=None, item_dim=None, seed=0, jit_compile=False)


def test_a_loss_that_is_no_number_is_told(world):
    config, dataset, splits = world
    with pytest.raises(InputError, match=r"pretraining: the loss became (nan|inf) in epoch \d+; a smaller"):
        pretrained(
            changed(config, knowledge="distmult", learning_rate=10.0, margin=1e38, negatives=50),
            dataset,
            splits.train_history,
        )


# --- the command -----------------------------------------------------------------------------------------------------


def test_command_writes_vectors_that_the_section_reads(tmp_path, capsys):
    path = write_config(tmp_path, pretraining={**SECTION, "items": "bpr", "item_epochs": 2, "item_dim": 3})
    assert run_main(command.main, ["--config", str(path), "--output", str(tmp_path / "out/v.npz")]) == 0
    out = capsys.readouterr().out
    for text in ("triples/s", "pairs/s", "link prediction, filtered", "random vectors", "|e| 1.000, |r| "):
        assert text in out
    assert out.splitlines()[-1] == f"vectors: {tmp_path / 'out/v.npz'}"

    reads = read(write_config(tmp_path, pretraining={"vectors": "out/v.npz"}))
    dataset = assemble(load_raw(reads.data, 0), 0)
    history = split_ctr(dataset, 0).train_history
    found = pretrained(reads, dataset, history)
    assert found.entity.shape == (dataset.entities.size, 4) and found.item.shape == (dataset.items.size, 3)
    direct = PretrainedEmbeddings.load(tmp_path / "out/v.npz", dataset, history)
    assert np.array_equal(found.entity, direct.entity)


def test_default_output_names_dataset_method_and_seed(tmp_path):
    path = write_config(tmp_path, pretraining={"knowledge": "transd", "items": "bpr"})
    config = load_config(path, ["training.seed=7"], check=lambda config: None)
    assert str(command.default_output(config)) == "runs/vectors/synthetic-transd-bpr-7.npz"


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["pretraining=null"], r"pretraining: expected this section .*, found null"),
        (
            ["pretraining.knowledge=transx"],
            r".*pretraining\.knowledge: expected one of 'transe', .* or null, found 'transx'",
        ),
        (
            ["pretraining.knowledge=null"],
            r".*pretraining\.knowledge: expected this, items or vectors .*, found all null",
        ),
        (["pretraining.held_out=1"], r".*pretraining\.held_out: expected a number >= 0 and < 1, found 1"),
        (["pretraining.epoch=3"], r".*pretraining\.epoch: expected a known key; the nearest is pretraining\.epochs"),
        (["pretraining.vectors=v.npz"], r".*pretraining\.knowledge: expected null with vectors, .*, found 'transe'"),
        (
            ["pretraining.vectors=v.npz", "pretraining.knowledge=null"],
            r"pretraining\.vectors: expected null, as vectors are to be learned, found .*v\.npz",
        ),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(tmp_path, capsys, overrides, line):
    path = write_config(tmp_path, pretraining=SECTION)
    status = run_main(command.main, ["--config", str(path), "--output", str(tmp_path / "v.npz"), "--set", *overrides])
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    (found,) = captured.err.splitlines()
    assert re.fullmatch(rf"error: {line}", found), found
    assert not (tmp_path / "v.npz").exists()


def test_an_output_that_is_a_folder(tmp_path, capsys):
    path = write_config(tmp_path, pretraining=SECTION)
    assert run_main(command.main, ["--config", str(path), "--output", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: --output {tmp_path}: expected a file name, found a folder\n"
