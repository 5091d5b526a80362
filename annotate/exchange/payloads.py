"""What the browser receives: closed lists of fields, so that nothing else can slip through to it.

Plain dictionaries at run time; the types are for mypy, for `tools/wire_types.py`, which writes them down for the
JavaScript side, and for the test that holds real payloads against them.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, GetPydanticSchema, with_config
from typing_extensions import TypedDict  # pydantic reads those of `typing` from Python 3.12 on only

from secondreader.db.adjudication.items import EntryState
from secondreader.db.core.content import Content
from secondreader.db.desk.stages import StageName

TranscriptContent = Annotated[
    dict[str, Any], GetPydanticSchema(lambda _source, handler: handler.generate_schema(Content))
]
"""`Content` as plain JSON. It comes from the database as it is sent, so nobody builds the model in between."""

RefusalCode = Literal["retry", "closed", "not reached", "taken", "role", "unknown", "invalid", "conflict"]
"""What the page does about a refusal: send again, ask again, or let the person decide."""
StudyUnit = Literal["transcript", "scenario"]


class AnswerPayload(TypedDict):
    """One choice of a question."""

    value: str
    label: str


class QuestionPayload(TypedDict):
    """One question of the codebook, with the keys that answer it."""

    id: str
    text: str
    definition: str
    examples: list[str]
    counter_examples: list[str]
    answers: list[AnswerPayload]
    optional: bool
    asked_when: dict[str, list[str]]
    """Other questions' ids and the answers to them that make this one appear."""
    needs_reasoning: bool
    keys: dict[str, str]
    """Answer value -> key; an answer without a key is clicked."""


class BaseStudyPayload(TypedDict):
    """What both pages know of a study: never its name or id."""

    title: str
    notice: str
    is_open: bool
    """Whether it takes labels, or decisions, now."""
    guideline: str
    """Markdown."""
    unit: StudyUnit
    questions: list[QuestionPayload]
    actions: dict[str, str]
    """What a key does -> the key; for the page's help."""


class StudyPayload(BaseStudyPayload):
    """The study as the annotator's page knows it."""

    pause_every: int
    """Labels of one sitting after which the page suggests a pause."""
    reasoning_after: str | None
    """The question before whose answer the visible reasoning is withheld."""
    is_shared: bool
    """Annotators take assignments from a shared queue: nobody knows beforehand how many."""


class RoundPayload(TypedDict):
    """The round of the qualification that is under way."""

    round: int
    rounds: int
    threshold: float
    """Share of the items to answer right."""


class StagePayload(TypedDict):
    """The part of the study that the annotator works in now."""

    name: StageName
    has_discussion: bool
    """The annotator may go between the discussion and the main queue."""
    qualification: RoundPayload | None


class RoundResultPayload(RoundPayload):
    """How the latest finished round of the qualification went."""

    state: Literal["again", "passed", "failed"]
    n_right: int
    n_total: int


class OpeningPayload(TypedDict):
    """All that a fresh page of an annotator needs beside the first items."""

    study: StudyPayload
    stage: StagePayload
    result: RoundResultPayload | None
    queue: list[tuple[str, bool]]
    """(token, is labelled) of each assignment of the stage, in its order."""
    own_seconds: list[float]
    """Active seconds of the annotator's latest labels, newest first."""
    guess_tokens: list[str]
    """Assignments of which the annotator is asked which model it was."""


class DraftPayload(TypedDict, total=False):
    """Answers that were begun and not submitted yet: a label's content as some version of the page left it."""

    answers: dict[str, str]
    evidence: list[int]
    confidence: int | None
    note: str
    contested: bool
    active_seconds: float
    revision: int


class FeedbackAnswerPayload(TypedDict):
    """One question of a qualification item, after it was answered."""

    question: str
    answer: str | None
    """None where it was not answered."""
    right_answer: str
    is_right: bool


