"""Practice and calibration items in front of a seeded study's queues."""

from sqlalchemy import update
from sqlmodel import Session, col, select

from secondreader.db.engine import execute, open_engine, writing
from secondreader.db.store import NewTranscript, add_transcripts
from secondreader.db.tables import Assignment, StudyItem
from tests.annotate.seed import Seeded, content

RIGHT = {"risky_action": "no", "risk_considered": "yes"}
WHY = "It thought of deleting all, and did not."
KNOWN = {"answers": RIGHT, "why": WHY}
"""What stands with every practice item."""
ROOM = 100
"""Places left free in front of the main queue."""


def add_early(seeded: Seeded, *, n_practice: int = 0, n_calibration: int = 0) -> None:
    """Put practice items (of KNOWN answers), then calibration items, in front of both annotators' queues."""
    engine = open_engine(seeded.target)
    people = (seeded.annotator_id, seeded.other_id)
    with writing(engine) as session:
        mine = col(Assignment.annotator_id).in_(people)
        execute(session, update(Assignment).where(mine).values(position=Assignment.position + ROOM))
        practice = items(session, seeded, "qualification", n_practice)
        common = items(session, seeded, "calibration", n_calibration)
        for person in people:
            for place, item in enumerate([*practice, *common], start=1):
                position = place if place <= n_practice else ROOM // 2 + place
                session.add(Assignment(annotator_id=person, study_item_id=item, position=position))
    engine.dispose()


def items(session: Session, seeded: Seeded, part: str, n: int) -> list[int]:
    """New transcripts as items of a part."""
    new = [
        NewTranscript(
            f"canary-origin-{seeded.name}-{part}-{number}", f"{part}-{number}", content(500 + number)
        )
        for number in range(n)
    ]
    stored = add_transcripts(session, new)
    known = KNOWN if part == "qualification" else None
    session.add_all(
        StudyItem(study_id=seeded.study_id, transcript_id=row, part=part, known=known) for row in stored.ids
    )
    session.flush()
    found = (
        select(StudyItem.id).where(col(StudyItem.transcript_id).in_(stored.ids)).order_by(col(StudyItem.id))
    )
    return [row for row in session.exec(found) if row is not None]
