"""What the browser sends: the messages of the annotator's and of the adjudicator's page.

Together with `payloads` this is the schema of the wire; `tools/wire_types.py` writes it down for the JavaScript side.
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from secondreader.db.desk.model_guesses import MAX_GUESS

MAX_NOTE = 10_000
MAX_REASON = 10_000
MAX_EVIDENCE = 10_000
MAX_OPERATIONS = 200
MAX_WANTED = 4
UNREADABLE_TEXT = "This page sent something that the desk does not know; reload it."

Token = Annotated[str, Field(pattern=r"^[0-9a-zA-Z_-]{8,64}$")]
ShortText = Annotated[str, Field(max_length=200)]
DecisionKind = Literal["ambiguous", "guideline gap", "annotator error", "contested"]


class BrowserModel(BaseModel):
    """Anything that the browser sends: unknown fields are refused."""

    # A field that nobody reads would be believed to be kept; docstrings of fields become comments of the JavaScript types.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class LabelContent(BrowserModel):
    """What an annotator has answered on one transcript so far."""

    answers: dict[ShortText, ShortText] = Field(default_factory=dict, max_length=50)
    # Bounds on everything: a message is stored before anybody looks at it.
    evidence: tuple[Annotated[int, Field(ge=0, lt=1_000_000)], ...] = Field(
        default=(), max_length=MAX_EVIDENCE
    )
    confidence: Annotated[int, Field(ge=1, le=3)] | None = None
    note: Annotated[str, Field(max_length=MAX_NOTE)] = ""
    contested: bool = False
    """The annotator thinks that competent people would genuinely split."""
    active_seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 0.0
    revision: Annotated[int, Field(ge=0)] = 0
    """The revision that was on the screen; 0 before the first label."""


class LabelOperation(BrowserModel):
    """One thing to do for an annotator; `id` names its acknowledgement and makes a submit idempotent."""

    id: Token
    op: Literal["submit", "draft", "show_reasoning", "guess"]
    token: Token
    """The assignment that it is about."""
    label: LabelContent = LabelContent()
    guess: Annotated[str, Field(max_length=MAX_GUESS)] = ""
    """For op guess: which model it was, in the annotator's own words; empty for no idea."""


class DecisionContent(BrowserModel):
    """What the adjudicator decides on one question of one transcript."""

    question: ShortText
    answer: ShortText | None = None
    """None with the kind contested."""
    kind: DecisionKind
    reason: Annotated[str, Field(max_length=MAX_REASON)]
    revision: Annotated[int, Field(ge=0)]
    """The revision of the question that was on the screen; 0 before the first decision."""
    version: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    """The version of the annotators' labels that was on the screen."""


class DecisionOperation(BrowserModel):
    """One decision to save; `id` names its acknowledgement and makes it idempotent."""

    id: Token
    op: Literal["decide"]
    token: Token
    """The transcript in this adjudicator's list."""
    decision: DecisionContent


class BrowserMessage(BrowserModel):
    """What both pages send with every message."""

    number: Annotated[int, Field(ge=0)]
    """Counts up in one page; echoed, so that a late answer is not mistaken for a new one."""
    wanted: tuple[Token, ...] = Field(default=(), max_length=MAX_WANTED)
    """Transcripts that the browser does not hold yet."""
    begin: bool = False
    """A page that starts anew: it needs study and queue again."""


class DeskMessage(BrowserMessage):
    """One message of the annotator's page."""

    operations: tuple[LabelOperation, ...] = Field(default=(), max_length=MAX_OPERATIONS)
    stage: Literal["", "main", "discussion"] = ""
    """With begin: the part to open, where the annotator may choose."""


class AdjudicationMessage(BrowserMessage):
    """One message of the adjudicator's page."""

    operations: tuple[DecisionOperation, ...] = Field(default=(), max_length=MAX_OPERATIONS)


AnyMessage = TypeVar("AnyMessage", DeskMessage, AdjudicationMessage)


def parse_message(model: type[AnyMessage], raw_message: Any) -> AnyMessage | None:
    """The browser's message; None for one that makes no sense."""
    try:
        return model.model_validate(raw_message)
    except ValidationError:
        return None
