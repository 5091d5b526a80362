"""What the researcher's side keeps and lists: reports on record, with what went in, and the studies there are."""

from typing import Any

from sqlmodel import Session, col, select

from secondreader.db.core.audit_log import RESEARCHER, append_event
from secondreader.db.core.content import Content
from secondreader.db.core.hashing import format_canonical_json
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Label, Report, Study, Transcript


def save_report(
    session: Session,
    study: StudyRecord,
    inputs_hash: str,
    inputs: dict[str, Any],
    results: dict[str, Any],
    *,
    actor: str = RESEARCHER,
) -> int:
    """Keep a report and return its id; one with the same inputs and results stays as it is."""
    earlier = session.exec(
        select(Report)
        .where(Report.study_id == study.id, Report.inputs_hash == inputs_hash)
        .order_by(col(Report.id).desc())
    ).first()
    if earlier is not None and earlier.id is not None and earlier.results == results:
        return earlier.id
    row = Report(study_id=study.id, inputs_hash=inputs_hash, inputs=inputs, results=results)
    session.add(row)
    session.flush()
    assert row.id is not None
    append_event(session, actor, "report exported", f"study {study.id}", inputs=inputs_hash)
    return row.id


def list_study_names(session: Session) -> list[str]:
    """Every study's name, the newest study first."""
    return list(session.exec(select(Study.name).order_by(col(Study.id).desc())))


def load_labelled_texts(session: Session, study: StudyRecord) -> dict[str, str]:
    """The words of every labelled transcript of a study, by public id: what was said, reasoned, called and answered."""
    rows = session.exec(
        select(Transcript.public_id, Transcript.content)
        .join(Label, col(Label.transcript_id) == col(Transcript.id))
        .where(Label.study_id == study.id, col(Transcript.content).is_not(None))
        .distinct()
    )
    return {
        item: join_transcript_text(Content.model_validate_json(content)) for item, content in rows if content
    }


def join_transcript_text(content: Content) -> str:
    """A transcript's messages as one text."""
    parts: list[str] = []
    for message in content.messages:
        parts += [message.text, message.reasoning or ""]
        parts += [
            f"{call.name} {call.raw or format_canonical_json(call.arguments)}" for call in message.tool_calls
        ]
    return "\n".join(part for part in parts if part)
