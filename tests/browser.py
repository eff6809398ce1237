"""Pages in headless Chromium (Debian's package `chromium`), each in frames as wide as a screen, looked at by a script.

A browser's own window is never narrower than 500 points; a frame in it is as narrow as a phone.
"""

import functools
import html
import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHECKS = Path(__file__).with_name("page_checks.js")
WRAPPER = "wrapper.html"
WRAPPED = """<!doctype html><link rel="icon" href="data:,"><pre id="told"></pre>{frames}<script>
{checks}
onload = () => {{
  let told;
  try {{ told = [...document.querySelectorAll("iframe")].map((frame) => wrongWith(frame.contentWindow)); }}
  catch (error) {{ told = error.stack; }}
  document.getElementById("told").textContent = JSON.stringify(told);
}}
</script>"""
LIGHT, DARK = 1, 0
"""Blink's numbers of colour schemes."""


def chromium() -> str:
    """The browser; the test is skipped where there is none."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("needs headless Chromium: apt-get install chromium")
    return found


class Served(http.server.SimpleHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Address of a server of the folder's files, and what it was asked for."""
    asked: list[str] = []
    handler = type("Handler", (Served,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def look(folder: Path, page: str, widths: tuple[int, ...], scheme: int) -> tuple[list[Any], list[str]]:
    """What `CHECKS` says of the page at every width, and what it asked its server for."""
    frames = [f'<iframe src="{page}" style="width:{width}px;height:900px;border:0"></iframe>' for width in widths]
    (folder / WRAPPER).write_text(WRAPPED.format(frames="".join(frames), checks=CHECKS.read_text()))
    with served(folder) as (address, asked):
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        options += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--window-size=1600,1000"]
        options += [f"--blink-settings=preferredColorScheme={scheme}", "--virtual-time-budget=10000", "--dump-dom"]
        command = [chromium(), *options, f"{address}/{WRAPPER}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.S)
    assert told is not None and told[1], done.stderr[-2000:]
    return json.loads(html.unescape(told[1])), [path for path in asked if WRAPPER not in path]
