"""The members of a fusion: ordinary runs on its split, resumed where they were cut off, refused on other data."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.planted import run_train
from tfkgrec import export
from tfkgrec.cli import run_main
from tfkgrec.config import load_config
from tfkgrec.errors import InputError
from tfkgrec.runs import members
from tfkgrec.runs.members import member_configs
from tfkgrec.runs.run import load_run

WORLD = {"dataset": "synthetic", "synthetic": {"users": 60, "items": 50, "positives_per_user": 10}}


def write(folder: Path, name: str = "fusion.yaml", **sections: dict) -> Path:
    plain = {
        "model": {"name": "fusion", "members": ["mf", "counts"]},
        "data": WORLD,
        "training": {"seed": 3, "jit_compile": False},
        "evaluation": {"floors": []},
    }
    path = folder / name
    path.write_text(yaml.safe_dump({**plain, **sections}))
    return path


def mf_file(folder: Path, **sections: dict) -> Path:
    training = {"epochs": 3, "jit_compile": False, "batch_size": 256}
    return write(folder, "mf.yaml", model={"name": "mf", "dim": 4}, **{"training": training, **sections})


def test_a_run_that_is_cut_off_goes_on_with_what_is_left(tmp_path, monkeypatch, capsys):
    mf_file(tmp_path)
    config = write(tmp_path, model={"name": "fusion", "members": ["mf.yaml", "counts"]})
    assert run_train(config, tmp_path / "whole") == 0
    real = members.read_model

    def cut(path, name):
        if name == "counts":
            raise KeyboardInterrupt
        return real(path, name)

    monkeypatch.setattr(members, "read_model", cut)
    assert run_train(config, tmp_path / "cut") != 0
    monkeypatch.undo()
    done = (tmp_path / "cut/members/mf/metrics.json").stat().st_mtime_ns
    assert _seconds(tmp_path / "whole") >= _seconds(tmp_path / "whole/members/mf") > 0  # the members' are in it
    assert not (tmp_path / "cut/metrics.json").exists()
    capsys.readouterr()
    assert run_train(config, tmp_path / "cut", "--resume") == 0
    assert "member 1 of 2: MF, trained already" in capsys.readouterr().out
    assert (tmp_path / "cut/members/mf/metrics.json").stat().st_mtime_ns == done
    one, other = (load_run(tmp_path / name)[2].get_weights() for name in ("whole", "cut"))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_members_are_on_the_fusions_split_and_a_file_counts_from_the_configs_folder(tmp_path):
    mf_file(tmp_path, data={**WORLD, "history": "random"})
    config = load_config(write(tmp_path, model={"name": "fusion", "members": ["mf.yaml", "counts"]}))
    assert config.model.members == (str(tmp_path / "mf.yaml"), "counts")
    found = member_configs(config)
    assert list(found) == ["mf", "counts"]
    assert {one.training.seed for one in found.values()} == {3}
    assert found["mf"].model.dim == 4 and found["mf"].training.epochs == 3
    assert found["counts"].data == config.data
    assert not any(one.evaluation.floors for one in found.values())
    assert member_configs(load_config(mf_file(tmp_path))) == {}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({**WORLD, "synthetic": {"users": 61, "items": 50, "positives_per_user": 10}}, "data.synthetic: expected"),
        (
            {**WORLD, "inverse_relations": True},
            "data.inverse_relations: expected false, as the fusion has it, found true",
        ),
        ({**WORLD, "split_version": 1}, "data.split_version: expected 2, as the fusion has it, found 1"),
    ],
)
def test_a_member_on_other_data_is_refused_before_any_training(data, line, tmp_path, capsys):
    file = mf_file(tmp_path, data=data)
    config = write(tmp_path, model={"name": "fusion", "members": ["mf.yaml", "counts"]})
    assert run_train(config, tmp_path / "run") == 2
    assert f"{file}: {line}" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_data_that_a_member_will_not_do_with_leave_no_folder_behind(tmp_path, capsys):
    rows = [f"u{u},i{(u * 7 + k * k) % 40}" for u in range(40) for k in range(12)]
    (tmp_path / "ratings.csv").write_text("\n".join(["user,item", *rows]) + "\n")
    own = {"dataset": "files", "interactions": "ratings.csv", "columns": {"user": "user", "item": "item"}}
    config = write(tmp_path, data=own, model={"name": "fusion", "members": ["mf", "hkrm"]})
    assert run_train(config, tmp_path / "run") == 2
    assert "expected triples whose head is an item, found none" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("listed", "line"),
    [
        (["mf"], "model.members: expected two or more, found 1"),
        (["mf", "mf"], "model.members: expected each once, found 'mf' again"),
        (["mf", "fusion"], "model.members: expected some of"),
        (["mf", "mf.yaml"], "model.members: expected models of different kinds, found mf twice"),
        (["mf", "gone.yaml"], "gone.yaml"),
    ],
)
def test_members_that_make_no_fusion_are_refused_in_one_line(listed, line, tmp_path, capsys):
    mf_file(tmp_path)
    config = write(tmp_path, model={"name": "fusion", "members": listed})
    assert run_train(config, tmp_path / "run") == 2
    said = capsys.readouterr().err
    assert line in said and said.count("\n") == 1


def test_once_judged_all_members_are_trained_on_everything(tmp_path):
    mf_file(tmp_path)
    config = write(tmp_path, model={"name": "fusion", "members": ["mf.yaml", "counts"]})
    assert run_train(config, tmp_path / "run") == 0
    assert run_main(export.main, [str(tmp_path / "run"), "--export-dir", str(tmp_path / "export"), "--refit"]) == 0
    card = (tmp_path / "export/cards/fusion/1/model_card.md").read_text()
    assert "all interactions, weighed as on validation" in card


def test_a_config_of_a_fusion_changes_nothing_of_its_members_files(tmp_path):
    """Only the seed, the baselines and where the data lie are the fusion's."""
    file = mf_file(tmp_path)
    alone = load_config(file)
    config = load_config(write(tmp_path, model={"name": "fusion", "members": ["mf.yaml", "counts"]}))
    found = member_configs(config)["mf"]
    assert found.model == alone.model
    assert found.training == dataclasses.replace(alone.training, seed=3)
    with pytest.raises(InputError, match="expected models of different kinds"):
        member_configs(dataclasses.replace(config, model=dataclasses.replace(config.model, members=("mf", str(file)))))


