"""The card beside an exported version."""

import json

from tests.golden.record import RUNS
from tfkgrec.savedmodel.model_card import Card, RunFacts, as_markdown, run_facts
from tfkgrec.serving.lifecycle.versions import find_versions
from tfkgrec.training.run_directory import RunDirectory


def test_the_card_tells_data_metrics_floors_seed_versions_and_signatures(exported_anew):
    folder = exported_anew("hkrm").parents[1] / "cards/hkrm/1"
    run = RUNS / "hkrm"
    assert sorted(path.name for path in folder.iterdir()) == ["model_card.json", "model_card.md"]
    card = json.loads((folder / "model_card.json").read_text())
    metrics = json.loads((run / "metrics.json").read_text())
    environment = json.loads((run / "environment.json").read_text())
    assert (card["model"], card["version"], card["seed"]) == ("hkrm", 1, metrics["seed"])
    assert card["metrics"] == {"validation": metrics["validation"], "test": metrics["test"]}
    assert card["floors"] == metrics["floors"] and card["data"] == metrics["data"]
    assert card["versions"]["tensorflow"] == environment["versions"]["tensorflow"]
    assert card["signatures"]["classify"] == {
        "method": "tensorflow/serving/classify",
        "inputs": {"inputs": "string [?]"},
        "outputs": {"classes": "string [?, 2]", "scores": "float32 [?, 2]"},
    }
    text = (folder / "model_card.md").read_text()
    facts = run_facts(RunDirectory(run))
    made = Card("hkrm", 1, card["exported"], facts, card["signatures"])
    assert text == as_markdown(made) and card == made.to_dict()
    assert f"| hkrm (test) | {metrics['test']['auc']:.4f} |" in text
    assert f"| floor: popularity | {metrics['floors']['popularity']['auc']:.4f} |" in text


def test_the_folder_that_servers_scan_holds_versions_only(exported_anew):
    folder = exported_anew("hkrm").parent
    assert [path.name for path in folder.iterdir()] == ["1"]
    assert find_versions(folder).keys() == {1}


def test_a_table_of_candidate_sets_names_the_set():
    facts = RunFacts(
        dataset="d",
        protocol="sequential",
        seed=0,
        data={},
        metrics={"test": {"full": {"mrr": 0.25}, "sampled": {"mrr": 0.5}}},
        floors={"popularity": {"full": {"mrr": 0.125}, "sampled": {"mrr": 0.25}, "validation": {"mrr": 1.0}}},
        versions={},
        git_commit=None,
        run="r",
    )
    text = as_markdown(Card("ksr", 1, "now", facts, {}))
    assert "|  | full mrr | sampled mrr |" in text
    assert "| ksr (test) | 0.2500 | 0.5000 |" in text
    assert "| floor: popularity | 0.1250 | 0.2500 |" in text
    assert "commit unknown" in text
