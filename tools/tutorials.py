"""Run the pages of docs/tutorials/ as their readers would, one after another in one folder.

python tools/tutorials.py            # all of them: what `make tutorials` does
python tools/tutorials.py serving    # docs/tutorials/serving.md, and the page that all go on from
python tools/tutorials.py --write    # and put what was printed into the pages

A page is Markdown. A line with a file's name in backquotes and a colon, then a block: the file is written. A block of
`python`: run, the page's blocks below each other. One of `sh`: run by the shell, but for `tfkgrec ...`, which is run in
this process (its imports cost more than all the rest), and `tfkgrec serve ... &`, which runs until the page ends. A
block of `text` is what the block above it printed: every line of it, but for numbers and "...", has to be there.
"""

import argparse
import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfkgrec.cli import main as tfkgrec
from tfkgrec.cli import run_main
from tfkgrec.errors import InputError
from tfkgrec.files import write_text

PAGES = Path(__file__).parent.parent / "docs/tutorials"
FIRST = "own-data"  # the page whose folder the others go on in
LIMIT = 90  # seconds for a page
BLOCK = re.compile(r"(?:^`(?P<file>[\w./-]+)`:\n\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S)


class Failed(Exception):
    """A block did not do what its page says."""


@dataclass
class Page:
    """One page while it runs; what its blocks share."""

    path: Path
    names: dict[str, Any]
    servers: list[subprocess.Popen[str]]

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def run(self) -> str:
        """Run every block; the page with what they printed in its blocks of text."""
        printed = ""

        def done(block: re.Match[str]) -> str:
            nonlocal printed
            line = self.text.count("\n", 0, block.start()) + 1
            try:
                if block["file"]:
                    write_text(Path(block["file"]), block["text"])
                elif block["kind"] == "text":
                    _check(block["text"], printed)
                    return f"```text\n{_as_shown(block['text'], printed)}```"
                elif block["kind"] in ("python", "sh"):
                    printed = self._run(block["kind"], block["text"], line)
            except (Exception, SystemExit) as error:
                told = "" if isinstance(error, Failed) else traceback.format_exc(limit=-3)
                raise Failed(f"{self.path}:{line}: {error}\n{told}{printed}") from None
            return block[0]

        return BLOCK.sub(done, self.text)

    def _run(self, kind: str, text: str, line: int) -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            if kind == "python":
                exec(compile("\n" * line + text, str(self.path), "exec"), self.names)  # with the page's own lines
            else:
                for command in text.replace("\\\n", " ").splitlines():
                    out.write(self._shell(command))
        return out.getvalue()

    def _shell(self, command: str) -> str:
        words = shlex.split(command, comments=True)
        if not words:
            return ""
        if words[0] == "tfkgrec" and words[-1] == "&":
            return self._serve(words[1:-1])
        if words[0] == "tfkgrec":
            status = run_main(tfkgrec, words[1:])
            if status:
                raise Failed(f"`{command}` ended with {status}")
            return ""
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"`{command}` ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def _serve(self, arguments: list[str]) -> str:
        """Start a server, and wait until it says that it serves."""
        command = [sys.executable, "-m", "tfkgrec", *arguments]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.servers.append(server)
        said = server.stdout.readline() if server.stdout else ""
        if not said.startswith("serving"):
            raise Failed(f"`{' '.join(arguments)}` does not serve")
        return said


def _check(wanted: str, printed: str) -> None:
    """Every line of a block of text was printed, but for its numbers."""
    there = {_masked(line) for line in printed.splitlines()}
    for line in wanted.splitlines():
        if line.strip() not in ("", "...") and _masked(line) not in there:
            raise Failed(f"expected the line {line!r}, found:\n")


def _masked(line: str) -> str:
    return re.sub(r"[\s-]+", " ", re.sub(r"[+-]?\d[\d.,]*|[+-]?\.\d+", "0", line)).strip()


def _as_shown(wanted: str, printed: str) -> str:
    """The same lines, as they were printed now."""
    now: dict[str, list[str]] = {}
    for line in printed.splitlines():
        now.setdefault(_masked(line), []).append(line.rstrip())
    shown = [(now.get(_masked(line)) or [line]) for line in wanted.splitlines()]
    return "".join(f"{lines.pop(0) if len(lines) > 1 else lines[0]}\n" for lines in shown)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """As in a shell of one's own in this folder: nothing that a page registers is there afterwards."""
    before, path = Path.cwd(), list(sys.path)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path


def run(path: Path, folder: Path) -> str:
    """Run one page in `folder`; its text with what was printed."""
    page = Page(path, {"__name__": "__main__"}, [])
    with _inside(folder):
        try:
            return page.run()
        finally:
            for server in page.servers:
                server.terminate()
                server.wait(timeout=60)
                if server.stdout:
                    server.stdout.close()


def chosen(names: Sequence[str]) -> list[Path]:
    """The pages of these names in the order of the site, the first page before the others; all without names."""
    every = re.findall(r"\]\(([\w-]+)\.md\)", (PAGES / "index.md").read_text(encoding="utf-8"))
    unknown = set(names) - set(every)
    if unknown:
        raise InputError(f"tools/tutorials.py: expected some of {', '.join(every)}, found {', '.join(sorted(unknown))}")
    return [PAGES / f"{name}.md" for name in every if not names or name in (*names, FIRST)]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the pages; 1 where one of them does not do what it says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pages", nargs="*", metavar="NAME", help="of docs/tutorials; default: all")
    parser.add_argument("--write", action="store_true", help="put what was printed into the pages")
    options = parser.parse_args(argv)
    os.environ["PYTHONPATH"] = f"{PAGES.parent.parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # whose python and pip
    with tempfile.TemporaryDirectory() as folder:
        for path in chosen(options.pages):
            started = time.perf_counter()
            try:
                text = run(path, Path(folder))
            except Failed as error:
                print(error)
                return 1
            seconds = time.perf_counter() - started
            print(f"{path.name}: {seconds:.0f} s{', more than it should take' if seconds > LIMIT else ''}", flush=True)
            if options.write:
                write_text(path, text)
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
