"""Parts of our pages that a tool writes, each between two marks of its name."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tfkgrec.errors import InputError
from tfkgrec.files import write_text

ROOT = Path(__file__).parent.parent


def marks(name: str, tool: str) -> tuple[str, str]:
    """The line above the part and the one below it."""
    return f"<!-- {name}, written by tools/{tool}.py -->", f"<!-- end of {name} -->"


def fill(page: Path, parts: Mapping[str, str], tool: str) -> str:
    """The page's text with `parts` (name -> text) between their marks.

    Raises:
        InputError: no page, or one without the marks.
    """
    if not page.exists():
        raise InputError(f"{page}: expected a page to write into, found nothing")
    text = page.read_text(encoding="utf-8")
    for name, part in parts.items():
        begin, end = marks(name, tool)
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise InputError(f"{page}: expected the lines '{begin}' and '{end}', found {'one' if found else 'none'}")
        text = f"{before}{begin}\n\n{part}\n\n{end}{after}"
    return text


def main(
    argv: Sequence[str] | None, what: str, pages: Callable[[Path], Mapping[Path, Mapping[str, str]]], tool: str
) -> int:
    """The whole of a tool that writes `what` it can work out by itself."""
    parser = argparse.ArgumentParser(description=f"Write {what}.")
    parser.add_argument("--root", type=Path, default=ROOT, metavar="DIR", help="default: this repository")
    found = pages(parser.parse_args(argv).root)
    write(found, tool)
    print(f"{sum(map(len, found.values()))} parts in {', '.join(map(str, found))}")
    return 0


def write(pages: Mapping[Path, Mapping[str, str]], tool: str) -> None:
    """Fill all pages, or none where one of them lacks its marks."""
    texts = {page: fill(page, parts, tool) for page, parts in pages.items()}
    for page, text in texts.items():
        write_text(page, text)
