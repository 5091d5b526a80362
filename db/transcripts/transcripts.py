"""Stores transcripts. Everything here may be repeated: a second time adds nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session, col

from secondreader.db.core.content import Content
from secondreader.db.core.engine import execute, insert_rows_returning_ids, select_columns
from secondreader.db.core.tables import (
    Transcript,
    generate_public_id,
    utc_now,
)
from secondreader.db.core.text import make_storable, make_storable_or_none
from secondreader.db.transcripts.leak_scans import LeakScanResult, add_leak_scans

CHUNK_SIZE = 500
"""Rows looked up at once: SQLite allows 32,766 parameters, PostgreSQL 65,535."""


@dataclass(frozen=True, slots=True)
class NewTranscript:
    """One attempt to be stored."""

    origin_key: str
    """Says where it came from, uniquely: a second import of the same key adds nothing, unless it is the first with text."""
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
    """Stripped from the source because it would give the answer away."""
    leak_scan: LeakScanResult | None = None
    """What the leak scan found; None where it has not looked."""
    run_id: int | None = None
    scenario_id: int | None = None

    @property
    def has_text(self) -> bool:
        """Whether there is something to read."""
        return self.content is not None


@dataclass(frozen=True, slots=True)
class StoreResult:
    """What a write did."""

    n_added: int
    n_known: int
    """Rows that were there before and stayed as they were."""
    ids: tuple[int, ...] = ()
    """Ids in the order given, known ones included."""


def find_stored_ids(session: Session, keys: Sequence[str], *, has_text: bool = True) -> dict[str, int]:
    """Transcript ids by origin key, for those of `keys` that are stored with text, or without."""
    stored: dict[str, int] = {}
    # as it is stored: a key with a NUL would never be found again
    plain = [make_storable(key) for key in keys]
    for start in range(0, len(plain), CHUNK_SIZE):
        statement = select_columns(Transcript.origin_key, Transcript.id).where(
            col(Transcript.origin_key).in_(plain[start : start + CHUNK_SIZE]),
            col(Transcript.has_text).is_(has_text),
        )
        stored.update({key: row_id for key, row_id in execute(session, statement)})
    return {key: stored[as_stored] for key, as_stored in zip(keys, plain, strict=True) if as_stored in stored}


def add_transcripts(session: Session, new: Iterable[NewTranscript]) -> StoreResult:
    """Store transcripts whose origin key is new; the others, and a key's second time in `new`, add nothing."""
    incoming = [replace(transcript, origin_key=make_storable(transcript.origin_key)) for transcript in new]
    ids = find_stored_twins(session, incoming)
    missing: dict[tuple[str, bool], NewTranscript] = {}
    for transcript in incoming:
        if (key := get_transcript_key(transcript)) not in ids:
            # one file may hold the same record twice
            missing.setdefault(key, transcript)
    rows = [build_transcript_row(transcript) for transcript in missing.values()]
    new_ids = dict(zip(missing, insert_rows_returning_ids(session, Transcript, rows), strict=True))
    scans = {new_ids[key]: new.leak_scan for key, new in missing.items() if new.leak_scan is not None}
    add_leak_scans(session, scans)
    ids |= new_ids
    return StoreResult(
        len(rows),
        len(incoming) - len(rows),
        tuple(ids[get_transcript_key(transcript)] for transcript in incoming),
    )


def get_transcript_key(transcript: NewTranscript) -> tuple[str, bool]:
    """What makes a transcript the same row."""
    return transcript.origin_key, transcript.has_text


def find_stored_twins(session: Session, new: Sequence[NewTranscript]) -> dict[tuple[str, bool], int]:
    """Ids of the transcripts that are stored already, by `get_transcript_key`."""
    return {
        (key, has_text): row_id
        for has_text in (True, False)
        for key, row_id in find_stored_ids(
            session,
            [transcript.origin_key for transcript in new if transcript.has_text is has_text],
            has_text=has_text,
        ).items()
    }


def list_called_tools(content: Content | None) -> dict[str, str]:
    """The attribute `tools`: names of the tools that the agent called, each once; none where it called none.

    White space in a name would split it where the names are read again.
    """
    calls = [call.name for message in content.messages for call in message.tool_calls] if content else []
    # a comma would split one tool's name into two slices
    names = sorted({"_".join(make_storable(name).replace(",", " ").split()) for name in calls} - {""})
    return {"tools": ", ".join(names)} if names else {}


def build_transcript_row(new: NewTranscript) -> dict[str, Any]:
    """The row of a new transcript. The content hash is that of the original."""
    # redaction may change between versions; the transcript stays the same one
    original = new.original or new.content
    return {
        "public_id": generate_public_id(),
        "origin_key": new.origin_key,
        "has_text": new.has_text,
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
        # what the import says of its tools wins over what the calls show
        "attributes": list_called_tools(new.content) | new.attributes,
        "hidden": new.hidden,
        "created_at": utc_now(),
    }


def get_unredacted_content(transcript: Transcript) -> Content | None:
    """The transcript as it was before redaction: for judges and researchers, never for annotators."""
    # only what redaction has changed has an original of its own
    text = transcript.original or transcript.content
    return Content.model_validate_json(text) if text else None
