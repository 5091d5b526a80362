"""Studies by name, their status and the people in them."""

from sqlmodel import Session, select

from secondreader.db.core.audit_log import RESEARCHER, append_event
from secondreader.db.core.codebook import (
    Codebook,
    load_default_codebook,
    load_default_guideline,
)
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import StudyRecord, find_study, reload_study, update_study
from secondreader.db.core.tables import Annotator, Study


def get_study(session: Session, name: str) -> StudyRecord:
    """The study of this name. Raises StudyError."""
    study = find_study(session, name)
    if study is None:
        names = sorted(session.exec(select(Study.name)))
        there = f"there are: {', '.join(names)}" if names else "there are none yet"
        raise StudyError(f"There is no study {name!r}; {there}.")
    return study


def ensure_study(
    session: Session,
    name: str,
    *,
    title: str | None = None,
    notice: str = "",
    codebook: Codebook | None = None,
    guideline: str | None = None,
    actor: str = RESEARCHER,
) -> StudyRecord:
    """The study of this name; a new draft if there is none. Annotators see `title` and `notice`, never `name`."""
    if (known := find_study(session, name)) is not None:
        return known
    book = codebook or load_default_codebook()
    session.add(
        Study(
            name=name,
            title=title or "Reading transcripts",
            notice=notice,
            codebook=book.model_dump(mode="json"),
            codebook_hash=book.compute_hash(),
            guideline=guideline or load_default_guideline(),
        )
    )
    study = get_study(session, name)
    append_event(session, actor, "study created", f"study {study.id}", codebook=study.codebook_hash)
    return study


def ensure_annotator(
    session: Session,
    study: StudyRecord | None,
    name: str,
    role: str = "annotator",
    *,
    source: str = "desk",
    seed: int = 0,
) -> int:
    """Id of the person of this pseudonym in the study (None: a researcher of all studies); made if new.

    Raises StudyError for the pseudonym of somebody in another role.
    """
    study_id = study.id if study else None
    # a researcher has no study: SQLAlchemy makes IS NULL of the comparison with None
    known = select(Annotator).where(Annotator.study_id == study_id, Annotator.name == name)
    row = session.exec(known).first()
    if row is not None and row.role != role:
        raise StudyError(f"{name!r} is already the {row.role} of that name; choose another pseudonym.")
    if row is None:
        row = Annotator(study_id=study_id, name=name, role=role, source=source, order_seed=seed)
        session.add(row)
        session.flush()
    assert row.id is not None
    return row.id


def set_status(session: Session, study: StudyRecord, status: str, *, actor: str, why: str) -> None:
    """Open, pause or close a study, on record. Raises StudyError for a draft or an unknown status."""
    study = reload_study(session, study)
    if study.frozen_at is None or status not in {"open", "paused", "closed"}:
        raise StudyError("Only a frozen study can be opened, paused or closed.")
    # a label that comes after the comparison could have seen its result
    if study.unblinded_at is not None and status != "closed":
        raise StudyError(f"Study {study.name!r} is unblinded: it takes no more labels.")
    update_study(session, study, status=status)
    append_event(session, actor, f"study {status}", f"study {study.id}", why=why)
