"""Stores verdicts, and says what a judge has still to judge: transcripts that have text, as they were before redaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from secondreader.db.core.content import Content
from secondreader.db.core.engine import execute, insert_rows_returning_ids, select_columns
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import (
    StudyItem,
    Transcript,
    Verdict,
    utc_now,
)
from secondreader.db.core.text import make_storable, make_storable_or_none
from secondreader.db.transcripts.transcripts import CHUNK_SIZE, StoreResult, get_unredacted_content


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """One verdict of a judge to be stored."""

    transcript_id: int
    judge: str
    """The judge's name on screens and in reports, e.g. "gpt-x / risk.v1"."""
    judge_key: str
    """Hash over prompt, schema, model and parameters: two judges with one key are the same judge."""
    state: str
    """parsed, unparsed or error"""
    answers: dict[str, Any] = field(default_factory=dict)
    """Question id -> answer; empty unless parsed."""
    evidence: tuple[int, ...] = ()
    score: float | None = None
    rationale: str | None = None
    raw: str | None = None
    model: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    repeat: int = 1
    provenance: dict[str, Any] = field(default_factory=dict)
    run_id: int | None = None
    judge_prompt_id: int | None = None


def add_verdicts(session: Session, new: Iterable[NewVerdict]) -> StoreResult:
    """Store verdicts; one of the same transcript, judge and repeat, stored or earlier in `new`, adds nothing."""
    verdicts = list(new)
    ids = find_stored_verdicts(session, sorted({verdict.transcript_id for verdict in verdicts}))
    rows: dict[tuple[int, str, int], dict[str, Any]] = {}
    for verdict in verdicts:
        # a file may hold one verdict twice
        if get_verdict_key(verdict) not in ids and get_verdict_key(verdict) not in rows:
            rows[get_verdict_key(verdict)] = build_verdict_row(verdict)
    new_ids = insert_rows_returning_ids(session, Verdict, list(rows.values()))
    ids |= dict(zip(rows, new_ids, strict=True))
    return StoreResult(
        len(rows), len(verdicts) - len(rows), tuple(ids[get_verdict_key(verdict)] for verdict in verdicts)
    )


def get_verdict_key(verdict: NewVerdict) -> tuple[int, str, int]:
    """What makes a verdict the same verdict."""
    # by key, not by name: another threshold or prompt under one name is another judge
    return verdict.transcript_id, verdict.judge_key, verdict.repeat


def find_stored_verdicts(session: Session, transcript_ids: Sequence[int]) -> dict[tuple[int, str, int], int]:
    """Ids of the stored verdicts on these transcripts, by `get_verdict_key`."""
    stored: dict[tuple[int, str, int], int] = {}
    for start in range(0, len(transcript_ids), CHUNK_SIZE):
        statement = select_columns(
            Verdict.transcript_id, Verdict.judge_key, Verdict.repeat, Verdict.id
        ).where(col(Verdict.transcript_id).in_(transcript_ids[start : start + CHUNK_SIZE]))
        stored.update(
            {
                (transcript_id, key, repeat): row_id
                for transcript_id, key, repeat, row_id in execute(session, statement)
            }
        )
    return stored


def build_verdict_row(new: NewVerdict) -> dict[str, Any]:
    """The row of a new verdict."""
    return {
        "transcript_id": new.transcript_id,
        "run_id": new.run_id,
        "judge_prompt_id": new.judge_prompt_id,
        "judge": make_storable(new.judge),
        "judge_key": new.judge_key,
        "model": make_storable_or_none(new.model),
        "parameters": new.parameters,
        "repeat": new.repeat,
        "state": new.state,
        "answers": new.answers,
        "evidence": list(new.evidence),
        "score": new.score,
        "rationale": make_storable_or_none(new.rationale),
        "raw": make_storable_or_none(new.raw),
        "provenance": new.provenance,
        "created_at": utc_now(),
    }


def find_judged_ids(session: Session, judge_key: str, repeat: int = 1) -> set[int]:
    """Transcripts that this judge has read already."""
    statement = select_columns(Verdict.transcript_id).where(
        col(Verdict.judge_key) == judge_key, col(Verdict.repeat) == repeat
    )
    return set(execute(session, statement).scalars())


@dataclass(frozen=True, slots=True)
class JudgeableTranscripts:
    """The transcripts of a study, by whether there is something to read."""

    ids: tuple[int, ...]
    """Transcripts with text, in the pool's order."""
    n_without_text: int
    """Transcripts of which only verdicts or labels are known."""


def find_judgeable_transcripts(
    session: Session, study: StudyRecord, *, drawn_only: bool = False
) -> JudgeableTranscripts:
    """The study's transcripts, or only those sampled for labelling."""
    statement = (
        select_columns(Transcript.id, col(Transcript.content).is_not(None))
        .join(StudyItem, col(StudyItem.transcript_id) == col(Transcript.id))
        .where(col(StudyItem.study_id) == study.id)
        .order_by(col(StudyItem.id))
    )
    if drawn_only:
        statement = statement.where(col(StudyItem.inclusion_probability).is_not(None))
    rows = execute(session, statement).all()
    ids = tuple(row_id for row_id, has_text in rows if has_text)
    return JudgeableTranscripts(ids, len(rows) - len(ids))


def load_original_content(session: Session, transcript_id: int) -> Content | None:
    """One transcript as it was before redaction; None where it has no text."""
    row = session.exec(select(Transcript).where(Transcript.id == transcript_id)).first()
    return get_unredacted_content(row) if row else None
