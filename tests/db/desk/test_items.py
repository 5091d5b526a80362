"""What is shown of an item."""

import pytest
from sqlalchemy import Engine

from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import UnknownAssignment
from secondreader.db.core.tables import Assignment, StudyItem
from secondreader.db.design.studies import get_study
from secondreader.db.desk.items import load_blind_item
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts


def test_a_transcript_without_text_is_told_in_a_sentence(
    engine: Engine, blind: Engine, people: dict[str, int]
) -> None:
    """Of some imports only the verdicts are known: there is nothing to read in such an assignment."""
    with write_session(engine) as session:
        (textless_id,) = add_transcripts(session, [NewTranscript("bare", "c", None)]).ids
        item = StudyItem(study_id=get_study(session, "s").id or 0, transcript_id=textless_id)
        session.add(item)
        session.flush()
        assignment = Assignment(annotator_id=people["A1"], study_item_id=item.id or 0, position=99)
        session.add(assignment)
        session.flush()
        token = assignment.token
    with read_session(blind) as session, pytest.raises(UnknownAssignment, match="go back"):
        load_blind_item(session, people["A1"], token)
