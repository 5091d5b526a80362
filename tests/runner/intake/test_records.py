"""Records of files that nobody vouches for come out clean, or as problems."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.runner.intake import records
from secondreader.runner.intake.problems import BadRecord, ImportRefused
from secondreader.runner.intake.records import MAX_DEPTH, parse_json, read_records


def nested(depth: int) -> str:
    """JSON of so many levels."""
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


def test_depth_is_limited_and_no_recursion_gives_up() -> None:
    """The limit itself passes; one more, 600 and a million levels are problems in one sentence."""
    assert isinstance(parse_json(nested(MAX_DEPTH)), dict)
    for depth in (MAX_DEPTH + 1, 600, 1_000_000):
        bad = parse_json(nested(depth))
        assert isinstance(bad, BadRecord)
        assert "nested" in bad.expected


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": [-Infinity]}', '{"a": {"b": 1e999}}'])
def test_what_is_no_json_number_is_refused(text: str) -> None:
    """Python reads NaN and infinities; JSON has none, and no column holds them."""
    bad = parse_json(text)
    assert isinstance(bad, BadRecord)
    assert "NaN or an infinite number" in bad.expected


def test_lone_surrogates_are_replaced_everywhere() -> None:
    """Keys and values come out as text that can be stored and sent."""
    assert parse_json('{"\\ud800": ["\\udfff", 1]}') == {"\ufffd": ["\ufffd", 1]}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=20))  # fmt: skip
def test_good_json_is_read_as_it_stands(value: Any) -> None:
    """What a JSON writer wrote is what comes out."""
    assert parse_json(json.dumps(value)) == value


def test_one_bad_element_does_not_spoil_a_list(tmp_path: Path) -> None:
    """In a JSON list each record is judged by itself."""
    path = tmp_path / "l.json"
    path.write_text(f'[{{"a": 1}}, {{"a": NaN}}, {nested(600)}]')
    kinds = [type(record) for _, record in read_records(path)]
    assert kinds == [dict, BadRecord, BadRecord]


def test_large_cells_are_read_and_larger_ones_are_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The csv module's own limit of 131,072 characters does not count; ours does, without a traceback."""
    path = tmp_path / "t.csv"
    path.write_text(f"a,b\n1,{'x' * 200_000}\n")
    ((_, row),) = read_records(path)
    assert len(row["b"]) == 200_000
    monkeypatch.setattr(records, "MAX_RECORD", 1000)
    ((line, bad),) = read_records(path)
    assert (line, isinstance(bad, BadRecord)) == (2, True)
    assert "nothing after it was read" in bad.expected
    csv.field_size_limit(131_072)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    """The second would silently win."""
    path = tmp_path / "t.csv"
    path.write_text("a,b,a\n1,2,3\n")
    with pytest.raises(ImportRefused, match="two columns named 'a'"):
        list(read_records(path))
