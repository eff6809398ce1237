"""The console as it is found: letters that its encoding lacks, and output that nobody reads any more."""

import codecs
import contextlib
import io
import json
import os
import sys
import unicodedata

NOBODY_READS = 141
"""Exit status: what a shell says of a program that wrote into a closed pipe, 128 + SIGPIPE."""
MOVES = ("Cc", "Zl", "Zp")
"""Unicode's categories of controls, line separators and paragraph separators."""


def write_any_letter() -> None:
    """From now on a letter that the console's encoding lacks is written as its escape, such as `\\u6620`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def one_line(text: str) -> str:
    """`text` with its line breaks, and whatever else would move the cursor, as escapes such as `\\n`."""
    return "".join(ascii(letter)[1:-1] if unicodedata.category(letter) in MOVES else letter for letter in text)


def json_line(content: object) -> str:
    """`content` as JSON: in ASCII, whose escapes are JSON's own, where the console is not UTF-8."""
    encoding = codecs.lookup(sys.stdout.encoding or "ascii").name
    return json.dumps(content, ensure_ascii=encoding != "utf-8")


def drop_output() -> None:
    """Nobody reads stdout any more: what Python still holds for it, and would flush at its end, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(io.UnsupportedOperation):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
