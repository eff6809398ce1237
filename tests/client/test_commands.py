"""`tfkgrec serve`, `recommend` and `explain`, as an operator types them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from tfkgrec import explain, recommend, serve, similar
from tfkgrec.cli import run_main
from tfkgrec.client import Client
from tfkgrec.savedmodel import in_process as local

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}


@pytest.fixture
def tell(server, capsys):
    """`tell(module, *arguments)`: status, lines on stdout and lines on stderr of a client command."""

    def run(module, *arguments, target=server.address, model="toy"):
        status = run_main(module.main, ["--target", target, "--model", model, "--timeout", "20", *arguments])
        captured = capsys.readouterr()
        return status, captured.out.splitlines(), captured.err.splitlines()

    return run


def test_recommend_prints_a_ranked_table(tell):
    status, lines, _ = tell(recommend, "--user", "u3", "--k", "3")
    assert status == 0
    assert lines == [
        "toy version 2, 2 items for user u3",
        "rank  item   score  name",
        "   1  i6     0.416  film 6",
        "   2  i5     0.090  film 5",
    ]


def test_recommend_says_that_a_user_is_unknown_and_what_it_fell_back_to(tell):
    _, lines, _ = tell(recommend, "--user", "nobody", "--k", "1")
    assert lines[:2] == [
        "toy version 2, 1 item for user nobody",
        "user nobody is unknown to the model: its most popular items instead",
    ]
    _, lines, _ = tell(recommend, "--user", "nobody", "--history", "i1,i9", "--k", "1")
    assert lines[1] == "user nobody is unknown to the model; from 1 of 2 history items known to the model"
    _, lines, _ = tell(recommend, "--history", "i8,i9", "--k", "1")
    assert lines[:2] == [
        "toy version 2, 1 item for this history",
        "none of the 2 history items is known to the model: its most popular items instead",
    ]


def test_a_history_is_written_as_csv_is():
    assert recommend._ids(' i1,"a, b" ,"q""r",,"l\nm"') == ["i1", "a, b", 'q"r', "l\nm"]


def test_whatever_an_id_holds_a_line_is_a_line(tell):
    odd = "l\nm\x1b[2J\u2028 \u00e9\u200d"
    for module, arguments in ((recommend, ()), (explain, ("--item", odd))):
        status, lines, _ = tell(module, "--user", odd, *arguments)
        assert status == 0
        assert "l\\nm\\x1b[2J\\u2028 \u00e9\u200d" in lines[0] and len(lines) < 9


def test_recommend_under_conditions_and_among_candidates(tell):
    _, lines, _ = tell(recommend, "--user", "u1", "--only", "genre=war,no=such", "--exclude", "i4")
    assert lines[1] == "2 of 3 conditions name an item, or a fact of items, that the model knows"
    assert sorted(line.split()[1] for line in lines[3:5]) == ["i2", "i6"]
    _, lines, _ = tell(recommend, "--history", "i1", "--only", "genre=noir", "--k", "4")
    assert sorted(line.split()[1] for line in lines[3:]) == ["i3", "i5"]
    _, lines, _ = tell(recommend, "--user", "u1", "--candidates", "i1,i9")
    assert lines[0] == "toy, 2 items for user u1"
    assert sorted(line.split(maxsplit=2)[2] for line in lines[1:]) == ["i1", "i9  (unknown to the model)"]


def test_similar_prints_a_ranked_table(tell):
    _, lines, _ = tell(similar, "--item", "i3", "--k", "2")
    assert lines[0] == "toy: most like item i3, by the cosine of the model's vectors" and len(lines) == 3
    _, lines, _ = tell(similar, "--item", "i9")
    assert lines == ["item i9 is unknown to the model"]


def test_recommend_prefers_a_known_user_to_a_history(tell):
    _, lines, _ = tell(recommend, "--user", "u3", "--history", "i1")
    assert lines[1] == "rank  item   score  name"
    assert lines[-1] == "this export ranks 4 items, so --k 10 could not be met"


@pytest.mark.parametrize(
    ("arguments", "user", "known_user", "basis"),
    [
        (["--user", "u3"], "u3", True, "user"),
        (["--user", "nobody"], "nobody", False, "popularity"),
        (["--user", "nobody", "--history", "i1"], "nobody", False, "history"),
        (["--history", "i1"], None, None, "history"),
    ],
)
def test_recommend_as_json(tell, arguments, user, known_user, basis):
    status, (line,), _ = tell(recommend, "--json", "--k", "2", *arguments)
    answer = json.loads(line)
    assert status == 0
    assert {**answer, "items": None} == {
        "model": "toy",
        "version": 2,
        "user": user,
        "known_user": known_user,
        "basis": basis,
        "items": None,
    }
    assert [item["rank"] for item in answer["items"]] == [1, 2]
    assert set(answer["items"][0]) == {"rank", "item_id", "item_name", "score"}


def test_explain_prints_sentences(tell):
    status, lines, _ = tell(explain, "--user", "u2", "--item", "i1")
    assert status == 0
    assert lines == [
        "film 1 (probability 0.71); what the model looked at:",  # an export of before contributions
        "   50% film 2; genre noir 60%, director Ada L. 40%",
        "   50% film 5; genre noir 60%, director Ada L. 40%",
    ]


def test_explain_tells_a_trained_run_in_the_same_words(server, tell, monkeypatch, capsys):
    def explain_run(run_dir, user, item, sampled, seed, needed):
        assert str(run_dir) == "runs/toy" and (sampled, seed, needed) == (False, 0, False)
        with Client(server.address, "toy", timeout=20) as client:
            return client.explain([user], [item])

    monkeypatch.setattr(local, "explain_run", explain_run)
    _, from_server, _ = tell(explain, "--user", "u2", "--item", "i1")
    assert explain.main(["runs/toy", "--user", "u2", "--item", "i1"]) == 0
    assert capsys.readouterr().out.splitlines() == from_server


def test_explain_as_json(tell):
    _, (line,), _ = tell(explain, "--user", "u2", "--item", "i1", "--json")
    answer = json.loads(line)
    assert answer["item_name"] == "film 1" and answer["known_user"] is True and answer["explained_by"] == "dink"
    assert answer["attention"] == [0.5, 0.5, 0.0, 0.0]


@pytest.mark.parametrize("module", [recommend, explain])
def test_no_server_is_one_line_and_status_1(tell, module):
    item = ["--item", "i1"] if module is explain else []
    status, out, (line,) = tell(module, "--user", "u1", *item, target="127.0.0.1:1")
    assert (status, out) == (1, [])
    assert line.startswith("error: no server answers at 127.0.0.1:1")


def test_no_server_is_one_line_in_a_process_of_its_own_too():
    command = [sys.executable, "-m", "tfkgrec.recommend", "--target", "127.0.0.1:1", "--model", "toy", "--user", "u1"]
    ended = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(r"error: no server answers at 127\.0\.0\.1:1; .*\n", ended.stderr)


@pytest.mark.parametrize("module", [recommend, explain])
def test_an_unknown_model_is_one_line_and_status_2(tell, module):
    item = ["--item", "i1"] if module is explain else []
    status, out, (line,) = tell(module, "--user", "u1", *item, model="nope")
    assert (status, out) == (2, [])
    assert line.endswith("model nope: Servable not found for request: Latest(nope)")


@pytest.mark.parametrize(
    ("module", "arguments", "text"),
    [
        (recommend, ["--target", "a:1", "--model", "toy"], "expected --user, --history or both"),
        (recommend, ["--target", "a:1", "--model", "toy", "--history", ", ,"], "item ids separated by commas"),
        (recommend, ["--target", "a:1", "--model", "toy", "--user", "u", "--timeout", "-1"], "seconds above 0"),
        (explain, ["--user", "u", "--item", "i"], "expected either RUN_DIR or --target"),
        (explain, ["run", "--target", "a:1", "--user", "u", "--item", "i"], "expected either RUN_DIR or --target"),
        (explain, ["--target", "a:1", "--user", "u", "--item", "i"], "expected --model NAME"),
        (serve, ["--port", "99999"], "expected 0 to 65535, found 99999"),
        (serve, ["--file_system_poll_wait_seconds", "-1"], "expected seconds from 0"),
        (serve, ["--grpc-max-threads", "0"], "whole number from 1"),
        (serve, ["--model_base_path", "a", "--model-config-file", "b"], "not allowed with"),
    ],
)
def test_wrong_arguments_end_with_status_2(module, arguments, text, capsys):
    with pytest.raises(SystemExit) as ended:
        module.main(arguments)
    assert ended.value.code == 2
    assert text in capsys.readouterr().err


def test_serve_refuses_a_bad_config_and_an_absent_model_in_one_line(tmp_path, capsys):
    config = tmp_path / "models.config"
    config.write_text("model_config_list {\n  config { nme: 1 }\n}\n")
    assert run_main(serve.main, ["--model_config_file", str(config)]) == 2
    assert f"{config}:2: " in capsys.readouterr().err
    assert run_main(serve.main, ["--model_name", "toy"]) == 2
    assert capsys.readouterr().err == "error: --model-name toy: expected --model-base-path beside it\n"
    assert run_main(serve.main, ["--model-base-path", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err == (
        f"error: expected a folder of exported versions, found none at {tmp_path / 'none'}: "
        "train or export a model first\n"
    )


def test_serve_from_a_config_file_until_sigterm(exports, tmp_path):
    """The whole command in a process of its own, in the place where the repository's own config would be."""
    (tmp_path / "serving").mkdir()
    (tmp_path / "serving" / "models.config").write_text(
        'model_config_list { config { name: "toy" base_path: "/models/toy" model_platform: "tensorflow" } }'
    )
    shutil.copytree(exports / "1", tmp_path / "export" / "toy" / "1")
    process = subprocess.Popen(
        [sys.executable, "-m", "tfkgrec.serve", "--port=0", "--file_system_poll_wait_seconds=0.1"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        address = re.fullmatch(r"serving toy on (127\.0\.0\.1:\d+)\n", line).group(1)
        with Client(address, "toy", timeout=20) as client:
            assert client.recommend(["u1"], k=1).version == 1
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, out) == (0, "draining\n")
    assert "toy: version 1 available" in err and "2 warm-up requests" in err
    assert "Traceback" not in err and "oneDNN" not in err
