"""Which key gives which answer: one sequence over all questions, so that no key means two things."""

from secondreader.db.core.codebook import Codebook
from secondreader.db.core.desk_rules import Rules

ANSWER_KEYS = "1234567890qwtyasfzb"
"""In this order. R and C belong to Streamlit; the others that are missing are in ACTION_KEYS."""

ACTION_KEYS: dict[str, str] = {
    "next message": "j",
    "previous message": "k",
    "mark as evidence": "e",
    "unfold the message": "o",
    "show the reasoning": "v",
    "note": "n",
    "contested": "x",
    "confidence low": "l",
    "confidence medium": "m",
    "confidence high": "h",
    "back": "u",
    "later": "d",
    "no idea which model": "i",
    "guideline": "g",
    "search the guideline": "/",
    "submit": "Enter",
    "help": "?",
}
MESSAGE_ACTIONS = frozenset({"next message", "previous message", "mark as evidence", "unfold the message"})


def assign_answer_keys(codebook: Codebook) -> dict[str, dict[str, str]]:
    """Question id -> answer value -> key. Answers beyond the last free key get none and are clicked."""
    free = iter(
        ANSWER_KEYS
    )  # one for all questions, so that the next question goes on where the last one ended
    return {
        question.id: {value: key for value in question.values if (key := next(free, ""))}
        for question in codebook.questions
    }


def list_used_actions(codebook: Codebook, rules: Rules) -> dict[str, str]:
    """The actions that mean something in this study; the page's help lists these."""
    # A scenario has no messages to move among or to mark.
    unused = set(MESSAGE_ACTIONS) if codebook.unit == "scenario" else set()
    if rules.reasoning_after is None:
        unused.add("show the reasoning")
    if rules.guesses == 0:
        unused.add("no idea which model")
    return {name: key for name, key in ACTION_KEYS.items() if name not in unused}
