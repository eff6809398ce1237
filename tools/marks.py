"""Parts of our pages that a tool writes, each between two marks of its name."""

from collections.abc import Mapping
from pathlib import Path

from tfkgrec.errors import InputError
from tfkgrec.files import write_text


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


def write(pages: Mapping[Path, Mapping[str, str]], tool: str) -> None:
    """Fill all pages, or none where one of them lacks its marks."""
    texts = {page: fill(page, parts, tool) for page, parts in pages.items()}
    for page, text in texts.items():
        write_text(page, text)
