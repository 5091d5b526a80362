"""What the leak scan found in a study's transcripts, and what a person decided about it before the draw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from secondreader.db.core.audit_log import append_event
from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.records import StudyRecord, reload_study
from secondreader.db.core.tables import LeakReview, LeakScan, StudyItem, Transcript
from secondreader.db.core.text import make_storable
from secondreader.db.transcripts.leak_scans import ScanCoverage, join_latest_scans

ACCEPTED, EXCLUDED = "accepted", "excluded"
UNDECIDED = "undecided"
LEAK_DECISIONS = (ACCEPTED, EXCLUDED)
LEAK_COLUMNS = ("transcript", "scenario", "kind", "where", "excerpt", "redacted", "decision")


class LeakReviewError(Exception):
    """A decision on a leak that cannot be taken, in one sentence."""


@dataclass(frozen=True, slots=True)
class LeakFinding:
    """One passage that may tell which model wrote a transcript, or how somebody judged it."""

    kind: str
    where: str
    excerpt: str
    """The words themselves; they come from outside."""
    redacted: bool
    """Whether annotators see a mark instead."""
    before: str = ""
    """What stands before the words."""
    after: str = ""


@dataclass(frozen=True, slots=True)
class LeakDecision:
    """What a person decided about one transcript."""

    decision: str
    """accepted or excluded"""
    actor: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class LeakItem:
    """A transcript of the pool in which something was found."""

    item: str
    """Its public id."""
    transcript_id: int
    cluster: str
    findings: tuple[LeakFinding, ...]
    review: LeakDecision | None
    """The latest decision; None where nobody has decided."""

    @property
    def is_redacted(self) -> bool:
        """Whether nothing of what was found can be read."""
        return all(finding.redacted for finding in self.findings)

    @property
    def state(self) -> str:
        """accepted, excluded, redacted (nothing left to decide) or undecided."""
        if self.review is not None:
            return self.review.decision
        # what nobody can read any more needs no decision
        return "redacted" if self.is_redacted else UNDECIDED


@dataclass(frozen=True, slots=True)
class LeakCounts:
    """The leak review of a study in numbers."""

    n_findings: int
    n_redacted: int
    """Findings that annotators see as a mark."""
    n_transcripts: int
    """Transcripts with at least one finding."""
    n_accepted: int
    """Transcripts, as the following ones."""
    n_excluded: int
    n_undecided: int
    coverage: ScanCoverage
    """How many transcripts were scanned at all."""

    @property
    def sentence(self) -> str:
        """The coverage and the counts in words."""
        if not self.n_transcripts:
            # "found nothing" would be a claim about transcripts that nobody has looked at
            found = "The leak scan found nothing in those it has read." if self.coverage.n_scanned else ""
            return f"{self.coverage.sentence} {found}".strip()
        return (
            f"{self.coverage.sentence} Findings of the leak scan: {self.n_findings:,}, of them {self.n_redacted:,} "
            f"redacted; transcripts with findings: {self.n_transcripts:,}, of them {self.n_accepted:,} accepted, "
            f"{self.n_excluded:,} excluded and {self.n_undecided:,} undecided."
        )


def list_leak_items(session: Session, study: StudyRecord) -> list[LeakItem]:
    """Transcripts of the study in which the scan found something, in import order."""
    rows = execute(
        session,
        join_latest_scans(
            select_columns(Transcript.public_id, Transcript.id, Transcript.cluster, LeakScan.findings),
            study.id,
        )
        .where(col(LeakScan.n_findings) > 0)
        .order_by(col(StudyItem.id)),
    )
    reviews = load_latest_reviews(session, study.id)
    return [
        build_leak_item(item, row_id, cluster, findings, reviews.get(row_id))
        for item, row_id, cluster, findings in rows
    ]


def build_leak_item(
    item: str, transcript_id: int, cluster: str, findings: list[dict[str, Any]], review: LeakDecision | None
) -> LeakItem:
    """A transcript with what the scan stored for it."""
    return LeakItem(item, transcript_id, cluster, tuple(map(parse_leak_finding, findings)), review)


def parse_leak_finding(row: dict[str, Any]) -> LeakFinding:
    """A stored finding."""
    # findings of the first versions were stored without the words around them
    around = row.get("before", ""), row.get("after", "")
    return LeakFinding(row["kind"], row["where"], row["excerpt"], bool(row["redacted"]), *around)


def load_latest_reviews(session: Session, study_id: int | None) -> dict[int, LeakDecision]:
    """The decision that counts, by transcript."""
    rows = session.exec(
        # the last one of a transcript wins in the dict below
        select(LeakReview).where(LeakReview.study_id == study_id).order_by(col(LeakReview.id))
    )
    return {row.transcript_id: LeakDecision(row.decision, row.actor, row.created_at, row.why) for row in rows}


def find_excluded_transcripts(session: Session, study_id: int | None) -> set[int]:
    """Transcripts of a study that are left out of its draw and of its pool."""
    return select_excluded(load_latest_reviews(session, study_id))


def select_excluded(reviews: Mapping[int, LeakDecision]) -> set[int]:
    """The transcripts that their latest decision leaves out."""
    return {transcript for transcript, review in reviews.items() if review.decision == EXCLUDED}


def decide_leak(
    session: Session, study: StudyRecord, item: str, decision: str, *, actor: str, why: str
) -> None:
    """Keep or leave out one transcript, on record; the latest decision counts. Raises LeakReviewError."""
    if decision not in LEAK_DECISIONS:
        raise LeakReviewError(f"There is no decision {decision!r}; choose {' or '.join(LEAK_DECISIONS)}.")
    if not why.strip():
        raise LeakReviewError("A decision on a leak needs a reason.")
    # leaving an item out after the draw would change every inclusion probability
    if reload_study(session, study).frozen_at is not None:
        raise LeakReviewError(
            f"Study {study.name!r} is frozen: its draw is made, and a decision would come too late."
        )
    leak_item = next((leak for leak in list_leak_items(session, study) if leak.item == item), None)
    if leak_item is None:
        raise LeakReviewError(f"Nothing was found in a transcript {item!r} of study {study.name!r}.")
    session.add(
        LeakReview(
            study_id=study.id,
            transcript_id=leak_item.transcript_id,
            decision=decision,
            actor=actor,
            why=make_storable(why.strip()),
        )
    )
    session.flush()
    append_event(session, actor, f"leak {decision}", f"study {study.id}", transcript=item, why=why.strip())


def build_leak_rows(items: Iterable[LeakItem]) -> list[tuple[str, str, str, str, str, bool, str]]:
    """One row a finding, in the columns of LEAK_COLUMNS."""
    return [
        (item.item, item.cluster, finding.kind, finding.where, finding.excerpt, finding.redacted, item.state)
        for item in items
        for finding in item.findings
    ]


def count_leaks(items: Iterable[LeakItem], coverage: ScanCoverage) -> LeakCounts:
    """The counts of a report."""
    items = list(items)
    findings = [finding for item in items for finding in item.findings]
    states = [item.state for item in items]
    return LeakCounts(
        n_findings=len(findings),
        n_redacted=sum(finding.redacted for finding in findings),
        n_transcripts=len(items),
        n_accepted=states.count(ACCEPTED),
        n_excluded=states.count(EXCLUDED),
        n_undecided=states.count(UNDECIDED),
        coverage=coverage,
    )
