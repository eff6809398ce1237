"""Prepared data of an earlier start: the same again, and never those of other files, settings or code."""

from pathlib import Path

import pytest

from tests.planted import TINY
from tfkgrec import registry
from tfkgrec.config import build_config
from tfkgrec.errors import InputError
from tfkgrec.runs import data_cache
from tfkgrec.runs.data_cache import kept_data
from tfkgrec.runs.fingerprint import fingerprint
from tfkgrec.runs.run import prepare


@pytest.mark.parametrize(("protocol", "model"), [("ctr", "mf"), ("top_n", "mf"), ("sequential", "sasrec")])
def test_what_is_kept_comes_back_as_it_was(protocol, model, tmp_path, capsys):
    assert protocol in registry.protocols()
    config = build_config({"model": {"name": model}, "data": {"dataset": "synthetic", "protocol": protocol}}, TINY[:2])
    made, back = prepare(config, cache=tmp_path), prepare(config, cache=tmp_path)
    assert settings_of(back.protocol) == settings_of(made.protocol)
    assert fingerprint(back.dataset, back.splits) == fingerprint(made.dataset, made.splits)
    (file,) = tmp_path.iterdir()
    assert capsys.readouterr().out.splitlines() == [
        f"prepared data, kept for the next start: {file}",
        f"prepared data: {file}",
    ]


def settings_of(protocol) -> list[object]:
    return [getattr(protocol, name, None) for name in ("split", "training", "evaluation")]


def files_config(folder: Path, *overrides: str):
    files = {"dataset": "files", "interactions": str(folder / "clicks.csv"), "triples": str(folder / "facts")}
    return build_config({"model": {"name": "mf"}, "data": files}, overrides)


def test_another_file_setting_or_code_is_another_entry(tmp_path, monkeypatch):
    (tmp_path / "facts").mkdir()
    clicks, fact, cache = tmp_path / "clicks.csv", tmp_path / "facts" / "one.tsv", tmp_path / "cache"
    clicks.write_text("user,item\na,x\n")
    fact.write_text("x\tis\tred\n")
    made = []

    def ask(*overrides: str) -> int:
        return kept_data(cache, files_config(tmp_path, *overrides), lambda: made.append(0) or len(made))

    assert [ask(), ask()] == [1, 1]
    clicks.write_text("user,item\na,y\n")
    assert [ask(), ask()] == [2, 2]
    fact.write_text("x\tis\tblue\n")
    assert [ask(), ask("data.inverse_relations=true"), ask("training.seed=7"), ask()] == [3, 4, 5, 3]
    monkeypatch.setattr(data_cache, "MADE_BY", ("config",))
    assert ask() == 6
    assert len(list(cache.iterdir())) == 6


def test_an_entry_that_is_cut_off_is_made_anew(tmp_path, capsys):
    (tmp_path / "clicks.csv").write_text("user,item\na,x\n")
    (tmp_path / "facts").write_text("x\tis\tred\n")
    cache, config = tmp_path / "cache", files_config(tmp_path)
    kept_data(cache, config, lambda: tuple(range(99)))
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:50])
    assert kept_data(cache, config, lambda: "anew") == "anew" == kept_data(cache, config, lambda: "never")
    assert "made anew: " in capsys.readouterr().out


def test_queries_cannot_be_compared(tmp_path):
    of_shop = {"dataset": "files", "database": "sqlite:///shop.db", "queries": {"interactions": "select 1"}}
    config = build_config({"model": {"name": "mf"}, "data": of_shop})
    with pytest.raises(InputError, match="--data-cache: expected files, .* found data.queries"):
        kept_data(tmp_path, config, lambda: None)
