"""The Python door: data frames in, data frames and text out, and the same run folder as `tfkgrec train` makes."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tfkgrec
from tests.planted import run_process, run_train
from tfkgrec import explain
from tfkgrec.errors import InputError

RNG = np.random.default_rng(3)
FILMS, PEOPLE = np.arange(100, 140), np.arange(60)
TAKEN = [(person, film) for person in PEOPLE for film in RNG.choice(FILMS[person % 2 :: 2], 9, False)]
RATINGS = pd.DataFrame(TAKEN, columns=["userId", "movieId"])
TRIPLES = pd.DataFrame({"head": FILMS, "relation": "genre", "tail": [f"genre {film % 2}" for film in FILMS]})
MOVIES = pd.DataFrame({"movieId": FILMS, "title": [f"Film {film}" for film in FILMS]})
SHORT = ["training.epochs=2", "training.jit_compile=false", "evaluation.floors=[popularity]", "model.dim=4"]


@pytest.fixture(scope="module")
def m() -> tfkgrec.TrainedModel:
    return tfkgrec.fit(RATINGS, TRIPLES, model="hkrm", names=MOVIES, settings=SHORT)


def test_it_recommends_what_was_not_taken_under_its_name(m: tfkgrec.TrainedModel) -> None:
    found = m.recommend(PEOPLE[:3], k=5)
    assert list(found) == ["user", "rank", "item", "name", "score"]
    assert found["user"].tolist() == np.repeat(PEOPLE[:3], 5).tolist()  # whole numbers, as they came
    assert found["rank"].tolist() == [1, 2, 3, 4, 5] * 3
    assert found.merge(MOVIES, left_on="item", right_on="movieId")["name"].equals("Film " + found["item"].astype(str))
    assert found.merge(RATINGS, left_on=["user", "item"], right_on=["userId", "movieId"]).empty
    assert all(np.all(np.diff(own["score"]) <= 0) for _, own in found.groupby("user"))
    assert m.recommend(k=2)["user"].nunique() == len(PEOPLE)
    even = m.recommend(PEOPLE[:3], k=5, only=["genre=genre 0"], exclude=[100])
    assert not (even["item"] % 2).any() and 100 not in set(even["item"])
    like = m.similar([101], k=3)
    assert list(like) == ["like", "rank", "item", "name", "score"] and like["like"].tolist() == [101] * 3
    odd = m.recommend(["nobody"], k=40)
    assert len(odd) == len(FILMS) and set(odd["user"]) == {"nobody"}  # who has taken nothing gets all there is


def test_it_says_why_as_the_command_does(m: tfkgrec.TrainedModel, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main([str(m.run.path), "--user", "4", "--item", "120"]) == 0
    why = m.explain(4, np.int64(120))
    assert str(why) == repr(why) == capsys.readouterr().out.rstrip("\n")


def test_a_notebook_shows_why(m: tfkgrec.TrainedModel, tmp_path: Path) -> None:
    """As the picture of the command, and without pyplot, whose backend is the notebook's own."""
    pytest.importorskip("matplotlib")
    why = m.explain(4, 120)
    plotted = why.plot(tmp_path / "why.svg")
    assert plotted._repr_png_().startswith(b"\x89PNG")
    assert "Film 120 for 4: " in plotted.get_suptitle() and len(plotted.axes) > 1
    assert "Film 120 for 4: " in (tmp_path / "why.svg").read_text()
    modules = "import sys, tfkgrec.pictures.explanation as e; e.check_kind(e.Path('a.png')); print(*sys.modules)"
    loaded = run_process(sys.executable, "-c", modules).stdout.split()
    assert "matplotlib.figure" in loaded and "matplotlib.pyplot" not in loaded


def test_it_tells_the_figures_it_was_judged_by_and_others(m: tfkgrec.TrainedModel) -> None:
    told = json.loads(m.run.metrics.read_text())
    found = m.evaluate()
    assert list(found.index) == ["hkrm", "popularity"]
    assert found.loc["hkrm", "auc"] == told["test"]["auc"]
    assert found.loc["popularity", "auc"] == told["floors"]["popularity"]["auc"]
    taken = set(TAKEN)
    new = [(person, film) for person in PEOPLE for film in FILMS[person % 2 :: 2] if (person, film) not in taken]
    assert m.evaluate(pd.DataFrame(new, columns=list(RATINGS))).loc["hkrm", "auc"] > 0.5


def test_saved_it_is_the_run_of_the_command(m: tfkgrec.TrainedModel, tmp_path: Path) -> None:
    """Its config.yaml trains the same model again, wherever the folder lies: the frames are in it."""
    before, figures = m.recommend([1, 2], k=3), m.metrics["test"]
    moved = shutil.copytree(m.save(tmp_path / "saved"), tmp_path / "moved")
    assert run_train(moved / "config.yaml", tmp_path / "again") == 0
    assert json.loads((tmp_path / "again/metrics.json").read_text())["test"] == figures
    made, door = ({file.name for file in folder.iterdir()} for folder in (tmp_path / "again", moved))
    assert door == made | {"tables"}
    loaded = tfkgrec.load(moved)
    pd.testing.assert_frame_equal(loaded.recommend([1, 2], k=3), before)
    with pytest.raises(InputError, match="expected a new or empty run directory"):
        loaded.save(moved)


def test_without_facts_and_with_columns_of_other_names(tmp_path: Path) -> None:
    """There is no relation to name then."""
    odd = RATINGS.set_axis(["x", "y"], axis=1)
    m = tfkgrec.fit(odd, columns={"user": "x", "item": "y"}, settings=SHORT, run_dir=tmp_path / "run")
    assert m.config.model.name == "mf" and m.recommend([1, 2], k=3)["user"].tolist() == [1, 1, 1, 2, 2, 2]


def test_what_it_cannot_take_is_one_line(m: tfkgrec.TrainedModel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape("found HKRM (tfkgrec.fit_model trains a Keras model)")):
        tfkgrec.fit(m.model)
    with pytest.raises(InputError, match="expected triples or item_table, found both"):
        tfkgrec.fit(RATINGS, TRIPLES, item_table=MOVIES)
    with pytest.raises(InputError, match="'nosuch'"):
        tfkgrec.fit(RATINGS, TRIPLES, model="nosuch")
    with pytest.raises(InputError, match="users: expected a list of ids, found one text, '1'"):
        m.recommend("1")
    with pytest.raises(InputError, match="expected a finished run"):
        tfkgrec.load(tmp_path)


def test_a_config_may_be_a_mapping_and_a_run_a_text(m: tfkgrec.TrainedModel) -> None:
    given = {"model": {"name": "mf"}, "data": {"dataset": "synthetic"}}
    assert tfkgrec.load_config(given, ["model.dim=3"]) == tfkgrec.build_config(given, ["model.dim=3"])
    assert given == {"model": {"name": "mf"}, "data": {"dataset": "synthetic"}}
    assert tfkgrec.load_run(str(m.run.path))[0] == m.config
