"""No row that a session tracks leaves db/: other folders get frozen values and ids, which cannot change behind them."""

import ast
import dataclasses
import importlib
import inspect
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlmodel import SQLModel

from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Label, Study, Verdict

REPOSITORY = Path(__file__).resolve().parents[1]
OTHER_FOLDERS = ("annotate", "judge", "reports", "runner")
TABLES_MODULE = "secondreader.db.core.tables"


@dataclasses.dataclass(frozen=True)
class LeakyView:
    """A value that carries a row along."""

    names: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


def list_imports() -> Iterator[tuple[str, str, str]]:
    """(file, module, name) of everything that the other folders import from db, for types alone or in a function too."""
    for folder in OTHER_FOLDERS:
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("secondreader.db"):
                    for alias in node.names:
                        yield path.relative_to(REPOSITORY).as_posix(), node.module or "", alias.name


IMPORTS = tuple(list_imports())


def find_rows(hint: Any, seen: frozenset[Any] = frozenset()) -> set[str]:
    """Names of the tables whose rows a value of this type may hold, in its fields too."""
    found: set[str] = set()
    for part in typing.get_args(hint):
        found |= find_rows(part, seen)
    if not inspect.isclass(hint) or hint in seen:
        return found
    if issubclass(hint, SQLModel):
        return {hint.__name__}
    if dataclasses.is_dataclass(hint) or issubclass(hint, BaseModel | tuple):
        for field in typing.get_type_hints(hint).values():
            found |= find_rows(field, seen | {hint})
    return found


def find_returned_rows(value: Any) -> set[str]:
    """Names of the tables whose rows a function returns, or an instance of a class holds."""
    if inspect.isclass(value):
        return find_rows(value)
    return find_rows(typing.get_type_hints(value).get("return")) if inspect.isfunction(value) else set()


def test_no_other_folder_names_a_table() -> None:
    """Neither the module of the tables nor anything of it is imported outside db/."""
    assert len(IMPORTS) > 200
    whole = [(path, name) for path, module, name in IMPORTS if f"{module}.{name}" == TABLES_MODULE]
    assert whole == []
    assert [(path, name) for path, module, name in IMPORTS if module == TABLES_MODULE] == []


def test_no_function_hands_a_row_out() -> None:
    """Of what the others import, no function returns a row, and no value has one in a field."""
    leaks = {
        f"{module}.{name}": rows
        for module, name in sorted({(module, name) for _, module, name in IMPORTS})
        if (rows := find_returned_rows(getattr(importlib.import_module(module), name, None)))
    }
    assert leaks == {}


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (Study, {"Study"}),
        (Study | None, {"Study"}),
        (list[tuple[str, Label]], {"Label"}),
        (Iterator[LeakyView], {"Verdict"}),
        (dict[int, StudyRecord], set()),
        (None, set()),
    ],
)
def test_rows_are_found_wherever_a_type_hides_them(hint: Any, expected: set[str]) -> None:
    """In unions, containers and fields of values."""
    assert find_rows(hint) == expected