class FeedbackPayload(TypedDict):
    """What an annotator learns after answering a qualification item."""

    answers: list[FeedbackAnswerPayload]
    why: str


class OtherRatingPayload(TypedDict):
    """What somebody else answered on an item that is being discussed."""

    alias: str
    """A, B, ...: theirs on this item alone."""
    answers: dict[str, str]
    note: str
    evidence: list[int]
    contested: bool


class ItemPayload(TypedDict):
    """One item of an annotator's queue with their own latest answers."""

    token: str
    content: TranscriptContent
    withheld: bool
    """The visible reasoning is not in `content` yet."""
    fixed: dict[str, str]
    """Answers given before the reasoning was shown; they stand until the first submit."""
    answers: dict[str, str]
    evidence: list[int]
    confidence: int | None
    note: str
    contested: bool
    revision: int
    """0 before the first label."""
    feedback: NotRequired[FeedbackPayload]
    others: NotRequired[list[OtherRatingPayload]]
    draft: NotRequired[DraftPayload]


class AckPayload(TypedDict):
    """What became of one operation; made after the commit."""

    id: str
    ok: bool
    revision: NotRequired[int]
    """Of a label or a decision that was saved."""
    code: NotRequired[RefusalCode]
    text: NotRequired[str]
    """For the person: why it was refused."""


class BasePayload(TypedDict, total=False):
    """What both pages may find in a payload."""

    number: int
    """Of the message that is answered; 0 for an opening that nobody asked for."""
    id: str
    """Tells a new payload from one that Streamlit shows again."""
    acks: list[AckPayload]
    error: str
    """For the person: a fault that passes by itself."""
    unreadable: bool
    """The message made no sense; sending it again cannot help."""
    signed_out: str
    """For the person: their browser session has ended."""


# The configuration of a whole payload holds for what is nested in it, so it stands here alone.
@with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))
class DeskPayload(BasePayload, total=False):
    """What the annotator's page gets after each message."""

    opening: OpeningPayload
    items: list[ItemPayload]
    new_tokens: list[str]
    """In a shared queue: the open assignments, once new ones were taken."""


class AdjudicationStudyPayload(BaseStudyPayload):
    """The study as the adjudicator's page knows it."""

    kinds: list["DecisionKindPayload"]


class DecisionKindPayload(TypedDict):
    """A kind of decision: why the annotators disagreed."""

    kind: str
    label: str
    key: str
    meaning: str


class AdjudicationOpeningPayload(TypedDict):
    """All that a fresh page of an adjudicator needs beside the first items."""

    study: AdjudicationStudyPayload
    queue: list[tuple[str, EntryState]]
    """(token, state) of each transcript in this adjudicator's order."""


class OwnDecisionPayload(TypedDict):
    """The adjudicator's own latest decision on one question."""

    answer: str | None
    """None where the dispute is the finding."""
    kind: str
    reason: str


class DisputedQuestionPayload(TypedDict):
    """One question on which annotators disagree."""

    id: str
    answers: list[str]
    """The different answers, each once, in random order."""
    revision: int
    """How many decisions this adjudicator has made on it."""
    decision: OwnDecisionPayload | None
    has_changed: bool
    """Annotators have changed their answers since the decision."""


class AdjudicationItemPayload(TypedDict):
    """One transcript of the adjudicator's list: what annotators said, never who."""

    token: str
    content: TranscriptContent
    questions: list[DisputedQuestionPayload]
    notes: list[str]
    evidence: list[int]
    contested: bool
    version: str
    """Changes whenever an annotator changes anything of it."""


class MissingPayload(TypedDict):
    """Transcripts that were asked for and are no longer in the list."""

    tokens: list[str]
    text: str


@with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))
class AdjudicationPayload(BasePayload, total=False):
    """What the adjudicator's page gets after each message."""

    opening: AdjudicationOpeningPayload
    items: list[AdjudicationItemPayload]
    missing: MissingPayload
