"""What counts as used: code that the product can come to, or a function that docs/python-api.md makes public."""

import ast
from pathlib import Path

import pytest

from tools.metrics import FOLDERS, REPOSITORY, Module, find_unused, list_documented, load_modules

HEADING = "### `count(rows)`\n\nCounts.\n"
EXAMPLE = "```python\nfrom secondreader.judge.a import count\n\nprint(count([]))\n```\n"


def module(path: str, text: str) -> Module:
    """A module of some tree."""
    return Module(Path(path), text, ast.parse(text))


def test_the_product_holds_no_code_for_tests_alone() -> None:
    """No function, class, method or module that only tests, benchmarks or tools come to, and none that nobody does."""
    documented = (REPOSITORY / "docs" / "python-api.md").read_text("utf-8")
    others = load_modules("tests", "benchmarks", "tools")
    assert find_unused(load_modules(*FOLDERS), others, documented) == ([], [])


def test_a_call_by_unused_code_is_no_use() -> None:
    """What only an unused function calls is unused too, and an import alone keeps nothing alive."""
    one = module("judge/a.py", "def count(rows): return helper(rows)\n\ndef helper(rows): return len(rows)\n")
    two = module("judge/app.py", "from secondreader.judge.a import count\n")
    test = module("tests/test_a.py", "from secondreader.judge.a import count\n\ncount([])\n")
    assert find_unused([one, two], [test], "") == (["judge/a.py:count"], ["judge/a.py:helper"])
    used = module("judge/app.py", "from secondreader.judge.a import count\n\nprint(count([]))\n")
    assert find_unused([one, used], [test], "") == ([], [])


def test_a_function_that_calls_itself_is_not_used() -> None:
    """Recursion is no use from outside."""
    one = module("judge/app.py", "def count(rows): return 1 + count(rows[1:])\n")
    assert find_unused([one], [], "") == ([], ["judge/app.py:count"])


def test_methods_and_modules_count() -> None:
    """A method that nobody names, and a module that nobody imports."""
    text = "class Rows:\n    def count(self): ...\n    def __len__(self): ...\n\nprint(Rows())\n"
    assert find_unused([module("judge/app.py", text)], [], "") == ([], ["judge/app.py:Rows.count"])
    derived = text.replace("class Rows", "class Rows(Framework)")
    assert find_unused([module("judge/app.py", derived)], [], "") == ([], [])
    rows = module("judge/rows.py", "ROWS = 3\n")
    assert find_unused([rows], [], "") == ([], ["judge/rows.py"])
    registry = module("judge/app.py", 'MODULES = {"rows": "secondreader.judge.rows"}\n')
    assert find_unused([rows, registry], [], "") == ([], [])


@pytest.mark.parametrize(
    ("page", "public"),
    [
        (HEADING + EXAMPLE, {"count"}),
        (HEADING.replace("count(", "rows.count(") + EXAMPLE.replace("count([])", "rows.count()"), {"count"}),
        (HEADING, set()),
        ("Write `count(rows)` to count.\n" + EXAMPLE, set()),
        (HEADING.replace("`count(rows)`", "`count`") + EXAMPLE, set()),
        (HEADING + EXAMPLE.replace("count([])", "count"), set()),
    ],
)
def test_public_is_what_a_heading_names_and_an_example_calls(page: str, public: set[str]) -> None:
    """Neither a mention, nor a heading without an example, nor an example that does not call it is enough."""
    assert list_documented(page) == public
    one = module("judge/a.py", "def count(rows): return helper(rows)\n\ndef helper(rows): return len(rows)\n")
    test = module("tests/test_a.py", "count([])\n")
    assert (find_unused([one], [test], page)[0] == []) == bool(public)
