"""Guesses of the model: at the end of a queue, free text for some of the person's transcripts.

How often they hit, against chance, measures how blind the study was. No list of models is ever shown.
"""

import hashlib
from dataclasses import dataclass

from sqlmodel import Session, col

from secondreader.db.core.desk_rules import parse_rules
from secondreader.db.core.engine import execute, select_columns, wait_turn
from secondreader.db.core.errors import DeskError, StudyClosed
from secondreader.db.core.locks import Lock
from secondreader.db.core.tables import Annotator, Assignment, Guess, Label, Study, StudyItem
from secondreader.db.core.text import make_storable
from secondreader.db.desk.labels import load_assignment_context
from secondreader.db.queues.leases import list_unlisted_assignments

MAX_GUESS = 200
NO_IDEA = ""
"""The text of a guess that says: no idea."""


@dataclass(frozen=True, slots=True)
class GuessAssignment:
    """One transcript for which a guess is asked."""

    token: str
    is_guessed: bool


def list_guess_assignments(session: Session, annotator_id: int, n: int) -> list[GuessAssignment]:
    """At most `n` of the person's transcripts; none before the whole main queue is labelled.

    Which ones depends on the person's own seed alone. Attention checks may be among them: were they left out, the list
    would tell them apart.
    """
    rows = list_main_assignments(session, annotator_id)
    # asked earlier, a guess would make people look for the model while they label
    if n == 0 or not rows or not all(is_labelled for _, _, _, is_labelled in rows):
        return []
    seed = execute(
        session, select_columns(Annotator.order_seed).where(col(Annotator.id) == annotator_id)
    ).scalar_one()
    first = [
        (compute_guess_rank(seed, row_id), row_id, token)
        for row_id, token, pass_no, _ in rows
        # a repeat is the same transcript
        if pass_no == 1
    ]
    order = sorted(first)[:n]
    guessed = select_columns(Guess.assignment_id).where(
        col(Guess.assignment_id).in_([row_id for _, row_id, _ in order])
    )
    done = set(execute(session, guessed).scalars())
    return [GuessAssignment(token, row_id in done) for _, row_id, token in order]


def list_open_guesses(session: Session, annotator_id: int, n: int) -> list[str]:
    """Tokens of the assignments for which a guess is still asked."""
    return [
        assignment.token
        for assignment in list_guess_assignments(session, annotator_id, n)
        if not assignment.is_guessed
    ]


def list_main_assignments(session: Session, annotator_id: int) -> list[tuple[int, str, int, bool]]:
    """Id, token, number of the pass and whether it is labelled, of each assignment in the main queue."""
    labelled = select_columns(Label.assignment_id).where(col(Label.annotator_id) == annotator_id).distinct()
    done = set(execute(session, labelled).scalars())
    rows = execute(
        session,
        select_columns(Assignment.id, Assignment.token, Assignment.pass_no)
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(col(Assignment.annotator_id) == annotator_id, col(StudyItem.part).in_(["pool", "attention"])),
    )
    hidden = list_unlisted_assignments(session, annotator_id)
    return [
        (row_id, token, pass_no, row_id in done) for row_id, token, pass_no in rows if row_id not in hidden
    ]


def compute_guess_rank(seed: int, row_id: int) -> str:
    """An assignment's rank in the person's own order."""
    return hashlib.sha256(f"guess {seed} {row_id}".encode()).hexdigest()


def save_guess(session: Session, annotator_id: int, token: str, text: str) -> bool:
    """Keep the first guess for an assignment; False where there was one. Idempotent: a second one changes nothing.

    Raises UnknownAssignment, StudyClosed, and DeskError for a transcript that is not asked about.
    """
    context = load_assignment_context(session, annotator_id, token)
    if context.status != "open":
        raise StudyClosed("The study takes no guesses now. Ask the researcher.")
    rules = execute(
        session, select_columns(Study.rules).where(col(Study.id) == context.study_id)
    ).scalar_one()
    # two windows that send a guess at once: the second one must find the first
    wait_turn(session, Lock.LABEL, annotator_id)
    asked = list_guess_assignments(session, annotator_id, parse_rules(rules).guesses)
    assignment = next((candidate for candidate in asked if candidate.token == token), None)
    if assignment is None:
        raise DeskError("Nobody asks for a guess about this transcript; reload the page.")
    # the first guess counts: a second one has had time to think about the first
    if assignment.is_guessed:
        return False
    session.add(Guess(assignment_id=context.assignment_id, text=make_storable(text).strip()[:MAX_GUESS]))
    session.flush()
    return True
