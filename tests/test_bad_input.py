"""Bad input through the command line: one line on stderr, exit status 2, and neither a run nor an export begun."""

import csv
import gzip
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.datasets import files
from tests.planted import SETTINGS, run_process, run_train, write_config
from tfkgrec import evaluate, explain, export, recommend
from tfkgrec.cli import run_main
from tfkgrec.savedmodel.in_process import run_signatures

# Four users, four films; film 4 has no triple of its own.
RATINGS = "userId,movieId,rating,timestamp\n" + "".join(
    f"{user},{movie},{1 + (user * movie) % 5},{1000 + user + movie}\n" for user in range(1, 5) for movie in range(1, 5)
)
TRIPLES = "1\tgenre\tnoir\n2\tgenre\tnoir\n3\tgenre\twar\nnoir\tlike\twar\n"
LINKS = "item,entity\n1,1\n2,2\n3,3\n4,4\n"
DATA = {
    "dataset": "files",
    "interactions": "ratings.csv",
    "columns": {"user": "userId", "item": "movieId", "rating": "rating", "timestamp": "timestamp"},
    "positive_at": 1,
    "triples": "triples.tsv",
    "item_links": "links.csv",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One's own files, and a config that names them: as they are, they make a whole dataset."""
    (tmp_path / "ratings.csv").write_text(RATINGS)
    (tmp_path / "triples.tsv").write_text(TRIPLES)
    (tmp_path / "links.csv").write_text(LINKS)
    write_config(tmp_path, data=DATA)
    return tmp_path


@pytest.fixture
def refused(capsys):
    """`refused(folder, *arguments)`: train is refused, without a trace; the line it says."""

    def train(folder: Path, *arguments: str, overrides=()) -> str:
        run, repository = folder / "run", folder / "export"
        before = sorted(folder.rglob("*"))
        arguments = ("--export-dir", str(repository), *arguments)
        status = run_train(folder / "config.yaml", run, *arguments, overrides=overrides)
        captured = capsys.readouterr()
        assert (status, captured.out) == (2, "")
        (line,) = captured.err.splitlines()
        assert sorted(folder.rglob("*")) == before
        assert line.startswith("error: ")
        return line.removeprefix("error: ")

    return train


def _change_data(folder: Path, **changes) -> None:
    data = {name: value for name, value in {**DATA, **changes}.items() if value is not None}
    (folder / "config.yaml").write_text(yaml.safe_dump({**SETTINGS, "data": data}))


@pytest.mark.parametrize("file", ["ratings.csv", "triples.tsv", "links.csv"])
def test_a_missing_file(folder, refused, file):
    (folder / file).unlink()
    assert refused(folder) == f"{folder / file}: expected this file, found none"


def test_a_missing_config(folder, refused):
    (folder / "config.yaml").unlink()
    assert refused(folder).startswith(f"{folder / 'config.yaml'}: ")


def test_a_missing_public_dataset(folder, refused):
    _change_data(folder, dataset="lastfm", **dict.fromkeys(set(DATA) - {"dataset"}))
    line = refused(folder, "--data-dir", str(folder / "nowhere"))
    assert line.startswith(f"{folder / 'nowhere/lastfm'}: expected this folder (--data-dir or $TFKGREC_DATA")


def test_a_wrong_column(folder, refused):
    _change_data(folder, columns={**DATA["columns"], "item": "filmId"})
    wanted = "expected a column 'filmId' (data.columns.item), found userId, movieId, rating, timestamp"
    line = "(its first line: 'userId,movieId,rating,timestamp', separated by ',')"
    assert refused(folder) == f"{folder / 'ratings.csv'}: {wanted} {line}"


@pytest.mark.parametrize("column", ["rating", "timestamp"])
def test_text_where_a_number_is_due(folder, refused, column):
    lines = RATINGS.splitlines()
    lines[3] = "1,3,five,1004" if column == "rating" else "1,3,4,monday"
    (folder / "ratings.csv").write_text("\n".join(lines))
    found = "five" if column == "rating" else "monday"
    wanted = f"expected {'a number' if column == 'rating' else 'a time in seconds'} in column '{column}'"
    share = "(1 of 16 rows cannot be read; data.max_bad_rows is 0.001)"
    assert refused(folder) == f"{folder / 'ratings.csv'}:4: {wanted}, found '{found}' {share}"


def test_a_time_that_no_number_holds(folder, refused):
    (folder / "ratings.csv").write_text(RATINGS.replace(",1004", ",12345678901234567890"))
    line = refused(folder)
    assert line.startswith(f"{folder / 'ratings.csv'}:4: expected a time in seconds in column 'timestamp', found '123")


@pytest.mark.parametrize("flag", ["--run-dir", "--export-dir"])
def test_a_file_where_a_folder_is_expected(folder, refused, flag):
    """Told before anything is read, let alone trained."""
    (folder / "taken").write_text("mine")
    wanted = "expected a folder, or a place for one, found a file"
    assert refused(folder, flag, str(folder / "taken/x")) == f"{folder}/taken/x: {wanted}, {folder}/taken"
    assert refused(folder, flag, str(folder / "taken")) == f"{folder}/taken: {wanted}, {folder}/taken"


def test_a_text_id_where_the_format_has_numbers(folder, refused):
    _change_data(folder, dataset="lastfm", **dict.fromkeys(set(DATA) - {"dataset"}))
    plays = files.lastfm(folder / "lastfm") / "user_artists.dat"
    plays.write_text(plays.read_text().replace("3\t52", "three\t52"))
    line = refused(folder, "--data-dir", str(folder))
    assert line == f"{plays}:4: expected a whole number in column 'userID', found 'three'"


def test_a_triple_with_two_fields(folder, refused):
    (folder / "triples.tsv").write_text(TRIPLES.replace("2\tgenre\tnoir", "2\tnoir"))
    found = "found 2 (1 of 4 rows cannot be read; data.max_bad_rows is 0.001)"
    assert refused(folder) == f"{folder / 'triples.tsv'}:2: expected 3 fields (head, relation, tail), {found}"


def test_an_item_with_no_entity(folder, refused):
    (folder / "links.csv").write_text(LINKS.replace("4,4\n", ""))
    _change_data(folder, unlinked_items="refuse")
    line = refused(folder)
    assert line.startswith(f"{folder / 'ratings.csv'}:5: expected an item with an entity in {folder / 'links.csv'}")
    assert "found '4'" in line and "data.unlinked_items: keep" in line


def test_an_item_with_no_triple_where_item_ids_are_entity_ids(folder, refused):
    _change_data(folder, item_links=None, unlinked_items="refuse")
    assert refused(folder).startswith(f"{folder / 'ratings.csv'}:5: expected an item with an entity in ")


def test_a_graph_with_no_triple_for_any_item(folder, refused):
    (folder / "triples.tsv").write_text("noir\tlike\twar\nwar\tlike\tnoir\n")
    wanted = "expected triples that touch an item, found none among 2, such as 'noir like war'"
    assert refused(folder) == f"{folder / 'triples.tsv'}: {wanted}"


def test_items_that_are_only_tails_leave_no_run_behind(folder, refused):
    (folder / "triples.tsv").write_text("noir\tof\t1\nnoir\tof\t2\n")
    rows = [f"{user},{1 + (user + n) % 4},5,{n}\n" for user in range(20) for n in range(2)]  # two of four films each
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + "".join(rows))
    wanted = "expected triples whose head is an item, found none; data.inverse_relations adds those whose tail is one"
    assert refused(folder) == f"files: {wanted}"


