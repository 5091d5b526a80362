"""The study and its items as the browser may know them: plain JSON, with nothing of the study's name, ids or models."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from secondreader.annotate.exchange.keymap import assign_answer_keys, list_used_actions
from secondreader.db.core.desk_rules import Rules
from secondreader.db.desk.items import BlindItem
from secondreader.db.desk.norming_round import OtherRating
from secondreader.db.desk.qualification import Feedback
from secondreader.db.desk.study import DeskStudy
from secondreader.db.desk.withheld_reasoning import FIXED_KEY, get_fixed_answers, is_withheld

PAUSE_EVERY = 20
"""Labels of one sitting after which the page suggests a pause."""


def build_study_payload(study: DeskStudy) -> dict[str, Any]:
    """The study as the browser may know it: its questions with their keys, never its name or id."""
    keys = assign_answer_keys(study.codebook)
    return {
        "title": study.title,
        "notice": study.notice,
        "open": study.status == "open",
        "guideline": study.guideline,
        "unit": study.codebook.unit,
        "questions": [
            question.model_dump(mode="json") | {"keys": keys[question.id]}
            for question in study.codebook.questions
        ],
        "actions": list_used_actions(study.codebook, study.rules),
        "pause": PAUSE_EVERY,
        "reasoning_after": study.rules.reasoning_after,
        "shared": study.rules.queue == "shared",
    }


def build_item_payload(
    item: BlindItem,
    rules: Rules,
    feedback: Feedback | None = None,
    others: Sequence[OtherRating] | None = None,
) -> dict[str, Any]:
    """One item for the browser, with the person's own answers and the draft that belongs to them.

    Reasoning that must wait is left out here, so that it is not in the browser at all. `feedback` goes with an answered
    practice item, `others` with a calibration item that is being discussed.
    """
    withheld = is_withheld(item, rules)
    packet: dict[str, Any] = {
        "token": item.token,
        "content": strip_reasoning(item.content) if withheld else item.content,
        "withheld": withheld,
        "fixed": get_fixed_answers(item.draft) if item.revision == 0 else {},
        "answers": item.answers,
        "evidence": list(item.evidence),
        "confidence": item.confidence,
        "note": item.note,
        "contested": item.contested,
        "revision": item.revision,
    }
    if feedback is not None:
        packet["feedback"] = {"answers": [list(one) for one in feedback.answers], "why": feedback.why}
    if others is not None:
        packet["others"] = [asdict(one) for one in others]
    # A draft begun before the latest submit is out of date: another window has answered since.
    if item.draft is not None and item.draft.get("revision", 0) == item.revision:
        packet["draft"] = {name: value for name, value in item.draft.items() if name != FIXED_KEY}
    return packet


def strip_reasoning(content: dict[str, Any]) -> dict[str, Any]:
    """The content with no message's visible reasoning; whether there was any cannot be told from it."""
    messages = [
        {name: value for name, value in message.items() if name != "reasoning"}
        for message in content["messages"]
    ]
    return {**content, "messages": messages}
