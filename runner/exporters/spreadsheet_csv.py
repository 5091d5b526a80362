"""Cells of CSV files that people open in a spreadsheet."""

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""A text that begins so may be a formula to a spreadsheet (OWASP, CSV injection)."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""A text that is nothing but a number, negative ones too."""


def escape_formula(cell: Any) -> Any:
    """The cell, with an apostrophe before a text that would be a formula; numbers stay, also where they are text.

    Not-a-number becomes None, which CSV writes as an empty cell.
    """
    if isinstance(cell, float) and math.isnan(cell):
        return None
    if not isinstance(cell, str) or not cell.startswith(FORMULA) or NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}"


def write_rows(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table as CSV with a header; no cell is a formula."""
    line = io.StringIO(newline="")
    # Before 3.13 Python quotes a carriage return only if it is part of the line's end; unquoted, a spreadsheet would
    # begin a row there, and with it a cell that nobody looked at.
    writer = csv.writer(line, lineterminator="\r\n")
    for row in (columns, *rows):
        line.seek(0)
        line.truncate()
        writer.writerow([escape_formula(cell) for cell in row])
        out.write(line.getvalue().removesuffix("\r\n") + "\n")
