"""The one way in for transcripts: runs, imports, the sample and scenario reviews all pass the leak scan here.

Nothing else stores a transcript, so a transcript that annotators may read was scanned, and it is on record by which
version of the scan.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NewType

from secondreader.db.core.audit_log import append_event
from secondreader.db.core.engine import DatabaseSession
from secondreader.db.core.records import StudyRecord
from secondreader.db.transcripts.leak_scans import LeakScanResult, add_leak_scans, load_unscanned
from secondreader.db.transcripts.transcripts import CHUNK_SIZE, NewTranscript, StoreResult, add_transcripts
from secondreader.runner.intake.leak_scan import SCAN_VERSION, find_leaks, redact_content

# A type of its own: the type checker refuses to store what has not been scanned.
ScannedTranscript = NewType("ScannedTranscript", NewTranscript)


def scan_transcript(new: NewTranscript, *, redact: bool = False) -> ScannedTranscript:
    """The transcript with what the leak scan found, and with marks in its place if wanted; without text, as it is."""
    if new.content is None:
        return ScannedTranscript(new)
    leaks = find_leaks(new.content, new.hidden, new.model)
    scan = LeakScanResult(SCAN_VERSION, tuple(leak.to_row(redact) for leak in leaks))
    if not (leaks and redact):
        return ScannedTranscript(replace(new, leak_scan=scan))
    marked = redact_content(new.content, new.hidden, new.model)
    return ScannedTranscript(replace(new, content=marked, original=new.content, leak_scan=scan))


def has_leaks(scanned: ScannedTranscript) -> bool:
    """Whether the scan found something."""
    return scanned.leak_scan is not None and bool(scanned.leak_scan.findings)


def store_scanned(session: DatabaseSession, scanned: Sequence[ScannedTranscript]) -> StoreResult:
    """Store scanned transcripts whose origin key is new; the others stay as they are."""
    return add_transcripts(session, scanned)


def scan_stored(session: DatabaseSession, study: StudyRecord, *, actor: str) -> int:
    """Scan the study's transcripts that no scan has looked at, on record; returns how many there were.

    Only runs of earlier versions are of the kind. What they hold cannot be redacted any more, but excluded.
    """
    n_scanned = 0
    # in parts: a pool may be larger than the memory
    while chunk := load_unscanned(session, study, CHUNK_SIZE):
        found = {row.transcript_id: find_leaks(row.content, row.hidden, row.model) for row in chunk}
        add_leak_scans(
            session,
            {
                row_id: LeakScanResult(SCAN_VERSION, tuple(leak.to_row(redacted=False) for leak in leaks))
                for row_id, leaks in found.items()
            },
        )
        n_scanned += len(chunk)
    if n_scanned:
        append_event(
            session, actor, "leaks scanned", f"study {study.id}", transcripts=n_scanned, version=SCAN_VERSION
        )
    return n_scanned