def test_without_a_graph_members_see_no_triple_and_those_that_need_some_are_left_out(tmp_path, capsys):
    mf_file(tmp_path)
    listed = ["mf.yaml", "hkrm", "counts"]
    config = write(tmp_path, model={"name": "fusion", "members": listed, "graph": False})
    assert run_train(config, tmp_path / "run") == 0
    assert sorted(path.name for path in (tmp_path / "run/members").iterdir()) == ["counts", "mf"]
    counts = load_run(tmp_path / "run/members/counts")[2]
    assert not np.asarray(counts.item_value).any() and np.asarray(counts.item_counts)[:, 0].any()
    config = write(tmp_path, model={"name": "fusion", "members": ["mf", "hkrm"], "graph": False})
    assert run_train(config, tmp_path / "other") == 2
    assert "model.graph: expected true, as 1 of the members can do without, found false" in capsys.readouterr().err


def test_a_member_by_name_reads_the_histories_that_are_its_own_default(tmp_path):
    quick = {"model": {"name": "hkrm", "dim": 4}, "training": {"epochs": 1, "jit_compile": False}, "data": WORLD}
    file = write(tmp_path, "hkrm.yaml", **{**quick, "data": {**WORLD, "history": "whole"}})
    config = load_config(write(tmp_path, model={"name": "fusion", "members": ["hkrm", "counts"]}))
    assert member_configs(config)["hkrm"].data.split.history == "whole"
    asked = dataclasses.replace(config.data.split, history="newest")
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, split=asked))
    assert member_configs(config)["hkrm"].data.split.history == "newest"
    config = write(tmp_path, model={"name": "fusion", "members": [str(file), "counts"]})
    assert run_train(config, tmp_path / "run") == 0
    model = load_run(tmp_path / "run")[2]
    assert model.ragged and not load_run(tmp_path / "run/members/counts")[2].ragged


def _seconds(run: Path) -> float:
    return json.loads((run / "metrics.json").read_text())["timing"]["train_seconds"]
