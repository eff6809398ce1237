"""Lists for everybody on Beam: those that the export itself gives, in shards that are all there or none."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest

from tests.golden.record import EXPORT
from tfkgrec import batch_recommend
from tfkgrec.cli import run_main
from tfkgrec.offline.in_process import InProcess, open_in_process
from tfkgrec.offline.lists import lists_of

HKRM = EXPORT / "hkrm/1"
K = 5


@pytest.fixture(scope="module")
def answers() -> InProcess:
    pytest.importorskip("apache_beam", reason="needs the extra beam, which the development tools leave out")
    return open_in_process(HKRM)


def run(users: Path, output: Path, *more: str) -> int:
    asked = ["--model", str(HKRM), "--users", str(users), "--output", str(output), "--k", str(K), "--shards", "3"]
    return run_main(batch_recommend.main, [*asked, *more])


def test_lists_are_those_of_the_export(answers: InProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    users, files = [*answers.users(), "nobody"], tmp_path / "users"
    files.mkdir()
    pd.DataFrame({"user": users[:40]}).to_parquet(files / "0.parquet")
    (files / "1.txt").write_text("\n".join(users[30:]) + "\n")  # ten are named twice
    assert run(files, tmp_path / "recs") == 0
    assert capsys.readouterr().out.startswith(f"{K * len(users)} recommendations for {len(users)} users: ")
    shards = sorted((tmp_path / "recs").glob("part-*"))
    assert [shard.name for shard in shards] == [f"part-0000{n}-of-00003.parquet" for n in range(3)]
    assert [path.name for path in tmp_path.iterdir()].count("recs.parts") == 0
    found = pd.concat([pd.read_parquet(shard) for shard in shards]).set_index(["user", "rank"]).sort_index()
    wanted = lists_of(answers, users, K)[0].to_pandas().set_index(["user", "rank"]).sort_index()
    assert found.index.equals(wanted.index)
    assert found["item"].tolist() == wanted["item"].tolist() and found["name"].tolist() == wanted["name"].tolist()
    assert found["score"].to_numpy() == pytest.approx(wanted["score"].to_numpy(), abs=1e-6)


def test_cut_short_it_leaves_nothing_and_makes_no_shard_twice(
    answers: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tfkgrec.beam.handler

    (tmp_path / "users.txt").write_text("\n".join(answers.users()) + "\n")
    asked: list[int] = []

    def dies_at_the_second(model: InProcess, users: list[str], k: int) -> tuple[pyarrow.Table, int]:
        if len(asked) == 1:
            raise KeyError("power")
        asked.append(len(users))
        return lists_of(model, users, k)

    monkeypatch.setattr(tfkgrec.beam.handler, "lists_of", dies_at_the_second)
    with pytest.raises(KeyError):
        run(tmp_path / "users.txt", tmp_path / "recs")
    assert not (tmp_path / "recs").exists() and len(list((tmp_path / "recs.parts").iterdir())) == 1

    def counted(model: InProcess, users: list[str], k: int) -> tuple[pyarrow.Table, int]:
        asked.append(len(users))
        return lists_of(model, users, k)

    monkeypatch.setattr(tfkgrec.beam.handler, "lists_of", counted)
    assert run(tmp_path / "users.txt", tmp_path / "recs") == 0
    assert len(asked) == 3 and sum(asked) == len(answers.users())
    assert len(pd.read_parquet(tmp_path / "recs")) == K * len(answers.users())


@pytest.mark.parametrize(
    "more, message",
    [
        (("--k", "1000"), "k: expected 10 at most"),
        (("--users", "nosuch*.txt"), "nosuch*.txt: expected this file, a folder of files or a pattern of them"),
        (("--output", "."), "--output .: expected a place where nothing is"),
        (("--shards", "0"), "--shards: expected 1 or more, found 0"),
    ],
)
def test_mistakes_are_one_line(
    answers: InProcess, more: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "users.txt").write_text("user-1\n")
    assert run(tmp_path / "users.txt", tmp_path / "recs", *more) == 2
    assert message in capsys.readouterr().err


def test_without_beam_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apache_beam", None)
    (tmp_path / "users.txt").write_text("user-1\n")
    assert run(tmp_path / "users.txt", tmp_path / "recs") == 2
    assert "expected Apache Beam, found none: pip install 'tfkgrec[beam]'" in capsys.readouterr().err
