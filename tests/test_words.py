"""Private words are gone: no identifier of the product, its tests or its tools is built from them, and no screen says them."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PRIVATE_WORDS = frozenset({"reading", "letter", "packet", "place", "door", "chair", "bare", "folk"})
"""Old words for a rating, a message, a payload, an assignment, a session, an adjudicator's context, no text, and people."""
FOLDERS = ("annotate", "db", "judge", "reports", "runner", "tests", "tools", "benchmarks")
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")
JS_TEXT = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def split_words(identifier: str) -> set[str]:
    """The words of a snake_case or camelCase name, in lower case and the singular."""
    return {part.lower().removesuffix("s") for part in PARTS.findall(identifier)}


def list_identifiers(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of every identifier in a Python or JavaScript file; comments and quoted text are no names."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME:
                yield token.start[0], token.string
    else:
        quiet = JS_TEXT.sub(lambda match: "\n" * match[0].count("\n"), text)
        for number, line in enumerate(quiet.splitlines(), 1):
            yield from ((number, name) for name in IDENTIFIER.findall(line))


def list_files() -> Iterator[Path]:
    """Source files that we wrote, by hand or by a generator."""
    for folder in FOLDERS:
        for pattern in ("*.py", "*.js"):
            yield from sorted(
                path for path in (REPOSITORY / folder).rglob(pattern) if "node_modules" not in path.parts
            )


def test_no_identifier_is_built_from_a_private_word() -> None:
    """`reading_rows`, `PlaceTaken` and `letters.js` have other names now."""
    found = [
        f"{path.relative_to(REPOSITORY)}:{line}: {name}"
        for path in list_files()
        for line, name in list_identifiers(path)
        if split_words(name) & PRIVATE_WORDS
    ]
    found += [
        str(path.relative_to(REPOSITORY)) for path in list_files() if split_words(path.stem) & PRIVATE_WORDS
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("name", "is_private"),
    [
        ("item_readings", True),
        ("PlaceTaken", True),
        ("onLetterChange", True),
        ("BARE", True),
        ("bareKey", True),
        ("replace_text", False),
        ("workplace", False),
        ("spreading", False),
        ("placeholder", False),
    ],
)
def test_words_are_told_apart(name: str, is_private: bool) -> None:
    """A word counts as a whole part of a name, in any spelling of it, and never inside another word."""
    assert bool(split_words(name) & PRIVATE_WORDS) == is_private
