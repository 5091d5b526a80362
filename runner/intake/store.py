"""Stores what a file holds: in one transaction, or not at all where a record is bad; a second time adds nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

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


Item = TypeVar("Item")


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
        # inside the transaction: a refusal takes the study that was just made back with it
        check_codebook(study, batch)
        check_mapping(study, batch, list_pool_keys(session, study))
        placed = store_transcripts(session, study, scanned, progress)
        n_verdicts = store_verdicts(session, batch.verdicts, placed.ids, progress)
        # after the file's own verdicts: a text inherits those that it does not bring along
        replace_textless(session, study, placed.texts)
        n_labels = store_labels(session, study, batch.labels, placed.ids, progress)
        n_new = placed.n_added + n_verdicts + n_labels
        # an import that adds nothing changed nothing that would belong on record
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
    rated = [label.answers for label in batch.labels] + [verdict.answers for _, verdict in batch.verdicts]
    # each pair once: a file of a hundred thousand ratings has a handful of them
    for question, answer in {pair for answers in rated for pair in answers.items()}:
        if answer not in known.get(question, ()):
            raise ImportConflict(
                f"The codebook of study {study.name!r} has no answer {answer!r} to {question}; import into a new study."
            )


def check_mapping(study: StudyRecord, batch: Batch, pooled: Iterable[str]) -> None:
    """Raises ImportConflict where an item stands in the study already, read by another mapping."""
    if not batch.mapping_hash:
        return
    # the key ends in the mapping's hash: the same item by another mapping has the same beginning
    stems = {transcript.origin_key.rpartition(":")[0] for transcript in batch.transcripts}
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
    rest = [transcript for transcript in new if transcript.origin_key not in texts]
    for chunk in iterate_chunks(rest, "Storing transcripts", progress):
        stored = store_scanned(session, chunk)
        check_contents(session, chunk, stored.ids)
        placed.n_added += stored.n_added
        for transcript, row_id in zip(chunk, stored.ids, strict=True):
            placed.ids[transcript.origin_key] = row_id
            if transcript.content is not None:
                placed.texts[transcript.origin_key] = row_id
    # once for the whole file: each call reads what the pool holds
    add_to_pool(session, study, placed.ids.values())
    return placed


def iterate_chunks(items: Sequence[Item], what: str, progress: Progress) -> Iterator[Sequence[Item]]:
    """The items in parts that one statement can take; the parts count as progress."""
    starts = range(0, len(items), CHUNK_SIZE)
    for start in progress(starts, what, len(starts)):
        yield items[start : start + CHUNK_SIZE]


def check_contents(session: DatabaseSession, new: Sequence[ScannedTranscript], ids: tuple[int, ...]) -> None:
    """Raises ImportConflict where a known key has another text: its verdicts would land on the wrong transcript."""
    stored = load_content_hashes(session, ids)
    for transcript, row_id in zip(new, ids, strict=True):
        # of the text before redaction: the same file imported with and without --redact is the same file
        text = transcript.original or transcript.content
        if text is not None and stored[row_id] != text.compute_hash():
            raise ImportConflict(
                f"{transcript.origin_key} is stored with another text; use a new database for this file."
            )


def store_verdicts(
    session: DatabaseSession, verdicts: list[tuple[str, NewVerdict]], ids: dict[str, int], progress: Progress
) -> int:
    """Store verdicts (origin key, verdict) on their transcripts; returns how many were new."""
    n_new = 0
    for chunk in iterate_chunks(verdicts, "Storing verdicts", progress):
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
    """Store labels; returns how many were new. Raises ImportConflict for two answers of one rater in one pass."""
    seen: dict[tuple[str, str, int], dict[str, str]] = {}
    for label in labels:
        rating = (label.origin_key, label.annotator, label.pass_no)
        # the same answer twice is a repeated row; two answers leave open which one the person meant
        if seen.setdefault(rating, label.answers) != label.answers:
            raise ImportConflict(
                f"{label.annotator!r} answers {label.origin_key} twice, and differently; keep one of the two."
            )
    names = {label.annotator: make_storable(label.annotator) for label in labels}
    # sorted: ids must not depend on the order of a file's rows
    annotators = {
        raw: ensure_annotator(session, study, name, source="import") for raw, name in sorted(names.items())
    }
    n_new = 0
    for chunk in iterate_chunks(labels, "Storing labels", progress):
        new = [
            make_imported_label(study, label, ids[label.origin_key], annotators[label.annotator])
            for label in chunk
        ]
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
        # made of what the label is about, so that a second import of the file finds it stored
        client_token=compute_content_hash([study.id, label.origin_key, label.annotator, label.pass_no]),
        pass_no=label.pass_no,
        active_seconds=label.seconds,
        position=label.position,
    )
