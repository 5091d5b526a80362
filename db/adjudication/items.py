"""What an adjudicator may see: items on which readers part, in columns that the blind door lets through.

Answers, notes and marks come without the people behind them, and another adjudicator's decisions never.
"""

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from secondreader.db.adjudication.disputes import ReadItem, open_questions, read_items
from secondreader.db.core.canonical import content_hash
from secondreader.db.core.codebook import Codebook
from secondreader.db.core.desk_errors import DeskError
from secondreader.db.core.desk_rules import Rules, rules_of
from secondreader.db.core.engine import execute, pick
from secondreader.db.core.tables import Adjudication, Annotator, Study, StudyItem, Transcript


class NotAdjudicator(DeskError):
    """The visitor is no adjudicator of a study."""


class UnknownItem(DeskError):
    """The token is of no item that this adjudicator may settle now."""


@dataclass(frozen=True, slots=True)
class Chair:
    """An adjudicator and the study that they look at."""

    annotator_id: int
    seed: int
    study_id: int
    status: str
    codebook: Codebook
    rules: Rules


@dataclass(frozen=True, slots=True)
class AdjudicationEntry:
    """One place in an adjudicator's list."""

    token: str
    state: str
    """open, settled, or changed: settled, and answers changed since."""


@dataclass(frozen=True, slots=True)
class OwnDecision:
    """The adjudicator's own latest decision on one question of one item."""

    answer: str | None
    """None where the split is the finding."""
    kind: str
    reason: str
    has_changed: bool
    """Readers answer otherwise now than when it was made."""


@dataclass(frozen=True, slots=True)
class SplitQuestion:
    """One question to settle."""

    question: str
    answers: tuple[str, ...]
    """The different answers that readers gave, shuffled, each once."""
    revision: int
    """How many decisions this adjudicator has made on it."""
    decision: OwnDecision | None


@dataclass(frozen=True, slots=True)
class AdjudicationItem:
    """One transcript as an adjudicator may see it."""

    token: str
    content: dict[str, Any]
    """`secondreader.db.core.content.Content` as plain JSON."""
    questions: tuple[SplitQuestion, ...]
    notes: tuple[str, ...]
    """The readers' notes, shuffled, each once."""
    evidence: tuple[int, ...]
    """Messages that any reader marked."""
    is_contested: bool
    """A reader marked it as one on which competent readers would split."""
    version: str
    """Changes whenever anything above that readers said changes."""


def adjudication_queue(session: Session, annotator_id: int) -> list[AdjudicationEntry]:
    """What this adjudicator has to settle or has settled, in their own seeded order. Raises NotAdjudicator."""
    chair = chair_of(session, annotator_id)
    decided = own_decisions(session, annotator_id)
    entries = [
        AdjudicationEntry(token_of(chair, item), state_of(item, questions, decided[item.item_id]))
        for item in read_items(session, chair.study_id, chair.rules)
        if (questions := questions_of(chair, item, decided[item.item_id]))
    ]
    return sorted(entries, key=lambda entry: entry.token)


def adjudication_item(session: Session, annotator_id: int, token: str) -> AdjudicationItem:
    """One transcript of this adjudicator's list. Raises NotAdjudicator and UnknownItem."""
    chair = chair_of(session, annotator_id)
    item = item_of(session, chair, token)
    content = execute(
        session, pick(Transcript.content).where(col(Transcript.public_id) == item.public_id)
    ).scalar()
    if content is None:
        raise UnknownItem("The text of this transcript is not there; go on with the next one.")
    return shown_item(chair, item, own_decisions(session, annotator_id, item.item_id)[item.item_id], content)


def chair_of(session: Session, annotator_id: int) -> Chair:
    """The adjudicator of this id, asked of the database each time. Raises NotAdjudicator for anybody else."""
    row = execute(
        session,
        pick(Annotator.order_seed, Study.id, Study.status, Study.codebook, Study.rules)
        .join(Study, col(Study.id) == col(Annotator.study_id))
        .where(col(Annotator.id) == annotator_id, col(Annotator.role) == "adjudicator"),
    ).first()
    if row is None:
        raise NotAdjudicator("Only an adjudicator of a study can do this; ask the researcher for a link.")
    seed, study_id, status, codebook, rules = row
    return Chair(annotator_id, seed, study_id, status, Codebook.model_validate(codebook), rules_of(rules))


def token_of(chair: Chair, item: ReadItem) -> str:
    """What the browser calls an item, which is also its place in the order: nobody can guess the public id in it."""
    return content_hash([chair.seed, chair.annotator_id, item.public_id])[:32]


