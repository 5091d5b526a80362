"""Which transcripts the leak scan has looked at, when, by which version of it, and what it found; the latest scan counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from secondreader.db.core.content import Content
from secondreader.db.core.engine import execute, insert_rows, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import LeakScan, StudyItem, Transcript, utc_now
from secondreader.db.core.text import make_storable


@dataclass(frozen=True, slots=True)
class LeakScanResult:
    """What one version of the scan found in one transcript."""

    version: str
    findings: tuple[dict[str, Any], ...] = ()
    """Kind, location, words and whether annotators see a mark instead."""


@dataclass(frozen=True, slots=True)
class StoredScan:
    """A transcript's latest scan."""

    version: str | None
    """None: the scan ran before its versions were recorded."""
    scanned_at: datetime
    findings: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ScanGroup:
    """Transcripts whose latest scan was of one version."""

    version: str | None
    """None: the scan ran before its versions were recorded."""
    n_transcripts: int
    first_at: datetime
    last_at: datetime

    @property
    def sentence(self) -> str:
        """How many, when, by which version."""
        days = dict.fromkeys((f"{self.first_at:%Y-%m-%d}", f"{self.last_at:%Y-%m-%d}"))
        when = f"{' to '.join(days)} (UTC)"
        if self.version is None:
            return f"{self.n_transcripts:,} scanned before versions were recorded, {when}"
        return f"{self.n_transcripts:,} scanned by version {self.version} of the scan, {when}"


@dataclass(frozen=True, slots=True)
class ScanCoverage:
    """How much of a study's text was scanned for leaks."""

    groups: tuple[ScanGroup, ...]
    n_unscanned: int
    """Transcripts with text that no scan has looked at."""

    @property
    def n_scanned(self) -> int:
        """Transcripts that some version of the scan has looked at."""
        return sum(group.n_transcripts for group in self.groups)

    @property
    def sentence(self) -> str:
        """The coverage in words."""
        parts = [group.sentence for group in self.groups]
        if self.n_unscanned:
            parts.append(f"{self.n_unscanned:,} not scanned")
        return f"Transcripts with text: {'; '.join(parts) or 'none'}."


@dataclass(frozen=True, slots=True)
class UnscannedTranscript:
    """What a scan needs to know of a stored transcript."""

    transcript_id: int
    content: Content
    hidden: dict[str, Any]
    model: str | None


def add_leak_scans(session: Session, results: Mapping[int, LeakScanResult]) -> None:
    """Store what scans found, by transcript id."""
    now = utc_now()
    rows = [
        {
            "transcript_id": transcript_id,
            "version": make_storable(result.version),
            "findings": list(result.findings),
            "n_findings": len(result.findings),
            "scanned_at": now,
        }
        for transcript_id, result in results.items()
    ]
    insert_rows(session, LeakScan, rows)


def count_scans(session: Session, study: StudyRecord) -> ScanCoverage:
    """How many of the study's transcripts were scanned, when, and by which version."""
    rows = execute(
        session,
        join_latest_scans(select_columns(LeakScan.version, LeakScan.scanned_at), study.id).where(
            col(Transcript.has_text)
        ),
    )
    return summarize_scans(StoredScan(version, at, []) if at else None for version, at in rows)


def join_latest_scans(statement: Select[Any], study_id: int | None) -> Select[Any]:
    """The statement over each transcript of the study's pool, with the transcript's latest scan where it has one."""
    scan = aliased(LeakScan)
    # The latest is that of the highest id: ids only grow, whatever the clocks said. It is asked for each transcript, by the
    # index: a list of all latest ids would be searched whole for each transcript again.
    latest = select_columns(func.max(scan.id)).where(col(scan.transcript_id) == col(Transcript.id))
    return (
        statement.select_from(StudyItem)
        .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
        .outerjoin(LeakScan, col(LeakScan.id) == latest.correlate(Transcript).scalar_subquery())
        .where(col(StudyItem.study_id) == study_id)
    )


def summarize_scans(scans: Iterable[StoredScan | None]) -> ScanCoverage:
    """The coverage of transcripts with text, from each one's latest scan."""
    times: dict[str | None, list[datetime]] = {}
    n_unscanned = 0
    for scan in scans:
        if scan is None:
            n_unscanned += 1
        else:
            times.setdefault(scan.version, []).append(scan.scanned_at)
    groups = [ScanGroup(version, len(at), min(at), max(at)) for version, at in times.items()]
    return ScanCoverage(tuple(sorted(groups, key=lambda group: group.last_at)), n_unscanned)


def load_unscanned(session: Session, study: StudyRecord, limit: int) -> Sequence[UnscannedTranscript]:
    """At most `limit` of the study's transcripts that no scan has looked at, as annotators see them."""
    rows = execute(
        session,
        select_columns(Transcript.id, Transcript.content, Transcript.hidden, Transcript.model)
        .join(StudyItem, col(StudyItem.transcript_id) == col(Transcript.id))
        .where(
            col(StudyItem.study_id) == study.id,
            col(Transcript.has_text),
            col(Transcript.id).not_in(select_columns(LeakScan.transcript_id)),
        )
        .order_by(col(Transcript.id))
        .limit(limit),
    )
    return [
        UnscannedTranscript(row_id, Content.model_validate_json(text), hidden, model)
        for row_id, text, hidden, model in rows
    ]
