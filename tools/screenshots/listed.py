"""Which pictures docs/img holds: every page of the desk and of the console, each in three clothes."""

from collections.abc import Iterator

CLOTHES = ("light", "dark", "phone")

DESK = {
    "start": "The first page: what comes first in this study, and its guideline",
    "qualification": "An item of the qualification: marked as such, with the questions of the study",
    "feedback": "After an item of the qualification: the right answers, and why",
    "qualification-again": "A round of the qualification that was not enough, and a second one",
    "qualification-passed": "Qualification passed",
    "qualification-failed": "Qualification not passed: nothing else is asked",
    "norming-waiting": "The norming round is labelled, the others are not through yet",
    "discussion": "Discussion of the norming round: the others' answers under aliases, and one's own",
    "label": "A transcript and its questions",
    "evidence": "Messages marked as evidence, a tool call that was rejected, a note",
    "reasoning": "A study that hides the reasoning until the action is judged",
    "guideline": "The guideline, searched",
    "keys": "All keys",
    "pause": "A pause is suggested after twenty labels",
    "conflict": "The same transcript was answered in another window",
    "paused": "The researcher has paused the study",
    "last-question": "The last question of a study that asks for guesses",
    "guess": "Which model was it?",
    "thanks": "Everything is labelled",
    "scenario": "A scenario to check instead of a transcript to read",
    "adjudication-list": "The adjudicator's list",
    "adjudication": "A transcript to settle: answers, notes and evidence of the annotators, never their names",
    "adjudication-keys": "All keys of the adjudicator",
    "adjudication-end": "Everything is settled",
    "plain-start": "Without the browser component: the guideline",
    "plain": "Without the browser component: a transcript and its questions",
    "plain-adjudication": "Without the browser component: a transcript to settle",
    "no-visit": "Somebody who did not come in by a link",
    "wrong-link": "A link that is not valid any more",
    "sign-in": "Where people sign in with an account",
}
"""Page of the desk -> what it shows."""

CONSOLE = {
    "overview": "Overview: the study as it stands",
    "plan": "Study plan: a draft, its numbers, and a preview of the sample",
    "plan-frozen": "Study plan: what is frozen, and what was amended",
    "progress": "Progress: people, strata, idle assignments, the state of the study",
    "leaks": "Leak review: what the scan found, and a decision",
    "people": "People and their links",
    "audit": "Audit log",
    "agreement": "Agreement of people with each other",
    "agreement-judges": "Agreement of judges with people",
    "disagreements": "Disagreements: findings, slices, and a transcript with verdict and labels",
    "rates": "Corrected rates beside the naive ones",
    "quality": "Label quality",
    "report": "Report",
    "sealed": "Before unblinding: judge and people are not compared",
    "empty": "A console without a study",
}
"""Page of the console, by its address or, for a second state of a page, by a name of its own -> what it shows."""


def file_name(app: str, name: str, clothes: str) -> str:
    """Where a picture is kept in docs/img."""
    return f"{app}-{name}-{clothes}.png"


def files() -> Iterator[str]:
    """Every picture's file."""
    for app, names in (("desk", DESK), ("console", CONSOLE)):
        for name in names:
            for clothes in CLOTHES:
                yield file_name(app, name, clothes)


def markdown(app: str) -> Iterator[str]:
    """The rows of docs/screens.md for one app."""
    yield "| page | light | dark | phone |"
    yield "|---|---|---|---|"
    for name, caption in {"desk": DESK, "console": CONSOLE}[app].items():
        pictures = [f"[{scheme}](img/{file_name(app, name, scheme)})" for scheme in CLOTHES]
        yield f"| {caption} | {' | '.join(pictures)} |"
