"""Records of CSV, JSONL and JSON files: what is read, what is a problem of one record, and what refuses the file."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.runner.intake import records
from secondreader.runner.intake.batch import Batch, read_into
from secondreader.runner.intake.problems import BadRecord, ImportRefused
from secondreader.runner.intake.progress import pass_through
from secondreader.runner.intake.records import check_json_value, find_duplicate, parse_json, read_records

PLAIN_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@pytest.fixture(autouse=True)
def csv_limit() -> Iterator[None]:
    """Reading sets csv's limit for the whole process: put it back."""
    before = csv.field_size_limit()
    yield
    csv.field_size_limit(before)


def read_all(path: Path, data: str | bytes) -> list[tuple[int, Any]]:
    """The records of a file with this content; of a bad one its message."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return [
        (number, record.expected if isinstance(record, BadRecord) else record)
        for number, record in read_records(path)
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("", []),
        ("a,b\n", []),
        ("a,b\n1,2\n", [(2, {"a": "1", "b": "2"})]),
        ("\ufeffa,b\r\n1,2\r\n", [(2, {"a": "1", "b": "2"})]),
        ("a,b\n1\n3,4\n", [(2, "expected 2 columns"), (3, {"a": "3", "b": "4"})]),
        ("a,b\n1,2,3\n", [(2, "expected 2 columns")]),
        ("a,b\n\n1,2\n", [(3, {"a": "1", "b": "2"})]),
        ('a,b\n"x\ny",2\n3,4\n', [(3, {"a": "x\ny", "b": "2"}), (4, {"a": "3", "b": "4"})]),
        ('a\n"say ""hi"""\n', [(2, {"a": 'say "hi"'})]),
    ],
)
def test_csv_rows_are_read_with_their_line(
    tmp_path: Path, data: str, expected: list[tuple[int, Any]]
) -> None:
    """A cell with line ends counts its lines; a row of another width does not spoil the next."""
    assert read_all(tmp_path / "t.csv", data) == expected


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "T.JSONL"])
def test_json_lines_are_read_one_by_one(tmp_path: Path, name: str) -> None:
    """Blank lines are passed over and keep their numbers; a bad line is one problem."""
    rows = read_all(tmp_path / name, '\ufeff{"a": 1}\n\n  \n{"a"\n[2]\n"x"')
    assert [number for number, _ in rows] == [1, 4, 5, 6]
    assert [record for _, record in rows if not str(record).startswith("is not JSON")] == [
        {"a": 1},
        [2],
        "x",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "is not JSON"),
        ("[1, 2", "is not JSON"),
        ('{"a": 1}', "expected a JSON list of records"),
        ("3", "expected a JSON list of records"),
        ("[" * 200_000, "is nested too deeply"),
        (b"\xff\xfe[", "is not UTF-8; save it as UTF-8"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, data: str | bytes, message: str) -> None:
    """The whole file is named, since no record can be."""
    with pytest.raises(ImportRefused, match=message) as refused:
        read_all(tmp_path / "t.json", data)
    assert [problem.record for problem in refused.value.problems] == [0]


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.json"])
def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path, name: str) -> None:
    """In the operating system's words."""
    with pytest.raises(ImportRefused, match="cannot be read: No such file"):
        list(read_records(tmp_path / name))
    (tmp_path / name).mkdir()
    with pytest.raises(ImportRefused, match="cannot be read: Is a directory"):
        list(read_records(tmp_path / name))


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_latin_text_is_refused(tmp_path: Path, name: str) -> None:
    """A guess at the encoding would change words without a trace."""
    with pytest.raises(ImportRefused, match="save it as UTF-8"):
        read_all(tmp_path / name, b"a\n\xe9t\xe9\n")


def test_long_records_and_lists_have_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long line is that record's problem; a long list refuses the file and names the way out."""
    monkeypatch.setattr(records, "MAX_RECORD", 10)
    monkeypatch.setattr(records, "MAX_LIST", 10)
    assert read_all(tmp_path / "t.jsonl", '[1]\n["0123456789"]\n[2]\n') == [
        (1, [1]),
        (2, "is longer than 10 characters"),
        (3, [2]),
    ]
    with pytest.raises(ImportRefused, match="write it as JSONL, a record a line"):
        read_all(tmp_path / "t.json", "[1, 2, 3, 4]")


@given(value=PLAIN_JSON)
def test_what_json_writes_is_read_back(value: Any) -> None:
    """Every value that a JSON writer can write comes back equal."""
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value, ensure_ascii=False)) == value


@given(text=st.text(max_size=30))
def test_any_text_is_a_value_or_a_problem(text: str) -> None:
    """Nothing is raised, and no half of a character pair comes out."""
    value = parse_json(text)
    if not isinstance(value, BadRecord):
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")


@given(depth=st.integers(1, 2 * records.MAX_DEPTH), as_object=st.booleans())
def test_depth_is_limited_exactly(depth: int, as_object: bool) -> None:
    """MAX_DEPTH levels are read, lists and objects alike; one more is a problem."""
    value: Any = 1
    for _ in range(depth):
        value = {"a": value} if as_object else [value]
    assert isinstance(check_json_value(value), BadRecord) == (depth >= records.MAX_DEPTH)


@given(names=st.lists(st.text(max_size=2), max_size=6))
def test_the_first_duplicate_is_found(names: list[str]) -> None:
    """None exactly where all differ; else a name that does come twice."""
    duplicate = find_duplicate(names)
    assert (duplicate is None) == (len(set(names)) == len(names))
    assert duplicate is None or names.count(duplicate) > 1


def test_a_batch_holds_good_records_and_names_bad_ones(tmp_path: Path) -> None:
    """A record is added whole, or becomes a problem with file, number and field."""
    path, batch, added = tmp_path / "t.jsonl", Batch(), []
    path.write_text("1\n{\n-2\n3\n")

    def add_record(record: int) -> None:
        if record < 0:
            raise BadRecord("size", "is below 0")
        added.append(record)

    assert read_into(batch, path, add_record, pass_through) is batch
    assert added == [1, 3]
    assert [(problem.record, problem.field) for problem in batch.problems] == [(2, ""), (3, "size")]
    assert str(batch.problems[1]) == "t.jsonl, record 3, size: is below 0"


def test_a_fault_of_our_own_is_no_bad_record(tmp_path: Path) -> None:
    """It must be seen, not listed among the file's problems."""
    path = tmp_path / "t.jsonl"
    path.write_text("1\n")
    with pytest.raises(ZeroDivisionError):
        read_into(Batch(), path, lambda record: record / 0, pass_through)
