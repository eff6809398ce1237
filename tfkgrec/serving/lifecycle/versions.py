"""The versions of a model on disk: `<base_path>/<integer>/`, which of them to serve, and whether one has changed."""

from collections.abc import Collection
from pathlib import Path

from tfkgrec.serving.lifecycle.model_config import VersionPolicy

Fingerprint = frozenset[tuple[str, int, int]]


def find_versions(base_path: Path) -> dict[int, Path]:
    """The folders of `base_path` that are named by a number; `00000123` is version 123.

    Raises:
        OSError: the folder cannot be read.
    """
    numbered = (path for path in base_path.iterdir() if path.name.isascii() and path.name.isdigit())
    return {int(path.name): path for path in numbered if path.is_dir()}


def choose_versions(found: Collection[int], policy: VersionPolicy) -> list[int]:
    """The versions to serve, highest first: the latest (default), the latest N, all, or those listed."""
    newest_first = sorted(found, reverse=True)
    kind = policy.WhichOneof("policy_choice")
    if kind == "all":
        return newest_first
    if kind == "specific":
        return [version for version in newest_first if version in policy.specific.versions]
    return newest_first[: max(policy.latest.num_versions, 1)]


def fingerprint(path: Path) -> Fingerprint:
    """Names, sizes and times of the files under `path`: differs once somebody has changed them."""
    files = ((file, file.stat()) for file in sorted(path.rglob("*")) if file.is_file())
    return frozenset((str(file), stat.st_size, stat.st_mtime_ns) for file, stat in files)