def item_of(session: Session, chair: Chair, token: str) -> ReadItem:
    """The item that a token names, if it is there to be settled. Raises UnknownItem."""
    rows = execute(
        session,
        pick(StudyItem.id, Transcript.public_id)
        .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
        .where(col(StudyItem.study_id) == chair.study_id, col(StudyItem.part) == "pool"),
    )
    for item_id, public_id in rows:
        if token_of(chair, ReadItem(item_id, public_id, (), 0)) == token:
            found = read_items(session, chair.study_id, chair.rules, item_id=item_id)
            decided = own_decisions(session, chair.annotator_id, item_id)[item_id]
            if found and questions_of(chair, found[0], decided):
                return found[0]
            raise UnknownItem("The readers agree on this transcript by now; reload the page.")
    raise UnknownItem("This transcript is not in your list; reload the page.")


Decided = dict[str, list[Adjudication]]
"""One adjudicator's decisions on one item, by question, oldest first."""


def own_decisions(
    session: Session, annotator_id: int, item_id: int | None = None
) -> defaultdict[int, Decided]:
    """One adjudicator's decisions by item id."""
    statement = select(Adjudication).where(Adjudication.annotator_id == annotator_id)
    if item_id is not None:
        statement = statement.where(Adjudication.study_item_id == item_id)
    found: defaultdict[int, Decided] = defaultdict(dict)
    for row in session.exec(statement.order_by(col(Adjudication.id))):
        found[row.study_item_id].setdefault(row.question, []).append(row)
    return found


def questions_of(chair: Chair, item: ReadItem, decided: Decided) -> tuple[str, ...]:
    """What there is to settle, or was settled by this adjudicator; empty while readers are awaited.

    A closed study takes no more labels: nobody is awaited there.
    """
    is_complete = item.n_awaited == 0 or chair.status == "closed"
    now = open_questions(item, chair.codebook) if is_complete else ()
    return tuple(one.id for one in chair.codebook.questions if one.id in now or one.id in decided)


def state_of(item: ReadItem, questions: Sequence[str], decided: Decided) -> str:
    """open, settled or changed, as AdjudicationEntry says."""
    if any(question not in decided for question in questions):
        return "open"
    return "changed" if any(has_changed(item, decided[question][-1]) for question in questions) else "settled"


def has_changed(item: ReadItem, decision: Adjudication) -> bool:
    """Whether readers answer otherwise now than when the decision was made."""
    seen = item.answers_seen(decision.question, decision.seen)
    return item.answers_to(decision.question) != seen


def shown_item(chair: Chair, item: ReadItem, decided: Decided, content: str) -> AdjudicationItem:
    """The item without its readers: every list is shuffled by itself, so that nothing in it belongs to anybody."""
    names = questions_of(chair, item, decided)
    questions = tuple(
        SplitQuestion(
            question=name,
            answers=shuffled(chair, item, name, item.answers_to(name).values()),
            revision=len(decided.get(name, [])),
            decision=own_decision(item, decided[name][-1]) if name in decided else None,
        )
        for name in names
    )
    return AdjudicationItem(
        token=token_of(chair, item),
        content=json.loads(content),
        questions=questions,
        notes=shuffled(chair, item, "note", (one.note for one in item.latest if one.note)),
        evidence=tuple(sorted({index for one in item.latest for index in one.evidence})),
        is_contested=item.is_contested,
        version=version_of(item, names),
    )


def shuffled(chair: Chair, item: ReadItem, what: str, texts: Any) -> tuple[str, ...]:
    """Each text once, in an order that is seeded by adjudicator, item and list."""
    kept = sorted(set(texts))
    random.Random(f"{chair.seed}:{chair.annotator_id}:{item.public_id}:{what}").shuffle(kept)
    return tuple(kept)


def version_of(item: ReadItem, questions: Sequence[str]) -> str:
    """A hash of nothing but what the page shows of the readers: it cannot tell how many there are."""
    answers = [[name, sorted(set(item.answers_to(name).values()))] for name in questions]
    notes = sorted({one.note for one in item.latest if one.note})
    marks = sorted({index for one in item.latest for index in one.evidence})
    return content_hash([answers, notes, marks, item.is_contested])[:32]


def own_decision(item: ReadItem, row: Adjudication) -> OwnDecision:
    """A stored decision as its maker sees it again."""
    return OwnDecision(row.answer or None, row.kind, row.reason, has_changed(item, row))
