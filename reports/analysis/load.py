"""A study read once: everything that its figures are computed from, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from secondreader.db.adjudication.disputes import RatedItem
from secondreader.db.core.engine import DatabaseSession
from secondreader.db.core.records import StudyRecord
from secondreader.db.design.amendments import AmendmentRow, load_amendments
from secondreader.db.design.studies import get_study
from secondreader.db.design.unblinding import (
    Unblinding,
    describe_seal,
    find_unblinding,
    has_verdicts,
    is_sealable,
)
from secondreader.db.research.adjudication_outcomes import (
    AdjudicationSummary,
    DecisionRow,
    build_rated_items,
    load_decisions,
    settle_answers,
    summarize_adjudication,
)
from secondreader.db.research.calibration_rows import NormingMoment, build_norming_rows
from secondreader.db.research.guess_rows import GuessRow, build_guess_rows
from secondreader.db.research.items import ItemRecord, load_study_items, select_pool
from secondreader.db.research.progress import (
    AnnotatorProgress,
    AnnotatorRow,
    AssignmentRow,
    build_annotator_progress,
    load_annotators,
    load_assignments,
)
from secondreader.db.research.ratings import (
    LabelRow,
    VerdictRow,
    build_rating_rows,
    load_labels,
    load_verdicts,
    select_latest,
)
from secondreader.db.research.saved_reports import load_labelled_texts
from secondreader.db.transcripts.leak_reviews import (
    LeakCounts,
    LeakDecision,
    build_leak_item,
    count_leaks,
    load_latest_reviews,
    select_excluded,
)
from secondreader.db.transcripts.leak_scans import summarize_scans


@dataclass(frozen=True)
class StudySnapshot:
    """A study as it was when it was read; nothing here asks the database again."""

    study: StudyRecord
    items: tuple[ItemRecord, ...]
    """Every item in import order: pool, control items and norming round."""
    leak_reviews: Mapping[int, LeakDecision]
    """The decision that counts, by transcript id."""
    annotators: tuple[AnnotatorRow, ...]
    """Everybody, by name."""
    assignments: tuple[AssignmentRow, ...]
    labels: tuple[LabelRow, ...]
    """Every revision, in order of revision and id."""
    verdicts: tuple[VerdictRow, ...]
    """First repeats, in the order of storing."""
    has_verdicts: bool
    """Whether there is any verdict, later repeats included: it decides about the seal."""
    decisions: tuple[DecisionRow, ...]
    """Every decision of an adjudicator, oldest first."""
    amendments: tuple[AmendmentRow, ...]
    unblinding: Unblinding | None
    texts: Mapping[str, str] | None
    """The words of labelled transcripts by public id; None where they were not asked for."""

    @cached_property
    def pool(self) -> tuple[ItemRecord, ...]:
        """The items that the sample is taken from, without those excluded for a leak."""
        return tuple(select_pool(self.items, select_excluded(self.leak_reviews)))

    @cached_property
    def leaks(self) -> LeakCounts:
        """What the leak scan covered and found, and what was decided."""
        leaks = [
            build_leak_item(
                item.item,
                item.transcript_id,
                item.cluster,
                item.leak_scan.findings,
                self.leak_reviews.get(item.transcript_id),
            )
            for item in self.items
            if item.leak_scan and item.leak_scan.findings
        ]
        return count_leaks(leaks, summarize_scans(item.leak_scan for item in self.items if item.has_text))

    @cached_property
    def parts(self) -> frozenset[str]:
        """Which kinds of items the study has."""
        return frozenset(item.part for item in self.items)

    @cached_property
    def latest_labels(self) -> tuple[LabelRow, ...]:
        """What each annotator says now of each transcript in each pass, in order of id."""
        return tuple(select_latest(self.labels))

    @cached_property
    def rated_items(self) -> tuple[RatedItem, ...]:
        """The labelled items of the main queue with every answer of their annotators."""
        return tuple(build_rated_items(self.study, self.items, self.assignments, self.labels))

    @cached_property
    def guesses(self) -> tuple[GuessRow, ...]:
        """What annotators took for the model, with the model that it was."""
        return tuple(build_guess_rows(self.assignments, self.annotators, self.items))

    @property
    def seal(self) -> str | None:
        """Why judge and people may not be compared now, and what to do; None where they may."""
        return describe_seal(self.study) if self.has_verdicts and is_sealable(self.study) else None

    def list_progress(self) -> list[AnnotatorProgress]:
        """How far every annotator is, by name."""
        return build_annotator_progress(self.annotators, self.assignments, self.latest_labels)

    def list_rating_rows(self, question: str, source: str) -> list[dict[str, Any]]:
        """The long frame of a question, with labels of one source and every verdict."""
        return build_rating_rows(self.pool, self.latest_labels, self.verdicts, question, source)

    def list_norming_rows(self, question: str, when: NormingMoment) -> list[dict[str, Any]]:
        """The long frame of a question in the norming round, before or after the reveal."""
        revealed = self.study.revealed_label_id
        return build_norming_rows(self.items, self.assignments, self.labels, question, when, revealed)

    def settle(self, question: str) -> dict[str, str | None]:
        """What adjudicators settled, by item: an answer, or None where the item stays contested."""
        return settle_answers(self.decisions, self.items, question)

    def summarize_adjudication(self, question: str) -> AdjudicationSummary:
        """How many items of a question are split, decided and contested."""
        return summarize_adjudication(self.study, self.rated_items, self.decisions, question)


def load_snapshot(session: DatabaseSession, study_name: str, *, texts: bool = False) -> StudySnapshot:
    """Read a study, each table once; the words of its labelled transcripts only where they are asked for.

    Raises StudyError for a study that is not there.
    """
    study = get_study(session, study_name)
    # On PostgreSQL each statement sees what was committed before it. What refers to other rows is therefore read
    # before them: a decision without its labels, or a label without its item, cannot be met.
    decisions = load_decisions(session, study)
    labels = load_labels(session, study)
    verdicts = load_verdicts(session, study)
    assignments = load_assignments(session, study)
    return StudySnapshot(
        study=study,
        decisions=tuple(decisions),
        labels=tuple(labels),
        verdicts=tuple(verdicts),
        has_verdicts=bool(verdicts) or has_verdicts(session, study),
        assignments=tuple(assignments),
        annotators=tuple(load_annotators(session, study)),
        items=tuple(load_study_items(session, study)),
        leak_reviews=load_latest_reviews(session, study.id),
        amendments=tuple(load_amendments(session, study)),
        unblinding=find_unblinding(session, study),
        texts=load_labelled_texts(session, study) if texts else None,
    )
