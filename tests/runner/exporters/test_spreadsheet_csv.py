"""CSV for spreadsheets: no cell is a formula, and every row comes back as it was."""

import csv
import io
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.runner.exporters.spreadsheet_csv import FORMULA, NUMBER, escape_formula, write_rows


@pytest.mark.parametrize(
    ("cell", "escaped"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-cmd", "'-cmd"),
        ("+1 555", "'+1 555"),
        ("＝1", "'＝1"),
        ("\tx", "'\tx"),
        ("-1.5e3", "-1.5e3"),
        ("+3", "+3"),
        ("-.5", "-.5"),
        ("-1-1", "'-1-1"),
        ("a=b", "a=b"),
        ("", ""),
        (-3, -3),
        (None, None),
        (math.inf, math.inf),
        (math.nan, None),
    ],
)
def test_a_formula_is_escaped(cell: Any, escaped: Any) -> None:
    """Numbers stay numbers, and what is undefined is empty."""
    assert escape_formula(cell) == escaped


@given(text=st.text(max_size=20))
def test_no_escaped_text_begins_a_formula(text: str) -> None:
    """Unless it is a number; and the text behind the apostrophe is the whole text."""
    escaped = escape_formula(text)
    assert not escaped.startswith(FORMULA) or NUMBER.fullmatch(escaped)
    assert escaped in {text, f"'{text}"}


@given(rows=st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=5))
def test_rows_are_read_back(rows: list[tuple[str, str]]) -> None:
    """Quotes, commas and line ends inside a cell neither add a row nor a column."""
    out = io.StringIO(newline="")
    write_rows(out, ("a", "b"), rows)
    read = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert read == [["a", "b"], *([escape_formula(cell) for cell in row] for row in rows)]


def test_a_table_without_rows_has_its_header() -> None:
    """Columns are escaped like any other cell."""
    out = io.StringIO()
    write_rows(out, ("id", "=x"), [])
    assert out.getvalue() == "id,'=x\n"
