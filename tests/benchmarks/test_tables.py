"""Rows of the quality benchmark become tables: one for every set of candidates, with floors and what is published."""

import pytest

from tfkgrec.benchmarks.tables import as_markdown, as_text, tables

_TWO = (("tuned", 0.4), ("paper", 0.3))


def _row(model: str, variant: str, mean: dict, std: dict | None = None, seeds: int = 3, **more) -> dict:
    known = {"dataset": "ml-1m", "published": {}, "std": std or {}, "seeds": list(range(1, seeds + 1))}
    return {**known, "model": model, "variant": variant, "mean": mean, **more}


def _cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if "---" not in line]


def test_lists_have_a_table_for_every_set_of_candidates():
    mean = {"test.sampled.map": 0.4, "test.sampled.users": 900.0, "test.full.map": 0.125}
    floor = {"floors.bpr.sampled.map": 0.2, "floors.bpr.full.map": 0.05, "floors.bpr.validation.full.map": 0.06}
    published = {"map": 0.356}
    rows = [_row("ksr", "tuned", mean | floor, published=published), _row("ksr", "tuned, gru++", mean, seeds=1)]
    sampled, full = (_cells(block) for block in as_text(tables(rows)).split("\n\n"))
    assert sampled[0][-4:] == ["900", "users", "seeds", "MAP"]
    assert sampled[1:] == [
        ["published", "KSR", "0.356"],
        ["BPR-MF", "3", "0.2000"],
        ["KSR,", "tuned", "3", "0.4000"],
        ["KSR,", "tuned,", "gru++", "1", "0.4000"],
    ]
    assert [cells[-1] for cells in full] == ["MAP", "0.0500", "0.1250", "0.1250"]  # the paper ranked no catalogue


def test_models_of_different_protocols_have_tables_of_their_own():
    mean = {"test.full.mrr": 0.5}
    assert len(tables([_row("ksr", "tuned", mean), _row("rkan", "tuned", mean)])) == 2
    assert len(tables([_row("dink", "tuned", {"test.auc": 0.5}), _row("hkrm", "tuned", {"test.auc": 0.5})])) == 1


def test_the_papers_cold_users_stand_beside_our_cold_users():
    mean = {"test.full.mrr": 0.4, "test.full_cold.mrr": 0.2}
    everyone, cold = tables([_row("rkan", "tuned", mean, published={"mrr": 0.3346, "cold_mrr": 0.1644})])
    assert everyone.lines[0] == ("published RKAN", 0, ("0.3346",))
    assert cold.lines[0] == ("published RKAN", 0, ("0.1644",))


def test_what_several_rows_share_stands_there_once():
    mean = {"test.auc": 0.9, "test.acc": 0.8, "floors.popularity.auc": 0.75, "floors.popularity.acc": 0.7}
    published = {"auc": 0.817, "acc": "none", "of": "DINK-ATT"}
    rows = [_row(model, "tuned, fresh negatives", mean, published=published) for model in ("dink", "hkrm")]
    (table,) = tables(rows)
    assert [name for name, _, _ in table.lines] == [
        "published DINK-ATT",
        "popularity",
        "DINK, tuned, fresh negatives",
        "HKRM, tuned, fresh negatives",
    ]
    assert table.lines[0][2] == ("0.817", "-")


def test_the_floor_is_the_strongest_that_was_measured():
    rows = [_row("dink", str(auc), {"test.auc": 0.9, "floors.mf.auc": auc}) for auc in (0.85, 0.87, 0.86)]
    rows.append(_row("dink", "without floors", {"test.auc": 0.9}))
    (table,) = tables(rows)
    assert table.lines[0] == ("MF", 3, ("0.8700",))


def test_where_every_user_has_one_positive_map_stands_for_mrr():
    rows = [_row("ksr", name, {"test.full.map": x, "test.full.mrr": x, "test.full.hit@10": 0.5}) for name, x in _TWO]
    assert tables(rows)[0].columns == ("MAP", "Hit@10")
    rows[1]["mean"]["test.full.mrr"] += 0.01
    assert tables(rows)[0].columns == ("MAP", "MRR", "Hit@10")


def test_markdown_drops_zeros_marks_the_default_settings_and_says_where_seeds_are_few():
    figures, std = {"test.auc": 0.91234, "test.acc": 0.5}, {"test.auc": 0.00126, "test.acc": None}
    rows = [
        _row("ekpnet", "tuned, fresh negatives", figures, std),
        _row("ekpnet", "tuned, ekp_no", figures, seeds=1),
        _row("ekpnet", "paper, fixed negatives", {"test.auc": 0.8}, seeds=2),
    ]
    assert as_markdown(tables(rows)).splitlines() == [
        "| **MovieLens-1M** | AUC | ACC |",
        "|---|---|---|",
        "| **EKPNet, tuned, fresh negatives** | .9123 ± .0013 | .5000 |",
        "| EKPNet, tuned, ekp_no (1 seed) | .9123 | .5000 |",
        "| EKPNet, paper, fixed negatives (2 seeds) | .8000 |  |",
    ]


@pytest.mark.parametrize("value", (1.0, 0.0))
def test_a_whole_figure_keeps_its_meaning(value):
    text = as_markdown(tables([_row("dink", "tuned, fresh negatives", {"test.auc": value})]))
    assert float(text.splitlines()[-1].split("|")[2]) == value
