"""Questions that an import asks about what is stored already."""

from collections.abc import Iterator, Sequence

from sqlmodel import Session, col

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.study_errors import get_study_id
from secondreader.db.core.tables import Study, StudyItem, Transcript
from secondreader.db.transcripts.store import CHUNK_SIZE


def load_content_hashes(session: Session, ids: Sequence[int]) -> dict[int, str | None]:
    """Hash of each stored transcript's text, as it was before redaction."""
    found: dict[int, str | None] = {}
    for start in range(0, len(ids), CHUNK_SIZE):
        statement = select_columns(Transcript.id, Transcript.content_hash).where(
            col(Transcript.id).in_(ids[start : start + CHUNK_SIZE])
        )
        found.update({row_id: hashed for row_id, hashed in execute(session, statement)})
    return found


def list_pool_keys(session: Session, study: Study) -> Iterator[str]:
    """Origin keys of the transcripts in the study's pool."""
    statement = (
        select_columns(Transcript.origin_key)
        .join(StudyItem, col(StudyItem.transcript_id) == Transcript.id)
        .where(col(StudyItem.study_id) == get_study_id(study))
    )
    yield from execute(session, statement).scalars()
