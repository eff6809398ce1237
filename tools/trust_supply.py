"""Write docs/supply-chain.md's table: what each dependency is for and its licence, from setup.py and what is installed.

python tools/trust.py supply
"""

import re
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import marks
from tfkgrec.cli import run_main

PART, TOOL = "dependencies", "trust_supply"
LINE = re.compile(r'^    "(?P<name>[\w-]+)(?:\[[\w,-]+\])?(?P<versions>[^"]*)",(?:\s*# (?P<why>.*))?$', re.M)
LICENCES = {  # as classifiers have it -> SPDX
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
PLAIN = {
    "numpy": "arrays",
    "types-PyYAML": "types for mypy",
    "types-tabulate": "types for mypy",
    "mypy": "checks types",
}
PLAIN |= {"pytest": "runs the tests", "wheel": "builds the wheel"}


def main(argv: Sequence[str] | None = None) -> int:
    """Write the table."""
    return marks.main(argv, "what each dependency is for", pages, TOOL)


def pages(root: Path) -> dict[Path, dict[str, str]]:
    """Page -> its one part."""
    rows = ["| package | versions | for | licence |", "|---|---|---|---|"]
    return {root / "docs/supply-chain.md": {PART: "\n".join([*rows, *_rows((root / "setup.py").read_text())])}}


def _rows(text: str) -> Iterator[str]:
    told = dict(PLAIN)
    for list_name, what in (
        ("REQUIRES", "always"),
        ("PLOTS", "extra `plots`"),
        ("BEAM", "extra `beam`"),
        ("DOCS", "extra `docs`"),
        ("DEV", "extra `dev`"),
    ):
        body = re.search(rf"^{list_name} = \[\n(.*?)^\]", text, re.M | re.S)
        yield f"| | | *{what}* | |"
        for found in LINE.finditer(body[1] if body else ""):
            why = told[found["name"]] = found["why"] or told.get(found["name"], "")
            yield f"| {found['name']} | {found['versions'] or 'any'} | {why} | {licence(found['name'])} |"
        if list_name == "REQUIRES":
            for extra, name, versions, why in re.findall(r'^(\w+) = \["([\w-]+)([^"]*)"\]  # (.*)$', text, re.M):
                yield f"| {name} | {versions} | extra `{extra.lower()}`: {why} | {licence(name)} |"


def licence(package: str) -> str:
    """As the installed package says it, in a few letters."""
    try:
        said = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return "(not installed here)"
    known = [value.rpartition(" :: ")[2] for value in said.get_all("Classifier") or [] if value.startswith("License")]
    own = said.get("License-Expression") or " or ".join(
        LICENCES.get(one, one) for one in known if one != "OSI Approved"
    )
    return own or str(said.get("License", "not said")).partition("\n")[0][:40]


if __name__ == "__main__":
    sys.exit(run_main(main))
