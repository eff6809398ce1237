"""Every dataset of the registry, with every graph: from small files always, from the public files where they lie."""

import functools
from pathlib import Path

import pytest

from tests.cases.dataset_case import DatasetCase, SmallData
from tests.datasets.files import PUBLIC, write
from tests.datasets.test_real_counts import read
from tests.real_data import needs_real_data
from tfkgrec import registry
from tfkgrec.config import DataConfig, Section
from tfkgrec.datasets.load import load_raw
from tfkgrec.datasets.own_files.settings import FilesSettings
from tfkgrec.datasets.synthetic.settings import SyntheticSettings, WorldSize

RAW = [spec for spec in registry.datasets().values() if spec.dataset is None]  # the others are numbered already
ALL = [(spec.name, graph) for spec in RAW for graph in (spec.graphs or (None,))]


def source(name: str, folder: Path) -> Section | None:
    """The dataset's own settings, and its files in `folder`."""
    if name == "synthetic":
        return SyntheticSettings(WorldSize(users=30, items=40, positives_per_user=5))
    if name == "files":
        pairs = write(folder / "pairs.csv", "user,item\na,1\na,2\nb,2\n")
        return FilesSettings(interactions=pairs, triples=write(folder / "graph.tsv", "1\tgenre\tx\n2\tgenre\tx\n"))
    PUBLIC[name](folder / name)
    return None


class TestSmallFiles(DatasetCase):
    @pytest.fixture(params=ALL, ids=str)
    def given(self, request: pytest.FixtureRequest, tmp_path: Path) -> SmallData:
        name, graph = request.param
        own = source(name, tmp_path)
        data = DataConfig(name, knowledge_graph=graph, data_dir=tmp_path, **({} if own is None else {"source": own}))
        return SmallData(registry.dataset(name), functools.partial(load_raw, data, 0))


@needs_real_data
class TestPublicFiles(DatasetCase):
    """Read once for all who look at them."""

    @pytest.fixture(params=[(name, graph) for name, graph in ALL if name in PUBLIC], ids=str)
    def given(self, request: pytest.FixtureRequest) -> SmallData:
        name, graph = request.param
        return SmallData(registry.dataset(name), lambda: read(name, graph)[0])
