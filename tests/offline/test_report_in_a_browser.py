"""The report in headless Chromium, as wide as a phone and as a desk's screen, light and dark."""

import shutil
from pathlib import Path

import pytest

from tests.browser import DARK, LIGHT, chromium, look
from tfkgrec import report
from tfkgrec.cli import run_main

PHONE, DESK = 360, 1280
BAD = """<!doctype html><html lang="en"><title>bad</title><body><h1>a</h1><h3>skipped</h3>
<p style="width:600px">wide</p><p style="color:#888;background:#999">grey</p><p style="font-size:7px">small</p>
<img src="/x.png"><svg viewBox="0 0 10 10"><rect width="9" height="9" fill="#ddd"/></svg>
<table><tr><td>cell</td></tr></table></body></html>"""


def test_nothing_is_wrong_with_it_for_people(planted_run: Path, tmp_path: Path) -> None:
    """No request, no wider than the screen, one order of headings, words for pictures, contrast, letters to read."""
    pytest.importorskip("matplotlib")
    chromium()
    assert run_main(report.main, [str(planted_run), "--output", str(tmp_path / "report.html")]) == 0
    for scheme, light in ((LIGHT, True), (DARK, False)):
        found, asked = look(tmp_path, "report.html", (PHONE, DESK), scheme)
        assert [one["wrong"] for one in found] == [[], []]
        assert [one["width"] for one in found] == [PHONE, DESK] and set(asked) == {"/report.html"}
        assert all((min(one["paper"]) > 127) == light for one in found)
        assert all(one["texts"] > 200 and one["drawn"] > 15 for one in found)


def test_the_look_sees_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(BAD)
    shutil.copy(Path(__file__), tmp_path / "x.png")  # no picture
    (found,), asked = look(tmp_path, "bad.html", (PHONE,), LIGHT)
    for word in ("wider", "fetches", "h1 then h3", "without alt", "broken", "without a label", "without head"):
        assert any(word in one for one in found["wrong"]), word
    assert {"contrast 1.2 < 4.5 of grey", "contrast 1.4 < 3 of a rect"} <= set(found["wrong"]) and "/x.png" in asked
    assert any("letters of 7.0" in one for one in found["wrong"])
