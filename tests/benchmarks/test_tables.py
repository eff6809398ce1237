"""Rows of the quality benchmark become tables: one for every set of candidates, baselines and published rows beside."""

from dataclasses import replace

from tfkgrec.benchmarks.results import ResultRow
from tfkgrec.benchmarks.tables import as_text, tables

_TWO = (("tuned", 0.4), ("paper", 0.3))


def _row(model: str, variant: str, mean: dict, seeds: int = 3, dataset: str = "ml-1m", published=None) -> ResultRow:
    numbers = tuple(range(1, seeds + 1))
    std = dict.fromkeys(mean)
    return ResultRow(
        model, dataset, variant, "c.yaml", numbers, (None,) * seeds, published or {}, mean, std, test_by_seed={}
    )


def _cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if "---" not in line]


def test_lists_have_a_table_for_every_set_of_candidates():
    mean = {"test.sampled.map": 0.4, "test.sampled.users": 900.0, "test.full.map": 0.125}
    floor = {"floors.bpr.sampled.map": 0.2, "floors.bpr.full.map": 0.05, "floors.bpr.validation.full.map": 0.06}
    published = {"map": 0.356}
    rows = [_row("ksr", "tuned", mean | floor, published=published), _row("ksr", "gru++", mean, seeds=1)]
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
    assert everyone.lines[0][:3] == ("published RKAN", 0, ("0.3346",))
    assert cold.lines[0][:3] == ("published RKAN", 0, ("0.1644",))


def test_what_several_rows_share_stands_there_once():
    mean = {"test.auc": 0.9, "test.acc": 0.8, "floors.popularity.auc": 0.75, "floors.popularity.acc": 0.7}
    published = {"auc": 0.817, "acc": "none", "of": "DINK-ATT"}
    rows = [_row(model, "tuned-fresh", mean, published=published) for model in ("dink", "hkrm")]
    (table,) = tables(rows)
    assert [line.name for line in table.lines] == [
        "published DINK-ATT",
        "popularity",
        "DINK, tuned, fresh negatives",
        "HKRM, tuned, fresh negatives",
    ]
    assert table.lines[0].cells == ("0.817", "-")
    assert [line.is_default for line in table.lines] == [False, False, True, True]


def test_a_baseline_of_fewer_seeds_does_not_stand_for_one_of_more():
    figures = {"test.auc": 0.9, "floors.popularity.auc": 0.7}
    rows = [_row("dink", "a", {**figures, "floors.popularity.auc": 0.8}, seeds=1), _row("dink", "b", figures)]
    rows.append(_row("dink", "c", {"test.auc": 0.9}))  # measured none
    (line,) = [cells for cells in _cells(as_text(tables(rows))) if cells[0] == "popularity"]
    assert line[1:3] == ["3", "0.7000"]


def test_the_baseline_is_the_strongest_that_was_measured():
    measured = {"tuned-fixed": 0.85, "tuned-fresh": 0.87, "dink-k": 0.86}
    rows = [_row("dink", name, {"test.auc": 0.9, "floors.mf.auc": auc}) for name, auc in measured.items()]
    rows.append(_row("dink", "paper-fixed", {"test.auc": 0.9}))
    (table,) = tables(rows)
    assert table.lines[0][:3] == ("MF", 3, ("0.8700",))


def test_where_every_user_has_one_positive_map_stands_for_mrr():
    rows = [_row("ksr", name, {"test.full.map": x, "test.full.mrr": x, "test.full.hit@10": 0.5}) for name, x in _TWO]
    assert tables(rows)[0].columns == ("MAP", "Hit@10")
    rows[1] = replace(rows[1], mean={**rows[1].mean, "test.full.mrr": 0.31})
    assert tables(rows)[0].columns == ("MAP", "MRR", "Hit@10")


def test_one_dataset_split_in_two_ways_has_two_tables():
    """And the longest name of a dataset wins: ml-100k-rkge is one, ml-1m-session is ml-1m."""
    mean = {"test.full.mrr": 0.5, "test.full.users": 12.0}
    rows = [_row("ksr", "tuned", mean, dataset=name) for name in ("ml-1m", "ml-1m-session")]
    rows += [_row("rkan", "tuned", mean, dataset=name) for name in ("ml-100k", "ml-100k-rkge")]
    assert [table.title for table in tables(rows)] == [
        "MovieLens-1M, next item, all items ranked, 12 users",
        "MovieLens-1M, next session, all items ranked, 12 users",
        "MovieLens-100K, all items ranked, 12 users",
        "MovieLens-100K with IMDb, all items ranked, 12 users",
    ]
