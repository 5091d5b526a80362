"""Writes what runs, judges and imports produce. Everything here may be repeated: a second time adds nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session, col, select

from secondreader.db.core.canonical import compute_content_hash, make_storable
from secondreader.db.core.content import Content
from secondreader.db.core.engine import execute, insert_rows_returning_ids, select_columns
from secondreader.db.core.tables import (
    JudgePrompt,
    Run,
    Scenario,
    Transcript,
    Verdict,
    generate_public_id,
    utc_now,
)

CHUNK_SIZE = 500
"""Rows looked up at once: SQLite allows 32,766 parameters, PostgreSQL 65,535."""


@dataclass(frozen=True, slots=True)
class NewTranscript:
    """One attempt to be stored."""

    origin_key: str
    """Says where it came from, uniquely: a second import of the same key adds nothing."""
    cluster: str
    """The scenario, for the statistics: transcripts of one cluster are not independent."""
    content: Content | None
    """None where only verdicts or labels of it are known; such a transcript cannot be labelled."""
    original: Content | None = None
    """What stood there before redaction, where it differs from `content`."""
    model: str | None = None
    condition: dict[str, Any] = field(default_factory=dict)
    """protocol, persona, framing, mitigation"""
    attempt: int = 1
    provenance: dict[str, Any] = field(default_factory=dict)
    """Seeds, parameters, tokens, cost, file and row: for the record, never shown at the desk."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """Slice columns: motive, risk_type, tool, turns, ... Scalars only."""
    hidden: dict[str, Any] = field(default_factory=dict)
    """Stripped from the source because it would give the reading away."""
    leaks: tuple[dict[str, Any], ...] = ()
    """What the leak scan found: kind, message index, excerpt, whether redacted."""
    run_id: int | None = None
    scenario_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """One reading by a judge to be stored."""

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


@dataclass(frozen=True, slots=True)
class StoreResult:
    """What a write did."""

    n_added: int
    n_known: int
    """Rows that were there before and stayed as they were."""
    ids: tuple[int, ...] = ()
    """Ids in the order given, known ones included."""


def find_stored_ids(session: Session, keys: Sequence[str]) -> dict[str, int]:
    """Transcript ids by origin key, for those of `keys` that are stored."""
    stored: dict[str, int] = {}
    plain = [make_storable(key) for key in keys]
    for start in range(0, len(plain), CHUNK_SIZE):
        statement = select_columns(Transcript.origin_key, Transcript.id).where(
            col(Transcript.origin_key).in_(plain[start : start + CHUNK_SIZE])
        )
        stored.update({key: row_id for key, row_id in execute(session, statement)})
    return {key: stored[as_stored] for key, as_stored in zip(keys, plain, strict=True) if as_stored in stored}


def add_transcripts(session: Session, new: Iterable[NewTranscript]) -> StoreResult:
    """Store transcripts whose origin key is new; the others, and a key's second time in `new`, add nothing."""
    wanted = [replace(one, origin_key=make_storable(one.origin_key)) for one in new]
    ids = find_stored_ids(session, [one.origin_key for one in wanted])
    rows: dict[str, dict[str, Any]] = {}
    for one in wanted:
        if one.origin_key not in ids and one.origin_key not in rows:
            rows[one.origin_key] = build_transcript_row(one)
    new_ids = insert_rows_returning_ids(session, Transcript, list(rows.values()))
    ids |= dict(zip(rows, new_ids, strict=True))
    return StoreResult(len(rows), len(wanted) - len(rows), tuple(ids[one.origin_key] for one in wanted))


def make_storable_or_none(text: str | None) -> str | None:
    """`plain_text` where there is any."""
    return None if text is None else make_storable(text)


def list_called_tools(content: Content | None) -> dict[str, str]:
    """The attribute `tools`: names of the tools that the agent called, each once; none where it called none.

    White space in a name would split it where the names are read again.
    """
    calls = [call.name for message in content.messages for call in message.tool_calls] if content else []
    names = sorted({"_".join(make_storable(name).replace(",", " ").split()) for name in calls} - {""})
    return {"tools": ", ".join(names)} if names else {}


