"""A study's pool: which transcripts stand in it, and what an import asks about them."""

from collections.abc import Iterable, Iterator, Sequence

from sqlmodel import Session, col

from secondreader.db.core.engine import execute, insert_rows, select_columns
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import StudyRecord, reload_study
from secondreader.db.core.tables import StudyItem, Transcript
from secondreader.db.transcripts.transcripts import CHUNK_SIZE


def add_to_pool(session: Session, study: StudyRecord, transcript_ids: Iterable[int]) -> int:
    """Put transcripts into the study's pool; returns how many were new. Raises StudyError once it is frozen."""
    known = set(
        execute(
            session, select_columns(StudyItem.transcript_id).where(col(StudyItem.study_id) == study.id)
        ).scalars()
    )
    # a dict keeps the order of the import, which is that of every list of the pool
    new = [transcript_id for transcript_id in dict.fromkeys(transcript_ids) if transcript_id not in known]
    # importing again what is there already stays possible: it adds verdicts
    if new and reload_study(session, study).frozen_at is not None:
        raise StudyError(f"Study {study.name!r} is frozen; import into a new study instead.")
    # every column by name: rows that are stored in bulk get no defaults from the class
    undrawn = {
        "stratum": None,
        "inclusion_probability": None,
        "is_drawn": False,
        "part": "pool",
        "known": None,
    }
    insert_rows(
        session,
        StudyItem,
        [{"study_id": study.id, "transcript_id": transcript_id, **undrawn} for transcript_id in new],
    )
    return len(new)


def load_content_hashes(session: Session, ids: Sequence[int]) -> dict[int, str | None]:
    """Hash of each stored transcript's text, as it was before redaction."""
    hashes: dict[int, str | None] = {}
    for start in range(0, len(ids), CHUNK_SIZE):
        statement = select_columns(Transcript.id, Transcript.content_hash).where(
            col(Transcript.id).in_(ids[start : start + CHUNK_SIZE])
        )
        hashes.update({row_id: hashed for row_id, hashed in execute(session, statement)})
    return hashes


def list_pool_keys(session: Session, study: StudyRecord) -> Iterator[str]:
    """Origin keys of the transcripts in the study's pool."""
    statement = (
        select_columns(Transcript.origin_key)
        .join(StudyItem, col(StudyItem.transcript_id) == Transcript.id)
        .where(col(StudyItem.study_id) == study.id)
    )
    yield from execute(session, statement).scalars()
