"""`tfkgrec report`: one page that needs no network, and draws what was measured."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import tfkgrec
from tfkgrec import report
from tfkgrec.cli import run_main
from tfkgrec.offline import svg
from tfkgrec.offline.report_slices import ASKED, Counts, cold_rows
from tfkgrec.offline.run_report import SHOWN

VOID = {"meta", "img"}


class Page(HTMLParser):
    """Refuses what is left open or closed twice, and whatever would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count: dict[str, int] = {}
        self.texts: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert "onclick" not in found and tag not in ("script", "link", "iframe")
        assert (found.get("href") or "#").startswith("#")
        assert (found.get("src") or "data:").startswith("data:image/png;base64,") or "src" not in found
        assert tag != "svg" or {"role", "aria-label"} <= found.keys()
        assert tag != "img" or found["alt"]
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.setdefault(self.open[-1] if self.open else "", []).append(data.strip())


@pytest.fixture(scope="module")
def html(planted_run: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    output = tmp_path_factory.mktemp("report") / "report.html"
    assert run_main(report.main, [str(planted_run), "--output", str(output)]) == 0
    return output.read_text(encoding="utf-8")


def test_it_is_one_whole_page_that_fetches_nothing(html: str) -> None:
    page = Page()
    page.feed(html)
    assert page.open == [] and html.startswith('<!doctype html>\n<html lang="en">')
    assert "http" not in html and "url(" not in html and 'name="viewport"' in html and "@media print" in html
    assert page.count["svg"] == page.count["figcaption"] == 7 and page.count["h3"] == page.count["img"] == SHOWN
    assert page.texts["h2"] == [
        *("Verdict", "Figures", "Data", "How training went", "Where it is good", "Who and what is little known"),
        *("What it reaches", "What it recommends", "Settings", "Made with"),
    ]


def test_it_tells_what_was_measured(html: str, planted_run: Path) -> None:
    metrics = json.loads((planted_run / "metrics.json").read_text())
    own, floor = metrics["test"]["auc"], metrics["floors"]["popularity"]["auc"]
    assert (
        own > floor and f"ahead of all baselines on test: AUC {own:.4f}, as against {floor:.4f} of popularity" in html
    )
    for value in (own, metrics["validation"]["acc"], floor):
        assert f"<td>{value:.4f}</td>" in html


def test_the_area_under_the_curve_that_is_drawn_is_the_auc(html: str, planted_run: Path) -> None:
    roc = html[html.index("<title>ROC</title>") :]
    points = re.search(r'<polyline points="([^"]+)"', roc)[1]
    x, y = np.array([[float(side) for side in point.split(",")] for point in points.split()]).T
    x = (x - svg.LEFT) / (svg.WIDTH - svg.RIGHT - svg.LEFT)
    y = (svg.HEIGHT - svg.BOTTOM - y) / (svg.HEIGHT - svg.BOTTOM - svg.TOP)
    auc = json.loads((planted_run / "metrics.json").read_text())["test"]["auc"]
    assert np.trapezoid(y, x) == pytest.approx(auc, abs=0.005)


def test_what_lists_reach_is_what_they_hold(html: str, planted_run: Path) -> None:
    """Of all users, who are fewer than are asked at most or as many as are."""
    model = tfkgrec.load(planted_run)
    users = [str(user) for user in model._answers().users()]
    assert len(users) > ASKED
    asked = [users[place] for place in np.unique(np.linspace(0, len(users) - 1, ASKED).astype(int))]
    lists, items = model.recommend(asked, 10), len(model._answers().items())
    held = lists["item"].nunique()
    assert f"The 10 best of {ASKED} users hold {held} of {items} items ({held / items:.0%} coverage)." in html


def test_cold_slices_are_judged_by_their_own_pairs() -> None:
    counts = Counts(np.array([0, 3, 9]), np.array([0, 8, 2, 9]))
    scores = {"user": [1, 1, 2, 2, 2], "item": [1, 2, 1, 2, 3], "label": [1, 0, 0, 1, 0], "score": [2, 1, 3, 0, 0]}
    metrics = {"test": {"cold": {"auc": 0.6, "users": 2.0, "attribute_knn": {"auc": 0.7}}}}
    head, rows = cold_rows({name: np.array(one) for name, one in scores.items()}, counts, metrics)
    assert head == ["slice", "pairs", "AUC"]
    # all: of 2 x 3 pairs of labels 2 > 1, 0; 0 = 0, so 2.5 / 6; user 1: 2 > 1; item 2: 0 < 1
    assert [row[1:] for row in rows[:3]] == [["5", "0.4167"], ["2", "1.0000"], ["2", "0.0000"]]
    assert [row[2] for row in rows[3:]] == ["0.6000", "0.7000"] and "attribute_knn" in rows[4][0]


@pytest.mark.parametrize(
    ("low", "high", "least", "ticks"),
    [(0, 1, 0, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0.589, 0.693, 0, [0.6, 0.625, 0.65, 0.675]), (1, 3, 1, [1, 2, 3])],
)
def test_ticks_are_round_and_inside(low: float, high: float, least: float, ticks: list[float]) -> None:
    assert svg.round_ticks(low, high, least) == pytest.approx(ticks)


def test_names_are_text() -> None:
    assert "<b>" not in svg.bars("<b>", {"<b>": 1.0}, "<b>") + svg.lines("<b>", {"<b>": ([1], [2])}, "<b>", "<b>")
