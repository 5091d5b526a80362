"""Exported reports on record: what went in, by hash, and every figure that came out."""

from typing import Any

from sqlmodel import Session, col, select

from secondreader.db.audit import append_event
from secondreader.db.studies import study_id_of
from secondreader.db.tables import Report, Study


def save_report(
    session: Session, study: Study, inputs_hash: str, inputs: dict[str, Any], results: dict[str, Any]
) -> int:
    """Keep a report and return its id; one with the same inputs and results stays as it is."""
    earlier = session.exec(
        select(Report)
        .where(Report.study_id == study_id_of(study), Report.inputs_hash == inputs_hash)
        .order_by(col(Report.id).desc())
    ).first()
    if earlier is not None and earlier.id is not None and earlier.results == results:
        return earlier.id
    row = Report(study_id=study_id_of(study), inputs_hash=inputs_hash, inputs=inputs, results=results)
    session.add(row)
    session.flush()
    assert row.id is not None
    append_event(session, "researcher", "report exported", f"study {study.id}", inputs=inputs_hash)
    return row.id
