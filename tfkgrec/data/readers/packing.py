"""Packed files, known by their first bytes or their name."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from tfkgrec.errors import InputError


def _unzip(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [one for one in archive.namelist() if not one.endswith("/") and not one.startswith("__MACOSX/")]
        if len(names) != 1:
            raise zipfile.BadZipFile
        return archive.read(names[0])


PACKED: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    ".gz": (b"\x1f\x8b", gzip.decompress),
    ".bz2": (b"BZh", bz2.decompress),
    ".xz": (b"\xfd7zXZ\x00", lzma.decompress),
    ".zip": (b"PK\x03\x04", _unzip),
}
"""Suffix -> first bytes of such a file, and what unpacks it; a zip holds one file."""


def read_bytes(path: Path) -> bytes:
    """The file's bytes, unpacked if its first bytes (or its name) say that it is packed.

    Raises:
        InputError: it is not there, cannot be read or is damaged.
    """
    try:
        content, named = path.read_bytes(), path.suffix.lower()
    except FileNotFoundError:
        raise InputError(f"{path}: expected this file, found none") from None
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, found: {error.strerror}") from None
    for suffix, (magic, unpack) in PACKED.items():
        if named == suffix or content.startswith(magic):
            try:
                return unpack(content)
            except (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile):
                kind = {".gz": "whole gzip file", ".zip": "zip of one file"}.get(suffix, f"whole {suffix[1:]} file")
                raise InputError(f"{path}: expected a {kind}, found a truncated or damaged one") from None
    return content


def without_packing(name: str) -> str:
    """The name in small letters, without the suffix of what packs the file: "Ratings.CSV.gz" is "ratings.csv"."""
    name = name.lower()
    for packing in PACKED:
        name = name.removesuffix(packing)
    return name