def test_an_empty_file(folder, refused):
    (folder / "ratings.csv").write_text("")
    assert refused(folder) == f"{folder / 'ratings.csv'}: expected rows of text, found an empty file"


def test_no_rating_high_enough_to_be_a_positive(folder, refused):
    _change_data(folder, positive_at=9)
    assert "expected at least one positive interaction, found none" in refused(folder)


@pytest.mark.parametrize("file", ["ratings.csv", "triples.tsv"])
def test_a_truncated_gz(folder, refused, file):
    whole = gzip.compress((folder / file).read_bytes())
    (folder / f"{file}.gz").write_bytes(whole[: len(whole) // 2])
    _change_data(folder, **{"interactions" if file == "ratings.csv" else "triples": f"{file}.gz"})
    wanted = "expected a whole gzip file, found a truncated or damaged one"
    assert refused(folder) == f"{folder / file}.gz: {wanted}"


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("training.epoch=3", r"training\.epoch: expected a known key; the nearest is training\.epochs"),
        ("training.epochs=many", r"training\.epochs: expected an integer.*, found many"),
        ("model.dim=0", r"model\.dim: expected an integer.*1.*, found 0"),
        ("model.name=drink", r"model\.name: expected one of .+'dink', .+, 'sasrec', found drink"),
        ("training.learning_rate=-1", r"training\.learning_rate: expected .*, found -1"),
        ("data.protocol=X", r"data\.protocol: expected one of 'ctr', 'sequential', 'top_n', found X"),
    ],
)
def test_an_unknown_key_a_wrong_type_an_impossible_value(folder, refused, override, line):
    assert re.search(f"^--set {re.escape(override)}: {line}", refused(folder, overrides=[override]))


