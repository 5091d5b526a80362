"""Stores what a file holds: in one transaction, or not at all where a record is bad; a second time adds nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from secondreader.db.core.audit_log import RESEARCHER, append_event
from secondreader.db.core.codebook import Codebook
from secondreader.db.core.engine import Database, DatabaseSession, write_session
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.text import make_storable
from secondreader.db.design.studies import ensure_annotator, ensure_study
from secondreader.db.transcripts.imported_labels import ImportedLabel, add_imported_labels
from secondreader.db.transcripts.pool import add_to_pool, list_pool_keys, load_content_hashes
from secondreader.db.transcripts.textless import find_stored_texts, replace_textless
from secondreader.db.transcripts.transcripts import CHUNK_SIZE
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from secondreader.runner.intake.batch import Batch, NewLabel
from secondreader.runner.intake.problems import ImportProblem, ImportRefused
from secondreader.runner.intake.progress import Progress, pass_through
from secondreader.runner.intake.transcripts import (
    ScannedTranscript,
    has_leaks,
    scan_transcript,
    store_scanned,
)


@dataclass(slots=True)
class StoredTranscripts:
    """Where a batch's transcripts are stored."""

    ids: dict[str, int]
    """Origin key -> id."""
    texts: dict[str, int]
    """Key of the twin without text -> id of the text."""
    n_added: int = 0


class ImportConflict(Exception):
    """A file that does not fit what is stored already, in one sentence."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did."""

    n_transcripts: int
    n_verdicts: int
    n_labels: int
    """New rows of each kind."""
    n_known: int
    """Transcripts, verdicts and labels that were there before."""
    n_flagged: int
    """New or known transcripts in which the leak scan found something."""
    skipped: tuple[ImportProblem, ...]


def store_batch(
    engine: Database,
    study_name: str,
    batch: Batch,
    *,
    source: str,
    skip_bad: bool = False,
    redacted: bool = False,
    progress: Progress = pass_through,
    actor: str = RESEARCHER,
) -> ImportResult:
    """Store a file's records in one transaction.

    Raises ImportRefused for problems unless `skip_bad`, and ImportConflict where the study cannot take the batch.
    """
    if batch.problems and not skip_bad:
        raise ImportRefused(batch.problems)
    n = len(batch.transcripts)
    # before the transaction: a long scan must keep no other writer waiting
    scanned = [scan_transcript(new, redact=redacted) for new in progress(batch.transcripts, "Scanning", n)]
    with write_session(engine) as session:
        study = ensure_study(session, study_name, codebook=batch.codebook, actor=actor)
        check_codebook(study, batch)
        check_mapping(study, batch, list_pool_keys(session, study))
        placed = store_transcripts(session, study, scanned, progress)
        n_verdicts = store_verdicts(session, batch.verdicts, placed.ids, progress)
        replace_textless(session, study, placed.texts)
        n_labels = store_labels(session, study, batch.labels, placed.ids, progress)
        n_new = placed.n_added + n_verdicts + n_labels
        if n_new:
            append_event(session, actor, "import", f"study {study.id}", source=source, rows=n_new)
    return ImportResult(
        n_transcripts=placed.n_added,
        n_verdicts=n_verdicts,
        n_labels=n_labels,
        n_known=n + len(batch.verdicts) + len(batch.labels) - n_new,
        n_flagged=sum(map(has_leaks, scanned)),
        skipped=tuple(batch.problems),
    )


def check_codebook(study: StudyRecord, batch: Batch) -> None:
    """Raises ImportConflict where the study asks other questions than the batch answers."""
    book = Codebook.model_validate(study.codebook)
    if batch.codebook is not None and batch.codebook.compute_hash() != book.compute_hash():
        raise ImportConflict(
            f"Study {study.name!r} has another codebook ({book.name}) than this file ({batch.codebook.name}); "
            "import it into a new study."
        )
    known = {question.id: question.values for question in book.questions}
    given = [label.answers for label in batch.labels] + [verdict.answers for _, verdict in batch.verdicts]
    for question, answer in {pair for answers in given for pair in answers.items()}:
        if answer not in known.get(question, ()):
            raise ImportConflict(
                f"The codebook of study {study.name!r} has no answer {answer!r} to {question}; import into a new study."
            )


