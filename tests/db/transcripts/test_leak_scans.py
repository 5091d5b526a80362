"""What was scanned for leaks, when and by which version is known; what was not scanned never counts as clean."""

import json

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.schema import downgrade, upgrade
from secondreader.db.design.studies import ensure_study, get_study
from secondreader.db.transcripts.leak_reviews import count_leaks, list_leak_items
from secondreader.db.transcripts.leak_scans import (
    LeakScanResult,
    add_leak_scans,
    count_scans,
    load_unscanned,
)
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts

LEAK = {"kind": "vendor", "where": "message 1 text", "excerpt": "OpenAI", "redacted": False}
TEXT = Content(messages=(Message(role="user", text="hi"),))


def fill(session: Session, scans: dict[str, LeakScanResult | None], textless: int = 0) -> StudyRecord:
    """A study with one transcript a scan, and some without text."""
    new = [NewTranscript(key, key, TEXT, leak_scan=scan) for key, scan in scans.items()]
    new += [NewTranscript(f"textless{at}", "textless", None) for at in range(textless)]
    study = ensure_study(session, "s")
    add_to_pool(session, study, add_transcripts(session, new).ids)
    return study


def describe(session: Session, study: StudyRecord) -> str:
    """What a report says."""
    return count_leaks(list_leak_items(session, study), count_scans(session, study)).sentence


def test_scans_are_counted_by_version(engine: Engine) -> None:
    """Transcripts without text have nothing to scan and are in no count."""
    with write_session(engine) as session:
        scans = {"a": LeakScanResult("1"), "b": LeakScanResult("2"), "c": LeakScanResult("2"), "d": None}
        study = fill(session, scans, textless=3)
        coverage = count_scans(session, study)
        assert {group.version: group.n_transcripts for group in coverage.groups} == {"1": 1, "2": 2}
        assert (coverage.n_scanned, coverage.n_unscanned) == (3, 1)
        said = describe(session, study)
    assert "1 scanned by version 1 of the scan, 20" in said
    assert "2 scanned by version 2 of the scan" in said
    assert "1 not scanned" in said
    assert "found nothing in those it has read" in said


def test_what_nobody_scanned_is_not_called_clean(engine: Engine) -> None:
    """To say that nothing was found would be a claim about transcripts that no scan has looked at."""
    with write_session(engine) as session:
        said = describe(session, fill(session, {"a": None, "b": None}))
    assert said == "Transcripts with text: 2 not scanned."


def test_the_latest_scan_counts(engine: Engine) -> None:
    """A later version's findings replace the earlier ones; both rows stay."""
    with write_session(engine) as session:
        study = fill(session, {"a": LeakScanResult("1", (LEAK,)), "b": LeakScanResult("1")})
        (item,) = list_leak_items(session, study)
        add_leak_scans(session, {item.transcript_id: LeakScanResult("2")})
        assert list_leak_items(session, study) == []
        assert {one.version: one.n_transcripts for one in count_scans(session, study).groups} == {"1": 1, "2": 1}  # fmt: skip


def test_only_unscanned_text_of_the_study_is_offered(engine: Engine) -> None:
    """Neither what was scanned, nor what has no text, nor another study's."""
    with write_session(engine) as session:
        study = fill(session, {"a": None, "b": LeakScanResult("1")}, textless=1)
        other = add_transcripts(session, [NewTranscript("x", "x", TEXT)]).ids
        add_to_pool(session, ensure_study(session, "other"), other)
        (waiting,) = load_unscanned(session, study, limit=10)
        assert waiting.content == TEXT


OLD_ROW = """
INSERT INTO transcript (public_id, origin_key, cluster, content, condition, attempt, provenance, attributes, hidden,
    leaks, created_at)
VALUES ('p', :key, 'c', :content, '{}', 1, '{}', '{}', '{}', :leaks, '2026-01-02 03:04:05')
"""


@pytest.mark.parametrize(
    ("key", "content", "leaks", "said"),
    [
        ("chat:1", TEXT.to_json(), [], "1 scanned before versions were recorded, 2026-01-02 (UTC)"),
        ("rjudge:1", TEXT.to_json(), [LEAK], "transcripts with findings: 1"),
        ("run:1", TEXT.to_json(), [], "Transcripts with text: 1 not scanned."),
        ("sample:1", TEXT.to_json(), [], "1 not scanned"),
        ("scenario:1", TEXT.to_json(), [], "1 not scanned"),
        ("toolemu:1#bare", None, [], "Transcripts with text: none."),
    ],
)
def test_an_older_database_keeps_its_findings(
    engine: Engine, key: str, content: str | None, leaks: list[dict[str, object]], said: str
) -> None:
    """Imports were scanned by a version that nobody noted, runs were not; the way back and up again loses nothing."""
    downgrade(engine, "0003")
    with engine.begin() as connection:
        connection.execute(text(OLD_ROW), {"key": key, "content": content, "leaks": json.dumps(leaks)})
    for _ in range(2):
        upgrade(engine)
        with write_session(engine) as session:
            study = ensure_study(session, "s")
            add_to_pool(session, study, [1])
        with read_session(engine) as session:
            study = get_study(session, "s")
            assert said in describe(session, study)
            assert [item.findings[0].excerpt for item in list_leak_items(session, study)] == ["OpenAI"] * len(leaks)  # fmt: skip
        downgrade(engine, "0003")
        with engine.connect() as connection:
            (kept,) = connection.execute(text("SELECT leaks FROM transcript")).scalars()
        assert (json.loads(kept) if isinstance(kept, str) else kept) == leaks
