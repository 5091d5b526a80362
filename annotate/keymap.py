"""Which key gives which answer: one sequence over all questions, so that no key means two things."""

from secondreader.db.codebook import Codebook

ANSWER_KEYS = "1234567890qwtyiasfzvb"
"""In this order. R and C belong to Streamlit; the others that are missing are in ACTION_KEYS."""

ACTION_KEYS: dict[str, str] = {
    "next message": "j",
    "previous message": "k",
    "mark as evidence": "e",
    "open what is folded": "o",
    "note": "n",
    "confidence low": "l",
    "confidence medium": "m",
    "confidence high": "h",
    "back": "u",
    "later": "d",
    "guideline": "g",
    "submit": "Enter",
    "help": "?",
}


def answer_keys(codebook: Codebook) -> dict[str, dict[str, str]]:
    """Question id -> answer value -> key. Answers beyond the last free key get none and are clicked."""
    free = iter(ANSWER_KEYS)
    return {
        question.id: {value: key for value in question.values if (key := next(free, ""))}
        for question in codebook.questions
    }
