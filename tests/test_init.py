"""`tfkgrec init`: a planted world in other people's files, columns and all, to a config that runs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.datasets.files import write
from tfkgrec import init
from tfkgrec.config import load_config
from tfkgrec.data_stats import main as data_stats
from tfkgrec.datasets.load import load_raw
from tfkgrec.errors import InputError

RNG = np.random.default_rng(0)
ITEMS, USERS = [f"B{n:03}" for n in range(60)], [f"c-{n}" for n in range(80)]
PAIRS = pd.DataFrame([(user, item) for user in USERS for item in RNG.choice(ITEMS, 14, False)], columns=["u", "i"])
PAIRS = PAIRS.assign(stars=RNG.integers(1, 6, len(PAIRS)), when=1_600_000_000 + 977 * RNG.permutation(len(PAIRS)))
TRIPLES = pd.DataFrame({"head": ITEMS, "relation": "genre", "tail": [f"g{n % 5}" for n in range(60)]})
TABLE = pd.DataFrame(
    {
        **{
            "asin": ITEMS,
            "title": [f"Book {n}" for n in range(60)],
            "genres": [f"g{n % 5}|h{n % 3}" for n in range(60)],
        },
        **{"pages": RNG.integers(50, 900, 60), "blurb": [f"once upon a time {n}" for n in range(60)], "shop": "here"},
    }
)


def written(folder: Path, frame: pd.DataFrame, header: list[str] | None, name: str = "r.csv", sep: str = ",") -> Path:
    return write(folder / name, frame.to_csv(index=False, header=header or False, sep=sep))


def run(folder: Path, **options: Path | str) -> tuple[dict, Path]:
    """The config that was written, as YAML has it, and its path."""
    arguments = [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    assert init.main([str(folder / "made"), *arguments]) == 0
    (path,) = (folder / "made").glob("*.yaml")
    return yaml.safe_load(path.read_text()), path


@pytest.mark.parametrize(
    "columns, header, wanted",
    [
        ("uis", ["reviewerID", "asin", "overall"], {"user": "reviewerID", "item": "asin", "rating": "overall"}),
        ("siw", ["Customer-ID", "product_id", "created_at"], None),
        ("uisw", None, {"user": 0, "item": 1, "rating": 2, "timestamp": 3}),
        ("wiu", None, {"user": 2, "item": 1, "timestamp": 0}),
        ("iu", None, {"user": 1, "item": 0}),
    ],
)
def test_columns_are_found(tmp_path: Path, columns: str, header: list[str] | None, wanted: dict | None) -> None:
    """By names, and without them by what stands there; the triples tell items from users."""
    by_letter = {"u": "u", "i": "i", "s": "stars", "w": "when"}
    frame = PAIRS[[by_letter[letter] for letter in columns]]
    if wanted is None:  # customers are named, though they stand under numbers
        wanted = {"user": "Customer-ID", "item": "product_id", "timestamp": "created_at"}
    config, path = run(
        tmp_path, interactions=written(tmp_path, frame, header), triples=written(tmp_path, TRIPLES, None, "t.csv")
    )
    assert config["data"]["columns"] == wanted
    raw = load_raw(load_config(path).data, 0)
    assert len(raw.interactions) == len(frame.drop_duplicates(frame.columns[[wanted_place(wanted, header)][0]]))
    assert raw.triples["tail"].nunique() == 5


def wanted_place(wanted: dict, header: list[str] | None) -> list[int]:
    return [name if header is None else header.index(name) for name in (wanted["user"], wanted["item"])]


def test_a_table_of_items(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names, lists and numbers are told apart; a text of its own for every item and one for all are no facts."""
    ratings = written(tmp_path, PAIRS[["u", "i", "stars"]], ["user", "item", "rating"])
    config, path = run(tmp_path, interactions=ratings, item_table=written(tmp_path, TABLE, list(TABLE), "b.csv"))
    assert config["data"]["item_table"] == {
        **{"file": "../b.csv", "item": "asin", "columns": ["genres", "pages"], "split": "|", "bins": {"pages": 10}},
        "name": "title",
    }
    assert config["data"]["positive_at"] == 4
    assert load_raw(load_config(path).data, 0).triples["tail"].nunique() == 8 + 10
    assert data_stats(["stats", "--config", str(path)]) == 0
    assert "text separated by ',', a header" in capsys.readouterr().out
    with pytest.raises(InputError, match="expected no config there yet, found one"):
        run(tmp_path, interactions=ratings, item_table=tmp_path / "b.csv")


def test_what_is_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = written(tmp_path, TRIPLES, None, "t.csv")
    clicks = written(tmp_path, PAIRS[["u", "i", "when"]], ["user", "item", "time"], "clicks.csv")
    few = written(tmp_path, PAIRS[["u", "i"]].groupby("u").head(3), ["user", "item"], "few.csv")
    turned = TRIPLES.rename(columns={"head": "tail", "tail": "head"})[["head", "relation", "tail"]]
    for n, (options, model, protocol) in enumerate(
        [
            ({"interactions": clicks, "triples": facts}, "ksr", "sequential"),
            ({"interactions": few, "triples": facts}, "dink", "ctr"),
            ({"interactions": few}, "mf", "ctr"),
            ({"interactions": few, "triples": written(tmp_path, turned, None, "turned.csv")}, "dink", "ctr"),
        ]
    ):
        config, path = run(tmp_path / str(n), **options)
        assert (config["model"]["name"], config["data"]["protocol"]) == (model, protocol)
        load_raw(load_config(path).data, 0)
        said = capsys.readouterr().out
        assert f"model {model}" in said and f"protocol {protocol}" in said and str(path) in said
    assert config["data"]["inverse_relations"] is True


def test_what_looks_odd_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crawler = pd.DataFrame({"u": "bot", "i": np.repeat(ITEMS, 20)})
    rows = pd.concat([PAIRS[["u", "i"]].groupby("u").head(1), crawler])
    path = written(tmp_path, rows, ["user", "item"])
    path.write_text(path.read_text() + "x,y,z\n,B001\n")
    config, made = run(tmp_path, interactions=path)
    assert config["data"]["max_bad_rows"] == 0.01 and len(load_raw(load_config(made).data, 0).bad) == 2
    said = capsys.readouterr().out
    for line in ("2 rows that cannot", "1,140 rows repeat", "user 'bot' has 94%", "99% of the users have one"):
        assert f"Look at this: {line}" in said


def test_what_is_no_table(tmp_path: Path) -> None:
    text = write(tmp_path / "letter.txt", "Dear user, item by item\nwe read your letter,\nall of it, and, well\n")
    with pytest.raises(InputError, match="letter.txt: expected"):
        run(tmp_path, interactions=text)
    with pytest.raises(InputError, match="nothere.csv: expected this file, found none"):
        run(tmp_path, interactions=tmp_path / "nothere.csv")


def test_columns_that_looking_does_not_tell(tmp_path: Path) -> None:
    path = written(tmp_path, PAIRS[["u", "i"]], ["wer", "was"])
    with pytest.raises(InputError, match=r"expected a column 'who' \(--user\), found wer, was"):
        run(tmp_path, interactions=path, user="who")
    config, _ = run(tmp_path, interactions=path, user="wer", item="was")
    assert config["data"]["columns"] == {"user": "wer", "item": "was"}
