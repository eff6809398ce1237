"""Tables for a terminal."""

from tfkgrec.evaluation.text_table import text_table


def test_names_left_figures_right_and_cells_as_they_are():
    table = text_table(["model", "dataset", "AUC"], [["dink", "ml-1m", "0.80"], ["  mf", "x", "-"]], names=2)
    assert table.splitlines() == [
        "model    dataset      AUC",
        "-------  ---------  -----",
        "dink     ml-1m       0.80",
        "  mf     x              -",
    ]