def build_transcript_row(new: NewTranscript) -> dict[str, Any]:
    """The row of a new transcript. The content hash is that of the original."""
    original = new.original or new.content
    return {
        "public_id": generate_public_id(),
        "origin_key": new.origin_key,
        "run_id": new.run_id,
        "scenario_id": new.scenario_id,
        "cluster": make_storable(new.cluster),
        "content": new.content.to_json() if new.content else None,
        "original": new.original.to_json() if new.original and new.original != new.content else None,
        "content_hash": original.compute_hash() if original else None,
        "model": make_storable_or_none(new.model),
        "condition": new.condition,
        "attempt": new.attempt,
        "provenance": new.provenance,
        "attributes": list_called_tools(new.content) | new.attributes,
        "hidden": new.hidden,
        "leaks": list(new.leaks),
        "created_at": utc_now(),
    }


def add_verdicts(session: Session, new: Iterable[NewVerdict]) -> StoreResult:
    """Store verdicts; one of the same transcript, judge and repeat, stored or earlier in `new`, adds nothing."""
    wanted = list(new)
    ids = find_stored_verdicts(session, sorted({one.transcript_id for one in wanted}))
    rows: dict[tuple[int, str, int], dict[str, Any]] = {}
    for one in wanted:
        if get_verdict_key(one) not in ids and get_verdict_key(one) not in rows:
            rows[get_verdict_key(one)] = build_verdict_row(one)
    new_ids = insert_rows_returning_ids(session, Verdict, list(rows.values()))
    ids |= dict(zip(rows, new_ids, strict=True))
    return StoreResult(len(rows), len(wanted) - len(rows), tuple(ids[get_verdict_key(one)] for one in wanted))


def get_verdict_key(verdict: NewVerdict) -> tuple[int, str, int]:
    """What makes a verdict the same verdict."""
    return verdict.transcript_id, verdict.judge_key, verdict.repeat


def find_stored_verdicts(session: Session, transcript_ids: Sequence[int]) -> dict[tuple[int, str, int], int]:
    """Ids of the stored verdicts on these transcripts, by `get_verdict_key`."""
    found: dict[tuple[int, str, int], int] = {}
    for start in range(0, len(transcript_ids), CHUNK_SIZE):
        statement = select_columns(
            Verdict.transcript_id, Verdict.judge_key, Verdict.repeat, Verdict.id
        ).where(col(Verdict.transcript_id).in_(transcript_ids[start : start + CHUNK_SIZE]))
        found.update({(one, key, repeat): row_id for one, key, repeat, row_id in execute(session, statement)})
    return found


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


def ensure_run(session: Session, kind: str, name: str, config: dict[str, Any]) -> Run:
    """The run of this kind and configuration; made if it is new. `config` must hold no secret."""
    config_hash = compute_content_hash([kind, name, config])
    run = session.exec(select(Run).where(Run.config_hash == config_hash)).first()
    if run is None:
        run = Run(kind=kind, name=name, config=config, config_hash=config_hash)
        session.add(run)
        session.flush()
    return run


def ensure_scenario(session: Session, pack: str, body: dict[str, Any]) -> Scenario:
    """This version of a scenario (`body` has key, title, motive and risk_types at least); made if it is new."""
    fingerprint = compute_content_hash(body)
    row = session.exec(
        select(Scenario).where(Scenario.key == body["key"], Scenario.content_hash == fingerprint)
    ).first()
    if row is None:
        row = Scenario(
            key=body["key"],
            pack=pack,
            title=body["title"],
            motive=body["motive"],
            risk_types=body["risk_types"],
            body=body,
            content_hash=fingerprint,
        )
        session.add(row)
        session.flush()
    return row


def ensure_judge_prompt(
    session: Session, name: str, version: str, fingerprint: str, text: str
) -> JudgePrompt:
    """This version of a judge prompt; made if it is new."""
    row = session.exec(select(JudgePrompt).where(JudgePrompt.content_hash == fingerprint)).first()
    if row is None:
        row = JudgePrompt(name=name, version=version, content_hash=fingerprint, text=text)
        session.add(row)
        session.flush()
    return row


def find_judged_ids(session: Session, judge_key: str, repeat: int = 1) -> set[int]:
    """Transcripts that this judge has read already."""
    statement = select_columns(Verdict.transcript_id).where(
        col(Verdict.judge_key) == judge_key, col(Verdict.repeat) == repeat
    )
    return set(execute(session, statement).scalars())


def get_unredacted_content(transcript: Transcript) -> Content | None:
    """The transcript as it was before redaction: for judges and researchers, never for annotators."""
    text = transcript.original or transcript.content
    return Content.model_validate_json(text) if text else None
