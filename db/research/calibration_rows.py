"""The readings of calibration items in the long frame: as given blind, or as they stand now."""

from typing import Any, Literal

from sqlmodel import Session, col, select

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.tables import Annotator, Assignment, Label, Study, StudyItem, Transcript
from secondreader.db.desk.calibration_round import list_blind_ratings
from secondreader.db.research.items import ItemRecord, build_slice_columns
from secondreader.db.research.ratings import build_label_frame_row

NormingMoment = Literal["before", "after"]


def load_norming_rows(
    session: Session, study: Study, question: str = "risky_action", when: NormingMoment = "before"
) -> list[dict[str, Any]]:
    """The readings of calibration items in the long frame's columns: as given blind, or as they stand now."""
    facts = load_norming_item_records(session, study)
    names = dict(
        execute(
            session, select_columns(Annotator.id, Annotator.name).where(col(Annotator.study_id) == study.id)
        ).all()
    )
    if when == "before":
        labels = list_blind_ratings(session, list(facts))
    else:
        labels = load_latest_ratings(session, list(facts))
    by_transcript = {one.transcript_id: one for one in facts.values()}
    rows = [
        build_label_frame_row(
            (names[label.annotator_id], label), by_transcript[label.transcript_id], question, "desk"
        )
        for label in labels
    ]
    return [row for row in rows if row is not None]


def load_latest_ratings(session: Session, study_item_ids: list[int]) -> list[Label]:
    """The latest label of each reader on these items."""
    rows = session.exec(
        select(Label)
        .join(Assignment, col(Assignment.id) == col(Label.assignment_id))
        .where(col(Assignment.study_item_id).in_(study_item_ids))
        .order_by(col(Label.revision))
    )
    return list({(label.annotator_id, label.transcript_id): label for label in rows}.values())


def load_norming_item_records(session: Session, study: Study) -> dict[int, ItemRecord]:
    """What is known of each calibration item, by its id; inclusion probability 1, as all of them are read."""
    rows = execute(
        session,
        select_columns(
            StudyItem.id,
            Transcript.public_id,
            Transcript.id,
            Transcript.cluster,
            Transcript.model,
            Transcript.condition,
            Transcript.attributes,
        )
        .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
        .where(col(StudyItem.study_id) == study.id, col(StudyItem.part) == "calibration")
        .order_by(col(StudyItem.id)),
    )
    return {
        row_id: ItemRecord(
            item, transcript, cluster, None, 1.0, build_slice_columns(model, condition, attributes)
        )
        for row_id, item, transcript, cluster, model, condition, attributes in rows
    }