def check_mapping(study: StudyRecord, batch: Batch, pooled: Iterable[str]) -> None:
    """Raises ImportConflict where an item stands in the study already, read by another mapping."""
    if not batch.mapping_hash:
        return
    stems = {one.origin_key.rpartition(":")[0] for one in batch.transcripts}
    for key in pooled:
        stem, _, tail = key.rpartition(":")
        if stem in stems and tail != batch.mapping_hash:
            raise ImportConflict(
                f"Study {study.name!r} holds these items by another mapping; import them into a new study."
            )


def store_transcripts(
    session: DatabaseSession, study: StudyRecord, new: list[ScannedTranscript], progress: Progress
) -> StoredTranscripts:
    """Store the transcripts and put them into the pool; one without text stands for its text where that is known."""
    texts = find_stored_texts(session, study, new)
    placed = StoredTranscripts(ids=dict(texts), texts=dict(texts))
    rest = [one for one in new if one.origin_key not in texts]
    for start in progress(
        range(0, len(rest), CHUNK_SIZE), "Storing transcripts", -(-len(rest) // CHUNK_SIZE)
    ):
        chunk = rest[start : start + CHUNK_SIZE]
        stored = store_scanned(session, chunk)
        check_contents(session, chunk, stored.ids)
        placed.n_added += stored.n_added
        for one, row_id in zip(chunk, stored.ids, strict=True):
            placed.ids[one.origin_key] = row_id
            if one.content is not None:
                placed.texts[one.origin_key] = row_id
    add_to_pool(session, study, placed.ids.values())
    return placed


def check_contents(session: DatabaseSession, new: Sequence[ScannedTranscript], ids: tuple[int, ...]) -> None:
    """Raises ImportConflict where a known key has another text: its verdicts would land on the wrong transcript."""
    stored = load_content_hashes(session, ids)
    for one, row_id in zip(new, ids, strict=True):
        text = one.original or one.content
        if text is not None and stored[row_id] != text.compute_hash():
            raise ImportConflict(
                f"{one.origin_key} is stored with another text; use a new database for this file."
            )


def store_verdicts(
    session: DatabaseSession, verdicts: list[tuple[str, NewVerdict]], ids: dict[str, int], progress: Progress
) -> int:
    """Store verdicts (origin key, verdict) on their transcripts; returns how many were new."""
    n_new = 0
    for start in progress(
        range(0, len(verdicts), CHUNK_SIZE), "Storing verdicts", -(-len(verdicts) // CHUNK_SIZE)
    ):
        chunk = verdicts[start : start + CHUNK_SIZE]
        new = [replace(verdict, transcript_id=ids[key]) for key, verdict in chunk]
        n_new += add_verdicts(session, new).n_added
    return n_new


def store_labels(
    session: DatabaseSession,
    study: StudyRecord,
    labels: list[NewLabel],
    ids: dict[str, int],
    progress: Progress,
) -> int:
    """Store labels; returns how many were new. Raises ImportConflict for two answers of one reading."""
    seen: dict[tuple[str, str, int], dict[str, str]] = {}
    for label in labels:
        reading = (label.origin_key, label.annotator, label.pass_no)
        if seen.setdefault(reading, label.answers) != label.answers:
            raise ImportConflict(
                f"{label.annotator!r} answers {label.origin_key} twice, and differently; keep one of the two."
            )
    names = {label.annotator: make_storable(label.annotator) for label in labels}
    readers = {
        raw: ensure_annotator(session, study, name, source="import") for raw, name in sorted(names.items())
    }
    n_new = 0
    for start in progress(range(0, len(labels), CHUNK_SIZE), "Storing labels", -(-len(labels) // CHUNK_SIZE)):
        chunk = labels[start : start + CHUNK_SIZE]
        new = [make_imported_label(study, one, ids[one.origin_key], readers[one.annotator]) for one in chunk]
        n_new += add_imported_labels(session, study, new)
    return n_new


def make_imported_label(
    study: StudyRecord, label: NewLabel, transcript_id: int, annotator_id: int
) -> ImportedLabel:
    """The label as it is stored."""
    return ImportedLabel(
        transcript_id=transcript_id,
        annotator_id=annotator_id,
        answers=dict(label.answers),
        client_token=compute_content_hash([study.id, label.origin_key, label.annotator, label.pass_no]),
        pass_no=label.pass_no,
        active_seconds=label.seconds,
        position=label.position,
    )
