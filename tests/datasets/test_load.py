"""Which reader a config leads to, and where it looks for the files."""

from pathlib import Path

import pytest

from tests.datasets import files
from tests.datasets.files import write
from tfkgrec import registry
from tfkgrec.config import DataConfig
from tfkgrec.datasets.folders import dataset_folder
from tfkgrec.datasets.load import load_raw
from tfkgrec.datasets.own_files.settings import ColumnsConfig, FilesSettings
from tfkgrec.datasets.synthetic.settings import SyntheticSettings, WorldSize
from tfkgrec.errors import InputError


@pytest.mark.parametrize(
    "dataset, graph, make",
    [
        ("lastfm", None, files.lastfm),
        ("book-crossing", "ripplenet", files.book_crossing),
        ("book-crossing", "mkr", files.book_crossing),
        ("ml-1m", "satori-mkr", files.movielens_1m),
        ("ml-1m", "freebase", files.movielens_1m),
        ("ml-1m", "dbpedia", files.movielens_1m),
        ("ml-100k", None, files.movielens_100k),
    ],
)
def test_public(tmp_path: Path, dataset: str, graph: str | None, make) -> None:
    make(tmp_path / dataset)
    raw = load_raw(DataConfig(dataset=dataset, knowledge_graph=graph, data_dir=tmp_path), seed=0)
    assert raw.name == dataset
    assert len(raw.interactions) > 1


def test_public_data_always_drops_unlinked_items() -> None:
    with pytest.raises(InputError, match="^unlinked_items: expected 'drop' for dataset lastfm, found 'error'$"):
        DataConfig(dataset="lastfm", unlinked_items="error")


def test_files(tmp_path: Path) -> None:
    write(tmp_path / "r.csv", "who,what,stars\na,1,5\na,2,1\nb,3,5\n")
    write(tmp_path / "t.tsv", "1\tgenre\tnoir\n2\tgenre\tnoir\n")
    source = FilesSettings(
        interactions=tmp_path / "r.csv",
        triples=tmp_path / "t.tsv",
        columns=ColumnsConfig(user="who", item="what", rating="stars"),
        positive_at=4,
    )
    for protocol in registry.protocols():
        data = DataConfig(dataset="files", protocol=protocol, source=source, unlinked_items="drop", k_core=1)
        assert load_raw(data, seed=0).interactions["positive"].tolist() == [True, False], protocol


def test_synthetic_follows_the_seed() -> None:
    data = DataConfig(dataset="synthetic", source=SyntheticSettings(WorldSize(users=30, items=40)))
    first, again, other = (load_raw(data, seed).interactions for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
    assert set(first["user"]) == {f"user-{n}" for n in range(1, 31)}


def test_where_public_data_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("given", "environment", "shared/data"):
        (tmp_path / place / "lastfm").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("TFKGREC_DATA", str(tmp_path / "environment"))
    assert dataset_folder("lastfm", tmp_path / "given") == tmp_path / "given/lastfm"
    assert dataset_folder("lastfm") == tmp_path / "environment/lastfm"
    monkeypatch.delenv("TFKGREC_DATA")
    assert dataset_folder("lastfm") == tmp_path / "shared/data/lastfm"
    with pytest.raises(InputError) as caught:
        dataset_folder("ml-1m", tmp_path / "given")
    assert str(caught.value) == (
        f"{tmp_path}/given/ml-1m: expected this folder (--data-dir or $TFKGREC_DATA names its parent), found none"
    )
