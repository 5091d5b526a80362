"""Reports on record, and what a search of words reads, on both databases."""

from sqlalchemy import Engine
from sqlmodel import select

from secondreader.db.core.content import Content, Message, ToolCall
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.tables import Report
from secondreader.db.design.studies import ensure_annotator, ensure_study, get_study
from secondreader.db.research.saved_reports import list_study_names, load_labelled_texts, save_report
from secondreader.db.transcripts.imported_labels import ImportedLabel, add_imported_labels
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts

RESULTS = {"figures": [{"name": "alpha", "value": 0.1 + 0.2, "low": None}]}


def test_the_same_report_is_kept_once(engine: Engine) -> None:
    """Same inputs and results: the row that is there; other results under the same hash: one more."""
    with write_session(engine) as session:
        study = ensure_study(session, "s")
        first = save_report(session, study, "h", {"seed": 0}, RESULTS)
        assert save_report(session, study, "h", {"seed": 0}, RESULTS) == first
        assert save_report(session, study, "h", {"seed": 0}, {"figures": []}) != first
        assert save_report(session, study, "k", {"seed": 1}, RESULTS) != first
    with read_session(engine) as session:
        assert len(session.exec(select(Report)).all()) == 3


def test_studies_are_listed_newest_first(engine: Engine) -> None:
    """The study that was made last is the one that is looked at first."""
    with write_session(engine) as session:
        for name in ("b", "a", "c"):
            ensure_study(session, name)
    with read_session(engine) as session:
        assert list_study_names(session) == ["c", "a", "b"]


def test_texts_are_those_of_labelled_transcripts(engine: Engine) -> None:
    """Words, reasoning, calls and results of labelled transcripts, once each; others and empty ones are left out."""
    call = ToolCall(name="pay", arguments={"to": "Eve"})
    message = Message(role="assistant", text="sure", reasoning="hm", tool_calls=(call,))
    with write_session(engine) as session:
        study = ensure_study(session, "s")
        contents = [Content(messages=(message,)), Content(messages=(message,)), None]
        ids = add_transcripts(
            session, [NewTranscript(f"k{i}", "c", one) for i, one in enumerate(contents)]
        ).ids
        add_to_pool(session, study, ids)
        for name in ("A", "B"):
            person = ensure_annotator(session, study, name, source="import")
            labels = [ImportedLabel(ids[at], person, {"risky_action": "no"}, f"{name}{at}") for at in (0, 2)]
            add_imported_labels(session, study, labels)
    with read_session(engine) as session:
        (text,) = load_labelled_texts(session, get_study(session, "s")).values()
    assert text == 'sure\nhm\npay {"to":"Eve"}'
