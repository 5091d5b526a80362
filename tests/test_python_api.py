"""Every example of docs/python-api.md runs, in order, and prints what the page says."""

import re

import pytest

from tools.examples import EXAMPLE, PAGE, fill_outputs
from tools.metrics import list_documented

TEXT = PAGE.read_text("utf-8")


def test_every_example_prints_what_the_page_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the root of the repository; `python -m tools.examples` writes the outputs anew."""
    monkeypatch.chdir(PAGE.parents[1])
    assert fill_outputs(TEXT) == TEXT


def test_every_block_of_code_is_an_example_with_its_output() -> None:
    """No block is left out of the test above, and none prints nothing."""
    examples = EXAMPLE.findall(TEXT)
    assert len(examples) == TEXT.count("```python\n") > 15
    assert all(shown.strip() for _, shown in examples)


def test_every_heading_of_a_function_has_an_example() -> None:
    """What the page lists as public is called in an example, so that none of it is a promise alone."""
    headings = set(re.findall(r"^#{2,4} `(?:\w+\.)*(\w+)\(", TEXT, re.MULTILINE))
    assert headings == list_documented(TEXT)
    assert {"agree", "compare_prompts", "compute_brier_score", "compute_kappa_sample_size"} <= headings
