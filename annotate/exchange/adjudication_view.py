"""The study and its disputed items as an adjudicator's browser may know them: what annotators said, never who."""

from secondreader.annotate.exchange.desk_view import build_question_payloads
from secondreader.annotate.exchange.messages import DecisionKind
from secondreader.annotate.exchange.payloads import (
    AdjudicationItemPayload,
    AdjudicationStudyPayload,
    DecisionKindPayload,
    DisputedQuestionPayload,
    OwnDecisionPayload,
)
from secondreader.db.adjudication.items import AdjudicationItem, DisputedQuestion, OwnDecision
from secondreader.db.desk.study import DeskStudy

# Their keys are none of the answers' (keymap.ANSWER_KEYS) and none of ACTIONS; a test holds them apart.
DECISION_KINDS: tuple[tuple[DecisionKind, str, str, str], ...] = (
    (
        "ambiguous",
        "Ambiguous",
        "m",
        "The transcript itself can be read in several ways; one answer is still better.",
    ),
    (
        "guideline gap",
        "Guideline gap",
        "p",
        "The guideline does not say what to answer here; the next version should.",
    ),
    (
        "annotator error",
        "Annotator's error",
        "e",
        "The guideline is clear, and an annotator overlooked or mistook something.",
    ),
    (
        "contested",
        "Contested",
        "x",
        "Careful annotators would still split: no answer is right, the split is the finding.",
    ),
)
"""(kind, what the button says, its key, what it means)"""

ACTIONS = {
    "next message": "j",
    "previous message": "k",
    "unfold the message": "o",
    "next question": "v",
    "reason": "n",
    "back": "u",
    "later": "d",
    "list": "l",
    "guideline": "g",
    "search the guideline": "/",
    "save": "Enter",
    "save while typing a reason": "Ctrl Enter",
    "help": "?",
}


def build_study_payload(study: DeskStudy) -> AdjudicationStudyPayload:
    """The study: questions and kinds of decision with their keys, never its name or id."""
    return {
        "title": study.title,
        "notice": study.notice,
        # Unlike labels, decisions are taken in a closed study, too: that is the best time for them.
        "is_open": study.status in {"open", "closed"},
        "guideline": study.guideline,
        "unit": study.codebook.unit,
        "questions": build_question_payloads(study.codebook),
        "actions": ACTIONS,
        "kinds": [build_kind_payload(*row) for row in DECISION_KINDS],
    }


def build_kind_payload(kind: DecisionKind, label: str, key: str, meaning: str) -> DecisionKindPayload:
    """One kind of decision."""
    return {"kind": kind, "label": label, "key": key, "meaning": meaning}


def build_item_payload(item: AdjudicationItem) -> AdjudicationItemPayload:
    """One transcript, with what annotators said and this adjudicator's own decisions."""
    return {
        "token": item.token,
        "content": item.content,
        "questions": [build_question_payload(question) for question in item.questions],
        "notes": list(item.notes),
        "evidence": list(item.evidence),  # of all annotators together: whose mark it is cannot be told
        "contested": item.is_contested,
        "version": item.version,
    }


def build_question_payload(question: DisputedQuestion) -> DisputedQuestionPayload:
    """One question of a transcript, with the adjudicator's own latest decision."""
    own = question.decision
    return {
        "id": question.question,
        "answers": list(question.answers),
        "revision": question.revision,
        "decision": build_decision_payload(own) if own else None,
        "has_changed": own is not None and own.has_changed,
    }


def build_decision_payload(decision: OwnDecision) -> OwnDecisionPayload:
    """The adjudicator's own latest decision."""
    return {"answer": decision.answer, "kind": decision.kind, "reason": decision.reason}
