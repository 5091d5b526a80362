"""The hash of a study's data: same hash, same figures."""

from collections.abc import Iterable, Sequence

from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.records import StudyRecord
from secondreader.db.research.adjudication_outcomes import DecisionRow, settle_answers
from secondreader.db.research.items import ItemRecord
from secondreader.db.research.ratings import LabelRow, VerdictRow


def compute_data_hash(
    study: StudyRecord,
    items: Sequence[ItemRecord],
    pool: Iterable[ItemRecord],
    latest: Iterable[LabelRow],
    verdicts: Iterable[VerdictRow],
    decisions: Sequence[DecisionRow],
) -> str:
    """SHA-256 over all that the main figures are computed from: items, latest labels, verdicts, adjudications."""
    kept = {item.transcript_id: item for item in pool}
    labels = [
        [label.annotator, kept[label.transcript_id].item, label.pass_no, label.answers]
        for label in latest
        if label.transcript_id in kept
    ]
    judged = [
        [verdict.judge_key, kept[verdict.transcript_id].item, verdict.state, verdict.answers]
        for verdict in verdicts
        if verdict.transcript_id in kept
    ]
    facts = [
        [item.item, item.cluster, item.stratum, item.inclusion_probability, item.slices]
        for item in kept.values()
    ]
    questions = [question["id"] for question in study.codebook["questions"]]
    adjudicated = [[question, settle_answers(decisions, items, question)] for question in questions]
    return compute_content_hash(
        [study.codebook_hash, sorted(facts), sorted(labels, key=str), judged, adjudicated]
    )
