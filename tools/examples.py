"""The examples of docs/python-api.md: run in order, in one namespace, and their output written beside them.

`python -m tools.examples` writes the page anew; tests/test_python_api.py compares.
"""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "python-api.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""Code, and what it prints."""


def fill_outputs(page: str) -> str:
    """The page with what its examples print now; they run in the present folder, the root of the repository."""
    names: dict[str, Any] = {}

    def run_example(example: re.Match[str]) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(example[1], PAGE.name, "exec"), names)  # noqa: S102 (the page is our own)
        return f"```python\n{example[1]}```\n```text\n{printed.getvalue()}```"

    return EXAMPLE.sub(run_example, page)


if __name__ == "__main__":
    PAGE.write_text(fill_outputs(PAGE.read_text("utf-8")), "utf-8")
