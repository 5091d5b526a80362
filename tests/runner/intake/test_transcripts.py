"""Whatever becomes a transcript passes the leak scan; there is no other way in."""

import ast
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import col, select

from secondreader.db.core.audit_log import list_events
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.tables import LeakScan, Transcript
from secondreader.db.design.studies import ensure_study
from secondreader.db.transcripts.leak_reviews import list_leak_items
from secondreader.db.transcripts.leak_scans import count_scans
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.runner.intake.leak_scan import MARK, SCAN_VERSION
from secondreader.runner.intake.transcripts import has_leaks, scan_stored, scan_transcript, store_scanned
from secondreader.runner.jobs.review_pack import review_pack
from secondreader.runner.scenarios.load import load_pack
from secondreader.runner.serve.sample import STUDY, load_sample

REPOSITORY = Path(__file__).parents[3]
FOLDERS = ("annotate", "db", "judge", "reports", "runner")


def saying(words: str, key: str = "k") -> NewTranscript:
    """A transcript whose agent says these words."""
    return NewTranscript(key, "c", Content(messages=(Message(role="assistant", text=words),)))


def test_nothing_but_the_intake_stores_transcripts() -> None:
    """No module but the intake names the store's function; db itself defines it."""
    named = {
        str(path.relative_to(REPOSITORY))
        for folder in FOLDERS
        for path in (REPOSITORY / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name) and node.id == "add_transcripts")
        or (isinstance(node, ast.ImportFrom) and "add_transcripts" in {one.name for one in node.names})
    }
    assert named == {"runner/intake/transcripts.py"}


def test_a_scan_is_stored_with_its_version(engine: Engine) -> None:
    """With findings and without; a transcript without text has nothing to scan."""
    new = [saying("I am Claude.", "a"), saying("Done.", "b"), NewTranscript("c", "c", None)]
    scanned = [scan_transcript(one) for one in new]
    assert [has_leaks(one) for one in scanned] == [True, False, False]
    with write_session(engine) as session:
        store_scanned(session, scanned)
        store_scanned(session, scanned)
    with read_session(engine) as session:
        rows = session.exec(select(LeakScan).order_by(col(LeakScan.transcript_id))).all()
    assert [(row.version, row.n_findings) for row in rows] == [(SCAN_VERSION, 1), (SCAN_VERSION, 0)]


def test_redaction_keeps_the_words_for_the_researcher() -> None:
    """The content has the mark, the original the words, the finding says so; without findings nothing changes."""
    marked = scan_transcript(saying("I am Claude."), redact=True)
    assert marked.content is not None
    assert marked.original is not None
    assert marked.leak_scan is not None
    assert (marked.content.messages[0].text, marked.original.messages[0].text) == (
        f"I am {MARK}.",
        "I am Claude.",
    )
    assert [finding["redacted"] for finding in marked.leak_scan.findings] == [True]
    assert scan_transcript(saying("Done."), redact=True).original is None


def test_what_was_stored_unscanned_can_be_scanned_later(engine: Engine) -> None:
    """Once, on record, with the model's own id in mind; a second time finds nothing left to do."""
    with write_session(engine) as session:
        new = [saying("I am Claude.", "a"), saying("By test-model-7.", "b"), saying("Done.", "c")]
        new[1] = NewTranscript(new[1].origin_key, "c", new[1].content, model="test-model-7")
        study = ensure_study(session, "s")
        add_to_pool(session, study, add_transcripts(session, new).ids)
        assert count_scans(session, study).n_unscanned == 3
        assert [scan_stored(session, study, actor="Rita") for _ in range(2)] == [3, 0]
        assert count_scans(session, study).n_unscanned == 0
        kinds = [item.findings[0].kind for item in list_leak_items(session, study)]
        assert kinds == ["self-identification", "own model id"]
        (event,) = [one for one in list_events(session) if one.action == "leaks scanned"]
        assert (event.actor, event.detail) == ("Rita", {"transcripts": 3, "version": SCAN_VERSION})


def test_the_sample_and_scenario_reviews_are_scanned_too(engine: Engine, small_pack: Path) -> None:
    """Every transcript that they store has a scan."""
    load_sample(engine)
    with write_session(engine) as session:
        review_pack(session, load_pack(small_pack), "review")
        for name in (STUDY, "review"):
            coverage = count_scans(session, ensure_study(session, name))
            assert (coverage.n_unscanned, coverage.n_scanned > 0) == (0, True)
        n_scans = len(session.exec(select(LeakScan)).all())
        assert n_scans == len(session.exec(select(Transcript)).all())