def test_a_mistake_in_the_config_file_is_named_by_its_line(folder, refused):
    text = (folder / "config.yaml").read_text()
    number = next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith("  epochs:"))
    (folder / "config.yaml").write_text(text.replace("  epochs: 12", "  epochs: [12]"))
    assert refused(folder).startswith(f"{folder / 'config.yaml'}:{number}: training.epochs: expected an integer")


def test_in_a_process_of_its_own_it_is_one_line_too(folder):
    (folder / "links.csv").unlink()
    done = run_process(
        sys.executable, "-m", "tfkgrec.train", "--config", folder / "config.yaml", "--run-dir", folder / "run"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == f"error: {folder / 'links.csv'}: expected this file, found none"
    assert not (folder / "run").exists()


@pytest.mark.parametrize("verb", [evaluate, export, explain])
def test_a_run_that_is_not_there(verb, tmp_path, capsys):
    extra = ["--user", "u", "--item", "i"] if verb is explain else []
    assert run_main(verb.main, [str(tmp_path / "run"), *extra]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path / 'run'}: expected a finished run, found no config.yaml\n"
    assert not (tmp_path / "run").exists()


# --- not refused: users of whom little or nothing is known -----------------------------------------------------------


def test_users_with_one_positive_and_a_row_set_aside_train_to_finite_numbers(folder, capsys):
    """Two of three users have a single positive, so no history beside the item in question."""
    lines = [f"{user},{1 + (user + n) % 4},5,{n}" for user in range(30) for n in range(1 if user % 3 else 2)]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *lines, "1,2"]))
    overrides = ["training.epochs=2", "data.max_bad_rows=0.1"]
    assert run_train(folder / "config.yaml", folder / "strict", "--strict", overrides=overrides) == 2
    assert not (folder / "strict").exists()
    assert run_train(folder / "config.yaml", folder / "run", overrides=overrides) == 0
    (row,) = csv.DictReader((folder / "run/bad_rows.csv").read_text().splitlines())
    assert row["text"] == "1,2" and row["place"].endswith(f"ratings.csv:{len(lines) + 2}")
    left_out = re.search(
        r"^left out: (\d+) users without a positive in the training split$", capsys.readouterr().out, re.M
    )
    metrics = json.loads((folder / "run/metrics.json").read_text())
    numbers = [metrics[part][name] for part in ("test", "validation") for name in ("auc", "acc")]
    assert np.all(np.isfinite(numbers))
    known = np.load(folder / "run/vocabularies/seen.npz")["known"]
    assert int(left_out.group(1)) == np.sum(~known[1:]) > 0


def test_a_user_without_a_training_positive_is_unknown_to_the_model(planted_run):
    own = run_signatures(planted_run)
    run, signatures = own.run, own.signatures
    users = np.array((run.vocabularies / "users.txt").read_text().splitlines(), object)
    stored = np.load(run.vocabularies / "seen.npz")
    known = stored["known"][1:]
    unseen = users[~known]
    assert len(unseen) > 1
    functions = signatures.functions()
    asked = np.array([unseen[0], "nobody", users[known][0]], object)
    best = functions["recommend"](user_id=asked)
    assert best["known_user"].numpy().tolist() == [False, False, True]
    items = [[item.decode() for item in row] for row in best["item_id"].numpy().tolist()]
    number = 1 + int(np.flatnonzero(~known)[0])
    taken = stored["items"][stored["offsets"][number] : stored["offsets"][number + 1]]
    own = np.array(["", *(run.vocabularies / "items.txt").read_text().splitlines()], object)[taken].tolist()
    others = [item for item in items[1] if item not in own]  # the same list, but for what the user has taken
    assert own and items[0][: len(others)] == others
    assert items[2][: len(others)] != others
    film = np.array(["film-1"] * 3, object)
    for name in ("serving_default", "explain"):
        answer = functions[name](user_id=asked, item_id=film)
        assert answer["known_user"].numpy().tolist() == [False, False, True]
        probability = answer["probability"].numpy()
        assert np.all(np.isfinite(probability)) and probability[0] == pytest.approx(probability[1], abs=1e-6)


def test_an_empty_history_is_a_mistake_of_the_command_line(capsys):
    with pytest.raises(SystemExit) as stop:
        recommend.main(["--target", "localhost:1", "--model", "dink", "--history", ""])
    assert stop.value.code == 2
    assert (
        capsys.readouterr().err.splitlines()[-1].endswith("argument --history: expected item ids separated by commas")
    )


def test_too_little_data_to_split_is_told_before_training(folder, refused):
    lines = RATINGS.splitlines()
    (folder / "ratings.csv").write_text("\n".join([lines[0], lines[1], lines[6]]))
    assert re.fullmatch(
        r"files: expected positives and negatives in the \w+ split, found . and . of 2 and 2 .*; 20 of each, .* enough",
        refused(folder),
    )
