"""A study is read once, and everything else is computed from what was read."""

import pickle
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from secondreader.db.core.engine import read_session
from secondreader.reports.analysis.analyse import analyse
from secondreader.reports.analysis.load import StudySnapshot, load_snapshot
from secondreader.reports.analysis.options import AnalysisError, AnalysisOptions
from secondreader.reports.render.json_csv import format_json
from tests.reports.seed import Seeded, Shape

QUICK = AnalysisOptions(resamples=200, permutations=199)
BIG_TABLES = ("transcript", "label", "verdict", "assignment", "adjudication", "guess")
MAX_STATEMENTS = 11
"""The study by its name, and one for each kind of row."""


@contextmanager
def recorded(engine: Engine) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    statements: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", record)
    yield statements
    event.remove(engine, "before_cursor_execute", record)


def read(engine: Engine, *, texts: bool = False) -> StudySnapshot:
    """The seeded study as it is stored."""
    with read_session(engine) as session:
        return load_snapshot(session, "s", texts=texts)


def count_reads(statements: list[str]) -> Counter[str]:
    """How many statements read from each table."""
    found: Counter[str] = Counter()
    for statement in statements:
        found.update(set(re.findall(r"\b(?:FROM|JOIN) (\w+)", statement)))
    return found


@pytest.mark.parametrize("shape", [Shape(n=20), Shape(n=20, interim=False), Shape(n=20, judges=())])
def test_each_big_table_is_read_once(seeded: Seeded, shape: Shape) -> None:
    """A study takes a dozen statements at the most, whatever it holds, and no table of ratings is read twice."""
    engine = seeded(shape)
    with recorded(engine) as statements:
        snapshot = read(engine)
    assert snapshot.labels
    assert len(statements) <= MAX_STATEMENTS + (not shape.judges)
    reads = count_reads(statements)
    # Without verdicts, the seal asks once more whether there is one of a later repeat.
    expected = Counter(dict.fromkeys(BIG_TABLES, 1)) + Counter(verdict=int(not shape.judges))
    assert Counter({name: reads[name] for name in BIG_TABLES}) == expected


def test_the_texts_are_read_where_words_are_searched(seeded: Seeded) -> None:
    """Words cost one more statement; an analysis that wants words that were not read says so."""
    engine = seeded(Shape(n=20))
    with recorded(engine) as statements:
        without = read(engine)
    n_without = len(statements)
    with recorded(engine) as statements:
        texts = read(engine, texts=True).texts
    assert len(statements) == n_without + 1
    assert texts
    assert without.texts is None
    with pytest.raises(AnalysisError, match="were not read"):
        analyse(without, AnalysisOptions(words=True))


def test_an_analysis_needs_no_database(seeded: Seeded) -> None:
    """A snapshot that was written to bytes and read again, tied to nothing, gives the same figures; no statement is sent."""
    engine = seeded(Shape(n=20))
    snapshot = read(engine)
    expected = format_json(analyse(snapshot, QUICK))
    with recorded(engine) as statements:
        found = analyse(pickle.loads(pickle.dumps(snapshot)), QUICK)
        assert format_json(found) == expected
        assert len(found.build_frame()) == len(found.estimates)
    assert statements == []


def test_a_snapshot_holds_plain_values(seeded: Seeded) -> None:
    """No row that a session tracks is in it."""
    snapshot = read(seeded(Shape(n=4)))
    groups = (snapshot.items, snapshot.annotators, snapshot.assignments, snapshot.labels, snapshot.verdicts)
    values = [snapshot.study, *(value for group in groups for value in group)]
    assert len(values) > 20
    assert not [value for value in values if hasattr(value, "_sa_instance_state")]
