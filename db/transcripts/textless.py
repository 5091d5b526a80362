"""Transcripts of which only verdicts are known, until an import brings their text.

Verdicts without text are stored on a row of their own, the textless twin, which shares its origin key with the row that has
the text. One transcript must not stand in a pool as both: it would count twice in every figure.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete
from sqlmodel import Session, col, select

from secondreader.db.core.engine import execute, select_columns
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Label, StudyItem, Verdict
from secondreader.db.transcripts.transcripts import CHUNK_SIZE, NewTranscript, find_stored_ids
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts


def find_stored_texts(session: Session, study: StudyRecord, new: Sequence[NewTranscript]) -> dict[str, int]:
    """Origin key -> id of the transcript that is stored with its text, for those among `new` that come without.

    A textless twin that a frozen study holds stays what it is: the draw and its weights refer to it.
    """
    texts = find_stored_ids(session, [transcript.origin_key for transcript in new if not transcript.has_text])
    if study.frozen_at is None:
        return texts
    twins = find_stored_ids(session, list(texts), has_text=False)
    # only twins of this study hold verdicts back: in another one they may give way
    kept = set(filter_pooled(session, study, list(twins.values())))
    return {key: row_id for key, row_id in texts.items() if twins.get(key) not in kept}


def replace_textless(session: Session, study: StudyRecord, texts: Mapping[str, int]) -> int:
    """Let texts (origin key -> id of the text) replace their textless twins in the study's pool.

    The texts inherit the twins' verdicts as rows of their own; the old rows stay, as evidence does. Returns how many
    twins left the pool. Raises StudyError for a frozen study, whose draw and weights refer to the twins, and where people
    labelled a twin before the import: a label is of what its annotator saw.
    """
    stored = find_stored_ids(session, list(texts), has_text=False)
    twins = {textless: texts[key] for key, textless in stored.items()}
    pooled = filter_pooled(session, study, list(twins))
    if pooled and study.frozen_at is not None:
        raise StudyError(
            f"Study {study.name!r} is frozen with transcripts that had no text; import the text into a new study."
        )
    check_unlabelled(session, study, pooled)
    # also from twins of other studies' pools: a judge need not read the same trajectory twice
    inherit_verdicts(session, twins)
    for start in range(0, len(pooled), CHUNK_SIZE):
        chunk = col(StudyItem.transcript_id).in_(pooled[start : start + CHUNK_SIZE])
        # a draft's item is no evidence yet, unlike transcript and verdict, which stay
        execute(session, delete(StudyItem).where(col(StudyItem.study_id) == study.id, chunk))
    return len(pooled)


def check_unlabelled(session: Session, study: StudyRecord, transcript_ids: Sequence[int]) -> None:
    """Raise StudyError if one of the transcripts has a label in the study."""
    for start in range(0, len(transcript_ids), CHUNK_SIZE):
        statement = select_columns(Label.id).where(
            col(Label.study_id) == study.id,
            col(Label.transcript_id).in_(transcript_ids[start : start + CHUNK_SIZE]),
        )
        if execute(session, statement.limit(1)).first() is not None:
            raise StudyError(
                f"Study {study.name!r} holds labels of transcripts that had no text; import the text into a new study."
            )


def filter_pooled(session: Session, study: StudyRecord, transcript_ids: Sequence[int]) -> list[int]:
    """Those of the transcripts that stand in the study's pool."""
    pooled: list[int] = []
    for start in range(0, len(transcript_ids), CHUNK_SIZE):
        statement = select(StudyItem.transcript_id).where(
            StudyItem.study_id == study.id,
            col(StudyItem.transcript_id).in_(transcript_ids[start : start + CHUNK_SIZE]),
        )
        pooled += session.exec(statement)
    return pooled


def inherit_verdicts(session: Session, twins: dict[int, int]) -> None:
    """Give each text (value) the verdicts of its textless twin (key) that it does not have yet."""
    ids = list(twins)
    for start in range(0, len(ids), CHUNK_SIZE):
        rows = session.exec(
            select(Verdict).where(col(Verdict.transcript_id).in_(ids[start : start + CHUNK_SIZE]))
        )
        add_verdicts(session, [copy_verdict(row, twins[row.transcript_id]) for row in rows])


def copy_verdict(row: Verdict, transcript_id: int) -> NewVerdict:
    """The same verdict, on another transcript."""
    return NewVerdict(
        transcript_id=transcript_id,
        judge=row.judge,
        judge_key=row.judge_key,
        state=row.state,
        answers=row.answers,
        evidence=tuple(row.evidence),
        score=row.score,
        rationale=row.rationale,
        raw=row.raw,
        model=row.model,
        parameters=row.parameters,
        repeat=row.repeat,
        provenance=row.provenance,
        run_id=row.run_id,
        judge_prompt_id=row.judge_prompt_id,
    )
