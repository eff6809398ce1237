"""One planted run, asked in three ways: the Keras model in memory, its SavedModel in a session, a server over gRPC."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.planted import serving
from tfkgrec import evaluate, explain
from tfkgrec.cli import run_main
from tfkgrec.client import Client
from tfkgrec.config import load_config
from tfkgrec.datasets.synthetic.world import draw_world
from tfkgrec.evaluation.ctr import auc
from tfkgrec.runs.run import load_run, prepare
from tfkgrec.runtime.servable import Servable
from tfkgrec.savedmodel.in_process import run_signatures

TOLERANCE = 1e-5
UNKNOWN = "nobody"


@pytest.fixture(scope="module")
def signatures(planted_run: Path):
    return run_signatures(planted_run).signatures


@pytest.fixture(scope="module")
def servable(planted_export: Path):
    loaded = Servable("dink", 1, planted_export / "dink/1")
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def server(planted_export: Path):
    with serving(planted_export / "dink") as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    with Client(server.address, "dink", timeout=60) as open_client:
        yield open_client


@pytest.fixture(scope="module")
def prepared(planted_run: Path):
    """The dataset and its split, made again from the run's config."""
    return prepare(load_config(planted_run / "config.yaml"))


@pytest.fixture(scope="module")
def users(prepared) -> list[str]:
    """Three users with long, middling and short histories."""
    order = np.argsort(prepared.splits.train_history.lengths, kind="stable")
    with_history = order[prepared.splits.train_history.lengths[order] > 0]
    picked = with_history[[-1, len(with_history) // 2, 0]]
    assert prepared.splits.train_history.lengths[picked[0]] > 6 > prepared.splits.train_history.lengths[picked[2]]
    return list(prepared.dataset.users.decode(picked))


def _pairs(users, items):
    return {"user_id": users, "item_id": items}


def _padded(*histories):
    longest = max(map(len, histories))
    return {"history": [[*history, *[""] * (longest - len(history))] for history in histories]}


# --- the same answer three times -------------------------------------------------------------------------------------

FILMS = [f"film-{n}" for n in range(1, 11)]
REQUESTS = {
    "score, one": ("serving_default", lambda u: _pairs(u[:1], FILMS[:1])),
    "score, three": ("serving_default", lambda u: _pairs(u, FILMS[:3])),
    "score, unknown": ("serving_default", lambda u: _pairs([UNKNOWN, u[0], UNKNOWN], ["film-1", "film-0", "film-0"])),
    "recommend, one": ("recommend", lambda u: {"user_id": u[:1]}),
    "recommend, three": ("recommend", lambda u: {"user_id": u}),
    "recommend, unknown": ("recommend", lambda u: {"user_id": [UNKNOWN, u[1]]}),
    "history shorter than T": ("recommend_for_history", lambda u: _padded(FILMS[:2])),
    "history longer than T": ("recommend_for_history", lambda u: _padded(FILMS, FILMS[:6], FILMS[3:4])),
    "history empty": ("recommend_for_history", lambda u: _padded([], FILMS[:1])),
    "history unknown": ("recommend_for_history", lambda u: _padded(["film-0", "film-x"])),
    "rank": ("rank", lambda u: {"user_id": [*u, UNKNOWN], "candidates": [FILMS[:3], ["film-x", "film-9", ""]] * 2}),
    "conditions": (
        "recommend_filtered",
        lambda u: {"user_id": u[:2], "exclude": [FILMS[:2], ["film-9", ""]], "only": [["", ""], ["film-x", "film-9"]]},
    ),
    "no conditions": ("recommend_filtered", lambda u: {"user_id": u, "exclude": [[""]] * 3, "only": [[""]] * 3}),
    "conditions for a history": (
        "recommend_filtered_for_history",
        lambda u: {**_padded(FILMS[:2], []), "exclude": [FILMS[2:4], ["", ""]], "only": [[""], ["film-8"]]},
    ),
    "similar": ("similar", lambda u: {"item_id": [FILMS[0], "film-x"]}),
    "explain, one": ("explain", lambda u: _pairs(u[:1], FILMS[:1])),
    "explain, three": ("explain", lambda u: _pairs(u, FILMS[:3])),
    "explain, unknown": ("explain", lambda u: _pairs([UNKNOWN, u[0]], ["film-1", "film-0"])),
}


@pytest.mark.parametrize("request_name", REQUESTS)
def test_keras_savedmodel_and_server_agree(signatures, servable, client, users, request_name):
    signature, make = REQUESTS[request_name]
    inputs = make(users)
    function = getattr(signatures, "score" if signature == "serving_default" else signature)
    in_memory = {name: value.numpy() for name, value in function(**_tensors(inputs)).items()}
    encoded = {name: np.char.encode(np.array(value, str)).astype(object) for name, value in inputs.items()}
    in_session = servable.run(signature, encoded, list(in_memory))
    replied = client.predict(signature, inputs)
    assert replied.keys() == in_memory.keys()
    rows = len(next(iter(inputs.values())))
    for name, value in in_memory.items():
        assert len(value) == rows
        if value.dtype.kind == "f":
            np.testing.assert_allclose(in_session[name], value, atol=TOLERANCE)
            np.testing.assert_allclose(replied[name], value, atol=TOLERANCE)
        else:
            np.testing.assert_array_equal(in_session[name], value)
            np.testing.assert_array_equal(replied[name], _text(value))


def _tensors(inputs):
    return {name: tf.constant(np.array(value, str).astype(object)) for name, value in inputs.items()}


def _text(array):
    return np.char.decode(array.astype(np.bytes_)).astype(object) if array.dtype.kind in "OS" else array


# --- scores ----------------------------------------------------------------------------------------------------------


def test_the_server_gives_the_probabilities_and_the_auc_of_the_evaluation(client, prepared, planted_run):
    test, dataset = prepared.splits.test, prepared.dataset
    scores = client.score(dataset.users.decode(test.user), dataset.items.decode(test.item))
    _, _, model = load_run(planted_run)
    np.testing.assert_allclose(scores, prepared.protocol.scorer(model).score(test.user, test.item), atol=TOLERANCE)
    wanted = json.loads((planted_run / "metrics.json").read_text())["test"]["auc"]
    # Probabilities leave in float32, so a few pairs near 1 may tie.
    assert auc(test.label, scores) == pytest.approx(wanted, abs=1e-4)


def test_unknown_ids_are_answered_and_flagged(client, users):
    found = client.predict("serving_default", _pairs([UNKNOWN, users[0], UNKNOWN], ["film-1", "film-0", ""]))
    assert found["known_user"].tolist() == [False, True, False]
    assert found["known_item"].tolist() == [True, False, False]
    assert np.all((found["probability"] > 0) & (found["probability"] < 1))
    assert client.recommend([UNKNOWN, users[0]]).known.tolist() == [False, True]
    why = client.explain([UNKNOWN, users[0]], ["film-1", "film-0"])
    assert (why["known_user"].tolist(), why["known_item"].tolist()) == ([False, True], [True, False])
    assert why["item_name"].tolist() == ["film 1", ""]


# --- rankings --------------------------------------------------------------------------------------------------------


def _brute_force(scores: np.ndarray, taken: set[int], k: int) -> tuple[list[int], np.ndarray]:
    """The k best inner items by scores [items] (item 1 first) that are not taken, and their scores."""
    order = [i for i in np.argsort(-scores, kind="stable") + 1 if i not in taken][:k]
    return order, scores[np.array(order) - 1]


def test_recommend_is_the_brute_force_ranking_without_what_the_user_has_taken(client, prepared, users):
    dataset = prepared.dataset
    catalogue = list(dataset.items.raw[1:])
    answer = client.recommend(users, k=100)
    assert answer.item_id.shape == (3, 20)  # export.k_max
    for row, user in enumerate(users):
        u = int(dataset.users.encode([user])[0])
        taken = set(dataset.seen_items.of(u).tolist())
        scores = client.score([user] * len(catalogue), catalogue)
        items, best = _brute_force(scores, taken, 20)
        np.testing.assert_allclose(answer.score[row], best, atol=TOLERANCE)
        assert np.all(np.diff(answer.score[row]) <= 0)
        assert answer.item_id[row].tolist() == list(dataset.items.decode(np.array(items)))
        assert answer.item_name[row].tolist() == [raw.replace("-", " ") for raw in answer.item_id[row]]
        assert not taken & set(dataset.items.encode(answer.item_id[row]).tolist())


def test_recommend_for_history_is_the_brute_force_ranking_of_the_newest_known_items(client, prepared, planted_run):
    dataset = prepared.dataset
    config, _, model = load_run(planted_run)
    length = config.model.history_length
    histories = [FILMS, ["film-5", "never heard of", "film-9"], ["film-3", "", "film-4", "film-0", "film-8"]]
    answer = client.recommend_for_history(histories, k=20)
    assert answer.known.tolist() == [10, 2, 3]
    everything = np.arange(1, dataset.items.size, dtype=np.int32)
    for row, history in enumerate(histories):
        known = [int(i) for i in dataset.items.encode(history) if i]
        newest = np.array([0] * length + known, np.int32)[-length:]
        logits = model({"user": np.zeros(1, np.int32), "history": newest[None], "item": everything[None]})
        scores = model.probability(logits).numpy()[0]
        items, best = _brute_force(scores, set(known), 20)
        np.testing.assert_allclose(answer.score[row], best, atol=TOLERANCE)
        assert answer.item_id[row].tolist() == list(dataset.items.decode(np.array(items)))


def test_without_a_known_item_a_history_gets_what_a_stranger_gets(client, prepared):
    stranger = client.recommend([UNKNOWN], k=20)
    for history in ([], [""], ["film-0"], ["film-0", "nothing"]):
        answer = client.recommend_for_history([history], k=20)
        assert answer.known.tolist() == [0]
        assert answer.item_id.tolist() == stranger.item_id.tolist()
    # And that is what is popular: the twenty have far more training positives than an item has on average.
    popularity = prepared.splits.popularity
    assert popularity[prepared.dataset.items.encode(stranger.item_id[0])].mean() > 1.5 * popularity[1:].mean()


def test_a_stranger_with_a_taste_gets_items_of_that_taste(client, planted_run):
    synthetic = load_config(planted_run / "config.yaml").data.source.synthetic
    raw, _ = draw_world(synthetic.users, synthetic.items, synthetic.positives_per_user, seed=0)
    genres = raw.triples[raw.triples["relation"] == "has_genre"].groupby("tail")["head"].agg(list)
    shares, chances = [], []
    for films in genres:
        history, rest = films[:5], set(films[5:])
        answer = client.recommend_for_history([history], k=10)
        assert not set(history) & set(answer.item_id[0])
        shares.append(np.mean([item in rest for item in answer.item_id[0]]))
        chances.append(len(rest) / (len(raw.item_links) - len(history)))
    assert np.mean(shares) > 2 * np.mean(chances)
    assert sum(share > chance for share, chance in zip(shares, chances, strict=True)) >= 8  # of 10 genres


# --- explanations ----------------------------------------------------------------------------------------------------


def test_an_explanation_says_what_the_graph_says(client, prepared, users, planted_run):
    """Attention is a distribution over the user's own items, and every named neighbour is a triple of the graph."""
    synthetic = load_config(planted_run / "config.yaml").data.source.synthetic
    raw, _ = draw_world(synthetic.users, synthetic.items, synthetic.positives_per_user, seed=0)
    named = {
        (head, raw.relation_names[relation], raw.entity_names[tail])
        for head, relation, tail in raw.triples.itertuples(index=False)
    }
    items = ["film-1", "film-2", "film-3"]
    why = client.explain(users, items)
    facts = 0
    for row, user in enumerate(users):
        inner = int(prepared.dataset.users.encode([user])[0])
        offsets = prepared.splits.train_history.offsets
        own = prepared.dataset.items.decode(prepared.splits.train_history.items[offsets[inner] : offsets[inner + 1]])
        shown = [item for item in why["history_item"][row] if item]
        assert len(shown) == min(6, len(own)) and shown == [item for item in own if item in shown]  # T, oldest first
        weights = why["attention"][row]
        assert weights.sum() == pytest.approx(1 if set(shown) - {items[row]} else 0, abs=1e-5)
        for item, weight in zip(why["history_item"][row], weights, strict=True):
            assert weight > 0 if item and item != items[row] else weight == 0  # never from the item itself
        for step, item in enumerate(why["history_item"][row]):
            for relation, entity, weight in zip(
                *(why[f"neighbour_{part}"][row, step] for part in ("relation", "entity", "weight")), strict=True
            ):
                assert (weight > 0) == bool(entity)
                if entity:
                    assert (item, relation, entity) in named
                    facts += 1
    assert facts > 10


def test_explain_prints_the_same_from_the_run_and_from_the_server(server, planted_run, users, capsys):
    wanted = ["--user", users[0], "--item", "film-1"]
    for extra in ([], ["--json", "--needed", "--method", "shapley", "--seed", "3"]):
        assert run_main(explain.main, [str(planted_run), *wanted, *extra]) == 0
        from_run = capsys.readouterr().out
        assert run_main(explain.main, ["--target", server.address, "--model", "dink", *wanted, *extra]) == 0
        from_server = capsys.readouterr().out
        if extra:
            from_run, from_server = json.loads(from_run), json.loads(from_server)
            assert from_run.keys() == from_server.keys()
            for name, value in from_run.items():
                if np.asarray(value).dtype.kind == "f":
                    np.testing.assert_allclose(from_server[name], value, atol=TOLERANCE)
                else:
                    assert from_server[name] == value
        else:
            assert from_run == from_server
            assert from_run.startswith("film 1 (probability 0.")


def test_the_methods_of_explain_differ_in_contributions_alone(planted_run, users, capsys):
    def told(*arguments):
        asked = [str(planted_run), "--user", users[0], "--item", "film-2", "--json", *arguments]
        assert run_main(explain.main, asked) == 0
        return json.loads(capsys.readouterr().out)

    exact, weights = told(), told("--method", "weights")
    sampled = told("--method", "shapley", "--seed", "3", "--needed")
    assert sum(sampled["contribution"]) == pytest.approx(exact["history_contribution"], abs=1e-4)
    assert sampled["contribution"] != exact["contribution"] and min(sampled["contribution_error"]) >= 0
    assert exact.keys() - weights.keys() >= {"contribution", "fact_entity", "history_contribution"}
    assert all(exact[name] == sampled[name] == value for name, value in weights.items())
    assert sampled["rank"] >= 1 and set(sampled["needed_item"]) <= set(exact["history_item"]) | {""}


def test_contributions_hold_in_a_planted_world(planted_run, tmp_path, capsys):
    run = shutil.copytree(planted_run, tmp_path / "run")
    assert run_main(evaluate.main, [str(run), "--explanations", "--pairs", "300"]) == 0
    told, measured = capsys.readouterr().out, json.loads((run / "explanations.json").read_text())
    assert "without top 1" in told and "weights" in told and measured["pairs"] == 300
    falls = {name: figures["deletion_1"] for name, figures in measured["orders"].items()}
    for other in ("weights", "random", "lowest"):
        apart = falls["contributions"]["mean"] - falls[other]["mean"]
        assert apart > 5 * (falls["contributions"]["error"] + falls[other]["error"])
    assert len((run / "test_reads.csv").read_text().splitlines()) == 3  # the books know
    for what in ("facts", "items"):  # the tastes that were planted
        found = measured["pointing"][what]
        assert found["contributions"]["mean"] > max(0.7, found["chance"]["mean"] + 3 * found["contributions"]["error"])
