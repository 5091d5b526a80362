"""Reads the records of an untrusted file: each one comes out clean, or as a problem that names its line."""

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from secondreader.db.core.content import clean_nested_text
from secondreader.runner.intake.problems import BadRecord, make_refusal

MAX_RECORD = 32_000_000
"""Characters of one record or cell; a longer one is a problem, not a reason to run out of memory."""
MAX_LIST = 512_000_000
"""Bytes of a JSON list, which must be read whole; JSONL has no such limit."""
MAX_DEPTH = 100
"""Levels of lists and objects in one record. Recursive code (JSON writers, pydantic) gives up a little above 200."""


def read_records(path: Path) -> Iterator[tuple[int, Any]]:
    """(line or position, record) of a JSON list, JSONL or CSV file; a record that cannot be read is a BadRecord instead.

    Records are no deeper than MAX_DEPTH and hold neither NaN nor lone surrogates. Raises ImportRefused where the file
    as a whole cannot be read.
    """
    try:
        if path.suffix.lower() == ".csv":
            yield from read_csv(path)
        elif path.suffix.lower() in {".jsonl", ".ndjson"}:
            yield from read_jsonl(path)
        else:
            yield from read_json_list(path)
    except OSError as error:
        raise make_refusal(path, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise make_refusal(path, "is not UTF-8; save it as UTF-8") from None


def read_csv(path: Path) -> Iterator[tuple[int, Any]]:
    """Rows as dicts; a row of another width is bad. What csv cannot read ends the file, with a problem that says so."""
    # csv's own limit of 131,072 characters would refuse a long transcript
    csv.field_size_limit(MAX_RECORD)
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        try:
            # the later column of a name would silently win
            twice = find_duplicate(reader.fieldnames or [])
            if twice is not None:
                raise make_refusal(path, f"has two columns named {twice!r}")
            for row in reader:
                # DictReader puts cells too many under None, and None where cells are missing
                if None in row or None in row.values():
                    yield reader.line_num, BadRecord("", f"expected {len(reader.fieldnames or [])} columns")
                else:
                    yield reader.line_num, row
        except csv.Error as error:
            # what stands behind a broken quote cannot be told apart: the file ends here
            yield reader.reader.line_num, BadRecord("", f"is not CSV ({error}); nothing after it was read")


def find_duplicate(names: Any) -> str | None:
    """The first name that stands twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return str(name)
        seen.add(name)
    return None


def read_jsonl(path: Path) -> Iterator[tuple[int, Any]]:
    """One JSON value a line; blank lines are passed over."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, parse_json(line)


def read_json_list(path: Path) -> Iterator[tuple[int, Any]]:
    """The elements of one JSON list."""
    if path.stat().st_size > MAX_LIST:
        raise make_refusal(path, f"is longer than {MAX_LIST:,} bytes; write it as JSONL, a record a line")
    value = decode_json(path.read_text(encoding="utf-8-sig"))
    if isinstance(value, BadRecord):
        raise make_refusal(path, value.expected)
    if not isinstance(value, list):
        raise make_refusal(path, "expected a JSON list of records")
    for position, record in enumerate(value, start=1):
        yield position, check_json_value(record)


def parse_json(text: str) -> Any:
    """The value, or a BadRecord that says what is wrong."""
    if len(text) > MAX_RECORD:
        return BadRecord("", f"is longer than {MAX_RECORD:,} characters")
    return check_json_value(decode_json(text))


def decode_json(text: str) -> Any:
    """The JSON value as Python reads it, or a BadRecord."""
    try:
        return json.loads(text)
    except RecursionError:
        return BadRecord("", "is nested too deeply")
    except ValueError as error:
        return BadRecord("", f"is not JSON: {error}")


def check_json_value(value: Any) -> Any:
    """`value` without lone surrogates; a BadRecord where it is too deep or holds NaN or an infinity.

    Python's own reader takes `NaN`, `Infinity` and 1e999, which are no JSON and which no database column holds.
    """
    if isinstance(value, BadRecord):
        return value
    # level by level and not by recursion, which a hostile file could exhaust
    level = [value]
    for _ in range(MAX_DEPTH):
        if any(isinstance(item, float) and not math.isfinite(item) for item in level):
            return BadRecord("", "holds NaN or an infinite number, which JSON does not have")
        level = [inner for item in level for inner in list_children(item)]
        if not level:
            return clean_nested_text(value)
    return BadRecord("", f"is nested more than {MAX_DEPTH} levels deep")


def list_children(value: Any) -> Any:
    """What a list or an object holds."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple | set) else ()
