"""What runs docs/tutorials notices a page that does not do what it says. (The pages themselves: `make tutorials`.)"""

import ast
import re
from pathlib import Path

import pytest

import tutorials
from tfkgrec.errors import InputError

DOCS = Path(__file__).parent.parent / "docs"
PAGE = """
`a.py`:

```python
N = 12
```

```python
from a import N

print(f"there are {N} of 1,000")
print("and more")
```

```text
there are 7 of 3.5
```

```sh
cat a.py | \\
  grep N
```

```text
N = 3
```
"""


@pytest.fixture
def page(tmp_path):
    def run(text: str) -> str:
        (tmp_path / "page.md").write_text(text)
        return tutorials.run(tmp_path / "page.md", tmp_path)

    return run


def test_blocks_are_run_and_what_they_print_is_shown(page):
    shown = page(PAGE)
    assert shown == PAGE.replace("7 of 3.5", "12 of 1,000").replace("N = 3", "N = 12")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("there are 7", "there were 7", r"page.md:15: expected the line 'there were 7 of 3.5'"),
        ("print(f", "raise SystemExit(1)\nprint(f", "page.md:8: 1"),
        ("cat a.py", "cat nowhere.py", "page.md:19: .*ended with 1"),
        ("cat a.py", "tfkgrec data stats --config nowhere.yaml #", "page.md:19: .*ended with 2"),
    ],
)
def test_a_page_that_does_not_do_what_it_says(page, old, new, said):
    with pytest.raises(tutorials.Failed, match=said):
        page(PAGE.replace(old, new))


def test_the_index_has_every_page_and_the_first_is_run_first():
    assert {path.stem for path in tutorials.chosen([])} == {path.stem for path in (DOCS / "tutorials").glob("*.md")} - {
        "index"
    }
    assert [path.stem for path in tutorials.chosen(["re-rank"])] == ["own-data", "re-rank"]
    with pytest.raises(InputError, match="expected some of own-data, .*, found nothing"):
        tutorials.chosen(["nothing"])


def test_all_python_of_the_pages_is_python():
    for path in DOCS.rglob("*.md"):
        for block in re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S):
            ast.parse(block, str(path))
