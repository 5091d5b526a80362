"""A database's failure reaches the person as one sentence without the statement."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from secondreader.db.core.errors import (
    DatabaseUnavailable,
    StudyError,
    describe_database_error,
    translate_database_errors,
)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("database or disk is full", "disk is full"),
        ("could not extend file: no space left on device", "disk is full"),
        ("disk i/o error", "cannot write to its disk"),
        ("attempt to write a readonly database", "cannot write to its disk"),
        ("database is locked", "busy"),
        ("the table is busy", "busy"),
        ("server closed the connection unexpectedly", "did not answer"),
        ("", "did not answer"),
    ],
)
def test_a_failure_says_what_to_do(message: str, sentence: str) -> None:
    """A full or broken disk needs the researcher; a lock and a lost server pass by themselves."""
    described = describe_database_error(message)
    assert sentence in described
    assert ("Tell the researcher" in described) is ("disk" in sentence)


def test_words_of_a_statement_stay_out_of_the_error() -> None:
    """What an annotator wrote stands in the statement and must not reach a log or another screen."""
    engine = create_engine("sqlite://")
    with (
        pytest.raises(DatabaseUnavailable) as caught,
        translate_database_errors(),
        engine.connect() as connection,
    ):
        connection.execute(text("INSERT INTO nowhere VALUES (:note)"), {"note": "my private words"})
    assert "private" not in str(caught.value)
    assert "nowhere" not in str(caught.value)
    assert caught.value.__cause__ is None
    engine.dispose()


def test_other_errors_pass_unchanged() -> None:
    """A sentence for the person stays the sentence that it was; a bug stays a bug."""
    for error in (StudyError("no study"), ZeroDivisionError("bug")):
        with pytest.raises(type(error), match=str(error)), translate_database_errors():
            raise error


def test_the_drivers_error_is_translated() -> None:
    """Whatever the driver raises becomes the one error that pages know."""
    with pytest.raises(DatabaseUnavailable, match="busy"), translate_database_errors():
        raise DBAPIError("SELECT 1", {}, Exception("Database is LOCKED"))
