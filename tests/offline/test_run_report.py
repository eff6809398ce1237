"""`tfkgrec report`: one page that needs no network, and draws what was measured."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tfkgrec import report
from tfkgrec.cli import run_main
from tfkgrec.offline import svg
from tfkgrec.offline.run_report import SHOWN

VOID = {"meta"}


class Page(HTMLParser):
    """Refuses what is left open or closed twice, and whatever would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count: dict[str, int] = {}
        self.texts: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        assert not names & {"src", "href", "onclick"} and tag not in ("script", "link", "img", "iframe")
        assert tag != "svg" or {"role", "aria-label"} <= names
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
    assert page.count["svg"] == page.count["figcaption"] == 6 and page.count["pre"] == SHOWN
    assert page.texts["h2"] == [
        *("Verdict", "Figures", "Data", "How training went", "Where it is good", "What it recommends"),
        *("Settings", "Made with"),
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


def test_names_are_text() -> None:
    assert "<b>" not in svg.bars("<b>", {"<b>": 1.0}, "<b>") + svg.lines("<b>", {"<b>": ([1], [2])}, "<b>", "<b>")
