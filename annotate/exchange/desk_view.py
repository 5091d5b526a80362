"""The study and its items as an annotator's browser may know them: nothing of the study's name, ids or models."""

from collections.abc import Sequence
from typing import Any, cast

from secondreader.annotate.exchange.keymap import assign_answer_keys, list_used_actions
from secondreader.annotate.exchange.payloads import (
    DraftPayload,
    FeedbackPayload,
    ItemPayload,
    OtherRatingPayload,
    QuestionPayload,
    RoundPayload,
    RoundResultPayload,
    StagePayload,
    StudyPayload,
)
from secondreader.db.core.codebook import Codebook
from secondreader.db.core.desk_rules import Rules
from secondreader.db.desk.items import BlindItem
from secondreader.db.desk.norming_round import OtherRating
from secondreader.db.desk.qualification import Feedback, QualificationStatus
from secondreader.db.desk.queue_entries import StageQueue
from secondreader.db.desk.study import DeskStudy
from secondreader.db.desk.withheld_reasoning import FIXED_KEY, get_fixed_answers, is_withheld

PAUSE_EVERY = 20
"""Labels of one sitting after which the page suggests a pause."""


def build_study_payload(study: DeskStudy) -> StudyPayload:
    """The study: its questions with their keys, never its name or id."""
    return {
        "title": study.title,
        "notice": study.notice,
        "is_open": study.status == "open",
        "guideline": study.guideline,
        "unit": study.codebook.unit,
        "questions": build_question_payloads(study.codebook),
        "actions": list_used_actions(study.codebook, study.rules),
        "pause_every": PAUSE_EVERY,
        "reasoning_after": study.rules.reasoning_after,
        "is_shared": study.rules.queue == "shared",
    }


def build_question_payloads(codebook: Codebook) -> list[QuestionPayload]:
    """The codebook's questions, each with the keys of its answers."""
    keys = assign_answer_keys(codebook)
    return [
        cast("QuestionPayload", question.model_dump(mode="json") | {"keys": keys[question.id]})
        for question in codebook.questions
    ]


def build_stage_payload(queue: StageQueue) -> StagePayload:
    """The stage, and in the qualification its round and what is needed to pass."""
    # Later stages know how the qualification went, but no round is under way.
    status = queue.progression.qualification if queue.stage == "qualification" else None
    return {
        "name": queue.stage,
        "has_discussion": queue.progression.has_discussion,
        "qualification": build_round_payload(status) if status else None,
    }


def build_round_payload(status: QualificationStatus) -> RoundPayload:
    """The round that is under way."""
    return {"round": status.round, "rounds": status.rounds, "threshold": status.threshold}


def build_result_payload(status: QualificationStatus | None) -> RoundResultPayload | None:
    """How the latest finished round of the qualification went; None before the first is through."""
    if status is None or status.state == "none":
        return None
    if status.state == "open" and not status.earlier:
        return None
    # While a round is open, the one before it is the latest finished one.
    is_again = status.state == "open"
    return {
        "state": "again" if status.state == "open" else status.state,
        "round": status.round - is_again,
        "rounds": status.rounds,
        "n_right": status.earlier[-1] if is_again else status.n_right,
        "n_total": status.n_total,
        "threshold": status.threshold,
    }


def build_item_payload(
    item: BlindItem,
    rules: Rules,
    feedback: Feedback | None = None,
    others: Sequence[OtherRating] | None = None,
) -> ItemPayload:
    """One item with the annotator's own answers and the draft that belongs to them.

    Reasoning that must wait is left out here, so that it is not in the browser at all. `feedback` goes with an answered
    qualification item, `others` with an item of the norming round that is being discussed.
    """
    withheld = is_withheld(item, rules)
    payload: ItemPayload = {
        "token": item.token,
        "content": strip_reasoning(item.content) if withheld else item.content,
        "withheld": withheld,
        # A correction after the first label is free.
        "fixed": get_fixed_answers(item.draft) if item.revision == 0 else {},
        "answers": item.answers,
        "evidence": list(item.evidence),
        "confidence": item.confidence,
        "note": item.note,
        "contested": item.contested,
        "revision": item.revision,
    }
    if feedback is not None:
        payload["feedback"] = build_feedback_payload(feedback)
    if others is not None:
        payload["others"] = [build_other_payload(other) for other in others]
    # A draft begun before the latest submit is out of date: another window has answered since.
    if item.draft is not None and item.draft.get("revision", 0) == item.revision:
        payload["draft"] = cast(
            "DraftPayload", {name: value for name, value in item.draft.items() if name != FIXED_KEY}
        )
    return payload


def build_feedback_payload(feedback: Feedback) -> FeedbackPayload:
    """Right or wrong for each question, and the reason."""
    return {
        "answers": [
            {
                "question": answer.question,
                "answer": answer.answer,
                "right_answer": answer.right_answer,
                "is_right": answer.is_right,
            }
            for answer in feedback.answers
        ],
        "why": feedback.why,
    }


def build_other_payload(other: OtherRating) -> OtherRatingPayload:
    """What another annotator answered, under an alias."""
    return {
        "alias": other.alias,
        "answers": other.answers,
        "note": other.note,
        "evidence": list(other.evidence),
        "contested": other.contested,
    }


def strip_reasoning(content: dict[str, Any]) -> dict[str, Any]:
    """The content with no message's visible reasoning; whether there was any cannot be told from it."""
    messages = [
        {name: value for name, value in message.items() if name != "reasoning"}
        for message in content["messages"]
    ]
    return {**content, "messages": messages}
