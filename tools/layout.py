"""The layout as a Markdown table: every package with the first line of its docstring."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS = ("db", "judge", "annotate", "runner", "reports")


class LayoutError(Exception):
    """A package that does not say what it is for."""


def list_packages() -> Iterator[Path]:
    """Packages of the five folders, each folder before its sub-packages; migrations are history and left out."""
    for folder in FOLDERS:
        for init in sorted(
            (REPOSITORY / folder).rglob("__init__.py"), key=lambda path: path.parent.as_posix()
        ):
            if "migrations" not in init.parts:
                yield init.parent


def read_purpose(package: Path) -> str:
    """Return the first line of the package's docstring; raise LayoutError where there is none."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8")))
    if not text:
        raise LayoutError(
            f"{package.relative_to(REPOSITORY)}/__init__.py needs a docstring that says what it is for"
        )
    return text.splitlines()[0]


def write_layout() -> Iterator[str]:
    """The lines of the table."""
    yield "| package | what is in it |"
    yield "|---|---|"
    for package in list_packages():
        name = package.relative_to(REPOSITORY).as_posix()
        yield f"| {f'**`{name}/`**' if '/' not in name else f'`{name}/`'} | {read_purpose(package)} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(write_layout()) + "\n")
