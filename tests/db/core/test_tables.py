"""Rows that are evidence cannot be changed, whoever asks."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from secondreader.db.core.engine import (
    read_session,
    write_session,
)
from secondreader.db.core.tables import EVIDENCE, Transcript
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts


@pytest.mark.parametrize("table", EVIDENCE)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_evidence_is_guarded_by_the_database(engine: Engine, table: str, verb: str) -> None:
    """Every table of evidence has its triggers."""
    query = (
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t AND name = :n"
        if engine.dialect.name == "sqlite"
        else "SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass(:t) AND tgname = :n"
    )
    name = f"{table}_no_{verb.lower()}" if engine.dialect.name == "sqlite" else f"{table}_no_change"
    with engine.connect() as connection:
        assert connection.execute(text(query), {"t": table, "n": name}).scalar() == 1


@pytest.mark.parametrize("statement", ["UPDATE transcript SET cluster = 'x'", "DELETE FROM transcript"])
def test_a_transcript_cannot_be_changed(engine: Engine, statement: str) -> None:
    """Not even the owner of the database changes evidence."""
    with write_session(engine) as session:
        add_transcripts(session, [NewTranscript("k", "c", None)])
    with pytest.raises(DBAPIError, match="never changed"), engine.begin() as connection:
        connection.execute(text(statement))
    with read_session(engine) as session:
        assert session.get(Transcript, 1) is not None
