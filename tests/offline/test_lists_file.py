"""Lists of many users in a file: those that a server would give, whatever the suffix, and whatever stopped it."""

import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest

from tests.planted import served
from tfkgrec import recommend
from tfkgrec.cli import run_main
from tfkgrec.offline.in_process import InProcess, open_in_process
from tfkgrec.offline.lists_file import write_lists

K = 5


@pytest.fixture(scope="module")
def answers(planted_run: Path) -> InProcess:
    return open_in_process(planted_run, K)


def test_a_run_its_export_and_its_server_agree(planted_run: Path, planted_export: Path, tmp_path: Path) -> None:
    whole, some, asked = tmp_path / "run.parquet", tmp_path / "export.csv", tmp_path / "users.txt"
    assert run_main(recommend.main, [str(planted_run), "--all-users", "--k", str(K), "--output", str(whole)]) == 0
    found = pd.read_parquet(whole)
    assert list(found) == ["user", "rank", "item", "name", "score"]
    users = found["user"].drop_duplicates().tolist()
    assert len(users) == 300 and len(found) == 300 * K
    users = users[::15]
    asked.write_text("\n".join(users) + "\n")
    of_export = ["--users", str(asked), "--k", str(K), "--output", str(some)]
    assert run_main(recommend.main, [str(planted_export / "dink"), *of_export]) == 0
    with served(planted_export / "dink") as client:
        answer = client.recommend(users, K)
    other, found = pd.read_csv(some, dtype={"item": "str"}), found[found["user"].isin(users)]
    for table in (found, other):
        assert table["user"].drop_duplicates().tolist() == users
        assert table["item"].tolist() == answer.item_id.ravel().tolist()
        assert table["name"].tolist() == answer.item_name.ravel().tolist()
        assert table["score"].to_numpy() == pytest.approx(answer.score.ravel(), abs=1e-6)


def test_killed_it_goes_on_and_ends_where_it_would_have(
    answers: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users, whole, cut = answers.users()[:50], tmp_path / "whole.parquet", tmp_path / "cut.parquet"
    write_lists(answers, users, K, whole, part_users=20)
    asked: list[int] = []

    def ask(signature: str, inputs: dict[str, np.ndarray], dies_at: int = 2) -> object:
        if len(asked) == dies_at:
            raise KeyboardInterrupt
        asked.append(len(inputs["user_id"]))
        return InProcess.outputs(answers, signature, inputs)

    monkeypatch.setattr(answers, "outputs", ask)
    with pytest.raises(KeyboardInterrupt):
        write_lists(answers, users, K, cut, part_users=20)
    assert not cut.exists() and asked == [20, 20]
    monkeypatch.setattr(answers, "outputs", lambda signature, inputs: ask(signature, inputs, dies_at=9))
    told: list[int] = []
    write_lists(answers, users, K, cut, lambda done: told.append(done) or told.append, part_users=20)
    assert asked == [20, 20, 10] and told == [40, 50]  # the two parts that were there are not made again
    assert pyarrow.parquet.read_table(cut).equals(pyarrow.parquet.read_table(whole))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cut.parquet", "whole.parquet"]


class Made:
    """A model without one: the same list for all; it is killed when it is asked the n-th time."""

    flags_new = False

    def __init__(self, weights: Path, dies_at: int | None = None) -> None:
        self.weights, self.dies_at, self.asked = weights, dies_at, 0

    def outputs(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.asked += 1
        if self.asked == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        people = len(inputs["user_id"])
        items = np.tile(np.array([b"i1", b"i2"], object), (people, 1))
        scores, known = np.full(items.shape, 0.5, np.float32), np.ones(people, bool)
        return {"item_id": items, "item_name": items, "score": scores, "known_user": known}


def test_after_kill_9_it_goes_on(tmp_path: Path) -> None:
    weights, users = tmp_path / "weights", [f"u{n}" for n in range(10)]
    weights.write_text("w")
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    write_lists(Made(weights), users, 2, whole, part_users=3)
    child = os.fork()
    if not child:
        write_lists(Made(weights, dies_at=3), users, 2, cut, part_users=3)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert not cut.exists() and len(list((tmp_path / ".cut.csv.parts").glob("*.arrow"))) == 2
    again = Made(weights)
    assert write_lists(again, users, 2, cut, part_users=3).users == 10
    assert again.asked == 2 and cut.read_bytes() == whole.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cut.csv", "weights", "whole.csv"]


def test_other_users_or_another_k_begin_anew(answers: InProcess, tmp_path: Path) -> None:
    output, folder = tmp_path / "recs.jsonl", tmp_path / ".recs.jsonl.parts"
    write_lists(answers, answers.users()[:3], K, output)
    folder.mkdir()
    (folder / "plan.txt").write_text("of somebody else")
    (folder / "000000000000.arrow").write_text("no table")
    found = write_lists(answers, [*answers.users()[:2], "nobody"], 2, output)
    assert found == (3, 6, 1)
    assert pd.read_json(output, lines=True, dtype=False)["rank"].tolist() == [1, 2] * 3


def test_users_of_a_file(planted_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "users.txt").write_text("user-7\nuser-8\nuser-7\nnobody\n")
    output = tmp_path / "recs.csv"
    asked = [str(planted_run), "--users", str(tmp_path / "users.txt"), "--k", "2", "--output", str(output)]
    assert run_main(recommend.main, asked) == 0
    assert pd.read_csv(output)["user"].tolist() == ["user-7", "user-7", "user-8", "user-8", "nobody", "nobody"]
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == f"6 recommendations for 3 users: {output}"
    assert printed.out.splitlines()[1].startswith("unknown to the model: 1 of these users")
    assert "3/3 users" in printed.err


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--all-users", "--output", "recs.xlsx"], "--output: expected a file that ends in .parquet, .csv, .jsonl"),
        (["--all-users", "--k", "21", "--output", "recs.csv"], "k: expected 20 at most, which this export ranks"),
        (["--users", "nosuch.txt", "--output", "recs.csv"], "nosuch.txt: expected this file, found none"),
    ],
)
def test_mistakes_are_one_line(
    planted_export: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(recommend.main, [str(planted_export / "dink"), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_what_is_neither_a_run_nor_an_export(planted_export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(recommend.main, [str(planted_export), "--user", "user-7"]) == 2
    assert "expected a run (config.yaml) or an export (saved_model.pb), found neither" in capsys.readouterr().err
