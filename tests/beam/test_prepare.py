"""Prepared by shards, on whatever engine, or read on one machine: the same ids, splits, histories and tables."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pyarrow import fs

from tfkgrec import prepare_data, registry, storage
from tfkgrec.beam import raw_rows
from tfkgrec.cli import run_main
from tfkgrec.config import load_config
from tfkgrec.datasets.load import load_dataset, load_splits
from tfkgrec.errors import InputError
from tfkgrec.runs.fingerprint import digest_arrays
from tfkgrec.runs.run import prepare as read_and_split

PROTOCOLS = ("ctr", "sequential", "top_n")


def write_files(folder: Path, parquet: bool = False, items: int = 40) -> None:
    """Ratings of 60 people in three files, with repeats, and where they are text with bad rows; and a few facts."""
    rng = np.random.default_rng(3)
    rows = [
        (f"u{user}", f"i{item}", int(rng.integers(1, 6)), 10**9 + int(rng.integers(10**7)))
        for user in range(60)
        for item in rng.choice(items, int(rng.integers(1, 25)), replace=False)
    ]
    rows += [(user, item, 6 - rating, time + 5) for user, item, rating, time in rows[::9]]  # rated again
    (folder / "ratings").mkdir(parents=True)
    names = ("user", "item", "rating", "time")
    if parquet:
        for number, part in enumerate((rows[:300], rows[300:400], rows[400:])):
            pd.DataFrame(part, columns=list(names)).to_parquet(folder / f"ratings/{number}.parquet")
    else:
        with (folder / "ratings/0.csv").open("w", newline="") as file:
            bad = [("u1", "i2", "five", 10**9), ("u1", "i3", 5, "June"), ("u1",)]
            csv.writer(file).writerows([names, *rows[:300], *bad])
        with gzip.open(folder / "ratings/1.csv.gz", "wt", newline="") as file:
            csv.writer(file).writerows([names, *rows[300:400], ("", "i3", 5, 10**9)])
        pd.DataFrame(rows[400:], columns=list(names)).to_csv(folder / "ratings/2.csv", index=False)
    facts = [(f"i{item}", relation, f"{relation}{item % size}")
             for item in range(38) for relation, size in (("genre", 5), ("by", 12))]  # fmt: skip
    with (folder / "facts.tsv").open("w", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([*facts, ("i1", "genre", "genre3"), ("i0", "genre")])
    (folder / "names.csv").write_text("item,name\n" + "".join(f"i{n},film {n}\n" for n in range(30)))


def config_of(folder: Path, protocol: str, **more: object) -> Path:
    data = {
        "dataset": "files",
        "protocol": protocol,
        "interactions": "ratings",
        "columns": {"rating": "rating", "timestamp": "time"},
        "positive_at": 3,
        "triples": "facts.tsv",
        "item_names": "names.csv",
        "k_core": 4,
        "inverse_relations": True,
        "max_bad_rows": 0.1,
        **more,
    }
    path = folder / f"{protocol}.yaml"
    model = "dink" if protocol != "sequential" else "sasrec"
    path.write_text(yaml.safe_dump({"model": {"name": model}, "data": data}))
    return path


def prepared(folder: Path, config: Path, shards: int, runner: str = "local") -> Path:
    """The folder that `tfkgrec prepare` leaves, and a config beside it that trains from it."""
    output = folder / f"{config.stem}-{shards}-{runner}"
    asked = ["--config", str(config), "--output", str(output), "--shards", str(shards), "--runner", runner]
    assert run_main(prepare_data.main, asked) == 0
    model = yaml.safe_load(config.read_text())["model"]
    data = {"dataset": "prepared", "path": str(output), "protocol": config.stem}
    output.with_suffix(".yaml").write_text(yaml.safe_dump({"model": model, "data": data}))
    return output


def everything(config: Path) -> dict[str, object]:
    """Ids, names, rows in their order, triples and the split that a config leads to."""
    read = load_config(config)
    data, seed = read.data, read.training.seed
    dataset = load_dataset(data, seed)
    splits = load_splits(data, dataset, seed)
    if splits is None:
        splits = registry.load(registry.protocol(data.protocol).cut)(dataset, data.split, seed)
    ids = {kind: getattr(dataset, kind).raw.tolist() for kind in ("users", "items", "entities", "relations")}
    names = {kind: getattr(dataset, kind).tolist() for kind in ("entity_names", "relation_names")}
    arrays = {"rows": dataset.interactions, "graph": dataset.graph, "split": splits, "history": splits.train_history}
    return {**ids, **names, **{name: digest_arrays(record) for name, record in arrays.items()},
            "second": dataset.times_per_second, "counts": dataset.stats()}  # fmt: skip


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_shards_agree_with_one_machine(protocol: str, tmp_path: Path) -> None:
    many = protocol == "sequential"  # so that popularity has a say in who is drawn
    write_files(tmp_path, parquet=protocol == "top_n", items=240 if many else 40)
    config = config_of(tmp_path, protocol, k_core=1 if many else 4)
    wanted = everything(config)
    assert wanted["counts"]["users"] > 30  # type: ignore[index]
    for shards in (1, 7):
        assert everything(prepared(tmp_path, config, shards).with_suffix(".yaml")) == wanted


@pytest.mark.parametrize(
    "model, sampler",
    [
        ("dink", "near_items.sample_neighbours"),
        ("ekpnet", "ekpnet.build.sample_ripples"),
        ("hkrm", "hkrm.build.collect_attributes"),
    ],
)
def test_models_carry_the_same_tables(
    model: str, sampler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path)
    config = config_of(tmp_path, "ctr")
    config.write_text(config.read_text().replace("name: dink", f"name: {model}"))
    known = load_config(config)
    wanted = read_and_split(known).model(known).get_weights()
    folder = prepared(tmp_path, config, 7)
    monkeypatch.delattr(f"tfkgrec.models.{sampler}")  # what was prepared is read, not drawn again
    found = load_config(folder.with_suffix(".yaml"))
    for one, other in zip(wanted, read_and_split(found).model(found).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_beam_makes_the_same_files(tmp_path: Path) -> None:
    pytest.importorskip("apache_beam", reason="needs the extra beam, which the development tools leave out")
    write_files(tmp_path)
    config = config_of(tmp_path, "ctr")
    here, there = (prepared(tmp_path, config, 3, runner) for runner in ("local", "DirectRunner"))
    assert everything(there.with_suffix(".yaml")) == everything(config)
    names = sorted(path.name for path in here.iterdir())
    assert names == sorted(path.name for path in there.iterdir())
    for name in names:
        if name.endswith(".parquet"):
            assert pd.read_parquet(there / name).equals(pd.read_parquet(here / name)), name


def test_bad_rows_are_set_aside_with_their_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path)
    config = config_of(tmp_path, "ctr")
    wanted = {(row.place, row.problem, row.text) for row in load_dataset(load_config(config).data, 0).bad}
    found = pd.read_csv(prepared(tmp_path, config, 7) / "quarantine.csv")
    assert {tuple(row) for row in found.itertuples(index=False)} == wanted
    assert {place.removeprefix(str(tmp_path)) for place, _, _ in wanted} == {
        "/ratings/0.csv:302", "/ratings/0.csv:303", "/ratings/0.csv:304", "/ratings/1.csv.gz:102", "/facts.tsv:78",
    }  # fmt: skip
    assert "5 rows that cannot be read" in capsys.readouterr().out


def test_files_may_lie_on_another_filesystem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that cannot rename a folder, as object stores cannot."""
    write_files(tmp_path / "bucket")
    bucket = fs.SubTreeFileSystem(str(tmp_path / "bucket"), fs.LocalFileSystem())

    local = storage.storage

    def opened(path: str | Path) -> tuple[fs.FileSystem, str]:
        text = str(path)
        return (bucket, text.removeprefix("bucket://")) if text.startswith("bucket://") else local(path)

    for module in (storage, raw_rows):
        monkeypatch.setattr(module, "storage", opened)
    here = everything(config_of(tmp_path / "bucket", "ctr"))
    files = {"interactions": "bucket://ratings", "triples": "bucket://facts.tsv", "item_names": "bucket://names.csv"}
    config = config_of(tmp_path, "ctr", **files)
    asked = ["--config", str(config), "--output", "bucket://made", "--shards", "2"]
    assert run_main(prepare_data.main, asked) == 0
    assert (tmp_path / "bucket/made/_SUCCESS").exists() and not (tmp_path / "bucket/made.parts").exists()
    assert not (tmp_path / "bucket/made.work").exists()
    assert "bucket://ratings/1.csv.gz:102," in (tmp_path / "bucket/made/quarantine.csv").read_text()
    made = {"dataset": "prepared", "path": "bucket://made"}
    config.write_text(yaml.safe_dump({"model": {"name": "dink"}, "data": made}))
    assert everything(config) == here


def test_too_many_bad_rows_leave_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path)
    config = config_of(tmp_path, "ctr", max_bad_rows=0.001)
    asked = ["--config", str(config), "--output", str(tmp_path / "prepared"), "--shards", "2"]
    assert run_main(prepare_data.main, asked) == 2
    assert "0.csv:302: expected a number in column 'rating', found 'five'" in capsys.readouterr().err
    assert not (tmp_path / "prepared").exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    """Of an earlier run it goes, and nothing else does."""
    own = tmp_path / "made.work" / "notes.txt"
    own.parent.mkdir()
    own.write_text("mine")
    with pytest.raises(InputError, match="found something that is not of an earlier run"):
        storage.begin(own.parent)
    assert own.read_text() == "mine"
    storage.begin(tmp_path / "new.work")
    left = tmp_path / "new.work" / "rows" / "00000.parquet"
    left.parent.mkdir()
    left.write_bytes(b"half")
    storage.begin(tmp_path / "new.work")
    assert not left.exists()
