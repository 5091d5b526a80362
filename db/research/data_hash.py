"""The hash of a study's data: same hash, same figures."""

from sqlmodel import Session

from secondreader.db.core.errors import get_study_id
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.tables import Study
from secondreader.db.research.adjudication_outcomes import load_adjudicated_answers
from secondreader.db.research.items import load_item_records
from secondreader.db.research.ratings import load_latest_labels, load_study_verdicts


def compute_data_hash(session: Session, study: Study) -> str:
    """SHA-256 over all that the figures of a study are computed from: items, latest labels, verdicts, adjudications."""
    get_study_id(study)
    facts = {one.transcript_id: one for one in load_item_records(session, study)}
    labels = [
        [name, facts[label.transcript_id].item, label.pass_no, label.answers]
        for name, label in load_latest_labels(session, study)
        if label.transcript_id in facts
    ]
    verdicts = [
        [one.judge_key, facts[one.transcript_id].item, one.state, one.answers]
        for one in load_study_verdicts(session, study)
        if one.transcript_id in facts
    ]
    items = [
        [one.item, one.cluster, one.stratum, one.inclusion_probability, one.slices] for one in facts.values()
    ]
    questions = [question["id"] for question in study.codebook["questions"]]
    adjudicated = [[question, load_adjudicated_answers(session, study, question)] for question in questions]
    return compute_content_hash(
        [study.codebook_hash, sorted(items), sorted(labels, key=str), verdicts, adjudicated]
    )
