"""Transcripts of which only verdicts are known, before and after their text comes, and the keys that they had once."""

import pytest
from sqlalchemy import Engine, MetaData, Table, insert, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import execute, read_session, select_columns, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.schema import downgrade, upgrade
from secondreader.db.core.tables import Transcript, Verdict
from secondreader.db.design.studies import ensure_annotator, ensure_study
from secondreader.db.transcripts.imported_labels import ImportedLabel, add_imported_labels
from secondreader.db.transcripts.pool import add_to_pool, list_pool_keys
from secondreader.db.transcripts.textless import find_stored_texts, replace_textless
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts

CONTENT = Content(messages=(Message(role="user", text="hi"),))
TEXTLESS = NewTranscript("k", "c", None)
TEXT = NewTranscript("k", "c", CONTENT)


def store_judged(session: Session, new: NewTranscript) -> tuple[StudyRecord, int]:
    """A study whose pool is this transcript, with one verdict; returns it with the transcript's id."""
    study = ensure_study(session, "s")
    (row_id,) = add_transcripts(session, [new]).ids
    add_verdicts(session, [NewVerdict(row_id, "j", "key", "parsed", {"risky_action": "yes"})])
    add_to_pool(session, study, [row_id])
    return study, row_id


def test_both_rows_of_a_key_are_stored_once(engine: Engine) -> None:
    """With text and without it a key has a row each; a second time adds neither."""
    with write_session(engine) as session:
        first = add_transcripts(session, [TEXTLESS, TEXT])
        again = add_transcripts(session, [TEXT, TEXTLESS])
    assert (first.n_added, again.n_added) == (2, 0)
    assert first.ids == again.ids[::-1]


def test_a_text_replaces_its_twin(engine: Engine) -> None:
    """The pool holds the text alone, with the twin's verdict; the twin's own rows stay."""
    with write_session(engine) as session:
        study, _ = store_judged(session, TEXTLESS)
        (text_id,) = add_transcripts(session, [TEXT]).ids
        add_to_pool(session, study, [text_id])
        assert replace_textless(session, study, {"k": text_id}) == 1
        assert list(list_pool_keys(session, study)) == ["k"]
        assert find_stored_texts(session, study, [TEXTLESS]) == {"k": text_id}
        assert len(session.exec(select(Verdict)).all()) == 2


def test_a_labelled_twin_stays(engine: Engine) -> None:
    """A label is of what its annotator had before them: the text is refused in a sentence."""
    with write_session(engine) as session:
        study, row_id = store_judged(session, TEXTLESS)
        person = ensure_annotator(session, study, "Ada", source="import")
        add_imported_labels(session, study, [ImportedLabel(row_id, person, {"risky_action": "no"}, "token")])
        (text_id,) = add_transcripts(session, [TEXT]).ids
        with pytest.raises(StudyError, match="holds labels of transcripts that had no text"):
            replace_textless(session, study, {"k": text_id})


def insert_old_transcripts(engine: Engine, *rows: tuple[str, bool]) -> None:
    """Rows (key, whether it has text) in the columns that the database has now."""
    table = Table("transcript", MetaData(), autoload_with=engine)
    with engine.begin() as connection:
        for key, has_text in rows:
            new = Transcript(origin_key=key, cluster="c", content=CONTENT.to_json() if has_text else None)
            # findings of the leak scan stood in a column of this table then
            values = {"leaks": []} | {
                column.name: getattr(new, column.name)
                for column in table.columns
                if column.name not in {"id", "leaks"}
            }
            connection.execute(insert(table).values(values))


def load_keys(engine: Engine) -> list[tuple[str, bool]]:
    """(key, has_text) of every transcript, in order of id."""
    with read_session(engine) as session:
        rows = execute(
            session, select_columns(Transcript.origin_key, Transcript.has_text).order_by(col(Transcript.id))
        )
        return [(key, has_text) for key, has_text in rows]


def test_keys_with_the_old_suffix_are_cut(engine: Engine) -> None:
    """What had no text says so in a column now; a text whose key happens to end so keeps it."""
    downgrade(engine, "0003")
    insert_old_transcripts(
        engine, ("toolemu:1:a#bare", False), ("toolemu:1:a", True), ("t:1#bare", True), ("t:2", False)
    )
    upgrade(engine)
    assert load_keys(engine) == [("toolemu:1:a", False), ("toolemu:1:a", True), ("t:1#bare", True), ("t:2", False)]  # fmt: skip
    downgrade(engine, "0003")
    with engine.connect() as connection:
        keys = connection.execute(text("SELECT origin_key FROM transcript ORDER BY id")).scalars().all()
    assert keys == ["toolemu:1:a#bare", "toolemu:1:a", "t:1#bare", "t:2"]
    upgrade(engine)


def test_a_key_that_is_taken_is_not_cut(engine: Engine) -> None:
    """Two rows without text whose keys differ in the ending alone both stay: the database opens."""
    downgrade(engine, "0003")
    insert_old_transcripts(engine, ("k#bare", False), ("k", False))
    upgrade(engine)
    assert load_keys(engine) == [("k#bare", False), ("k", False)]


def test_the_table_is_guarded_and_referred_to_as_before(engine: Engine) -> None:
    """After the migration transcripts are evidence again, foreign keys are on and verdicts find their transcript."""
    with write_session(engine) as session:
        store_judged(session, TEXT)
    downgrade(engine, "0003")
    upgrade(engine)
    for statement, says in (
        ("UPDATE transcript SET cluster = 'x'", "never changed"),
        ("DELETE FROM transcript", "never changed"),
        ("INSERT INTO study_item (study_id, transcript_id) VALUES (1, 99)", "(?i)foreign key"),
    ):
        with pytest.raises(DBAPIError, match=says), engine.begin() as connection:
            connection.execute(text(statement))
    with read_session(engine) as session:
        verdict = session.exec(select(Verdict)).one()
        assert session.get_one(Transcript, verdict.transcript_id).origin_key == "k"
