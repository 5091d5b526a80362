"""The tables. Rows that are evidence are never updated or deleted: triggers of the first migration refuse it.

A column that the desk may read is named in `secondreader.db.blind.columns`; every other one is closed to it.
"""

from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, MetaData, Text, TypeDecorator, UniqueConstraint, text
from sqlmodel import Field, SQLModel

SQLModel.metadata = MetaData(
    naming_convention={
        # without names, SQLite could not drop a constraint in a later migration
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """Time in UTC on both engines; SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC before it is written."""
        if value is not None and value.tzinfo is None:
            # SQLite would store it silently, and it would come back as UTC
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """With its zone when it is read."""
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value.astimezone(UTC) if value else None


def utc_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def generate_public_id() -> str:
    """128 random bits in hex: says nothing of order, content or model."""
    return token_hex(16)


def make_time_column(nullable: bool = False) -> Any:
    """A UTC time column. SQLModel wants a fresh Column object for each field."""
    return Column(UtcDateTime(), nullable=nullable)


def make_json_column(nullable: bool = False) -> Any:
    """A JSON column (text on SQLite, json on PostgreSQL)."""
    return Column(JSON(none_as_null=True), nullable=nullable)


def make_json_object_column() -> Any:
    """A JSON column that is {} where nothing was said."""
    return Column(JSON(none_as_null=True), nullable=False, server_default="{}")


def make_json_list_column() -> Any:
    """A JSON column that is [] where nothing was said."""
    return Column(JSON(none_as_null=True), nullable=False, server_default="[]")


def make_text_column(nullable: bool = False) -> Any:
    """A text column without a length."""
    return Column(Text(), nullable=nullable)


class Scenario(SQLModel, table=True):
    """One version of one scenario of a pack."""

    # a scenario that is edited is a new row: transcripts keep the one that they were made with
    __table_args__ = (UniqueConstraint("key", "content_hash"),)
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    pack: str
    title: str
    motive: str
    risk_types: list[str] = Field(sa_column=make_json_column())
    body: dict[str, Any] = Field(sa_column=make_json_column())
    content_hash: str
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class Run(SQLModel, table=True):
    """One batch of work: agents, judging or an import."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    name: str
    config: dict[str, Any] = Field(sa_column=make_json_column())
    config_hash: str = Field(index=True)
    started_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class Transcript(SQLModel, table=True):
    """One attempt, immutable. `content` is None where only verdicts of it are known.

    `origin_key` says where it came from. Two rows may share it: one with the text, and one that was stored before the text
    was known, with `has_text` false.
    """

    # see `secondreader.db.transcripts.textless` for how the two rows of a key become one item
    __table_args__ = (UniqueConstraint("origin_key", "has_text"),)
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=generate_public_id, unique=True)
    origin_key: str = Field(sa_column=make_text_column())
    has_text: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    run_id: int | None = Field(default=None, foreign_key="run.id")
    scenario_id: int | None = Field(default=None, foreign_key="scenario.id")
    cluster: str
    content: str | None = Field(default=None, sa_column=make_text_column(nullable=True))
    original: str | None = Field(default=None, sa_column=make_text_column(nullable=True))
    content_hash: str | None = None
    model: str | None = None
    condition: dict[str, Any] = Field(default_factory=dict, sa_column=make_json_column())
    attempt: int = 1
    provenance: dict[str, Any] = Field(default_factory=dict, sa_column=make_json_column())
    attributes: dict[str, Any] = Field(default_factory=dict, sa_column=make_json_column())
    hidden: dict[str, Any] = Field(default_factory=dict, sa_column=make_json_column())
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class JudgePrompt(SQLModel, table=True):
    """One version of one judge prompt."""

    __tablename__ = "judge_prompt"
    id: int | None = Field(default=None, primary_key=True)
    name: str
    version: str
    content_hash: str = Field(unique=True)
    text: str = Field(sa_column=make_text_column())
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class Verdict(SQLModel, table=True):
    """One rating of one transcript by one judge."""

    # two judges may share a name; the key covers prompt, schema, model and parameters
    __table_args__ = (UniqueConstraint("transcript_id", "judge_key", "repeat"),)
    id: int | None = Field(default=None, primary_key=True)
    transcript_id: int = Field(foreign_key="transcript.id", index=True)
    run_id: int | None = Field(default=None, foreign_key="run.id")
    judge_prompt_id: int | None = Field(default=None, foreign_key="judge_prompt.id")
    judge: str
    judge_key: str
    model: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=make_json_column())
    repeat: int = 1
    state: str
    answers: dict[str, Any] = Field(default_factory=dict, sa_column=make_json_column())
    evidence: list[int] = Field(default_factory=list, sa_column=make_json_column())
    score: float | None = None
    rationale: str | None = Field(default=None, sa_column=make_text_column(nullable=True))
    raw: str | None = Field(default=None, sa_column=make_text_column(nullable=True))
    provenance: dict[str, Any] = Field(default_factory=dict, sa_column=make_json_column())
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class Study(SQLModel, table=True):
    """A verification plan. Until `frozen_at` it is a draft; `title` is all of its name that annotators see.

    `rules` is the part of the plan that the desk obeys (qualification, calibration, queue, ...), see
    `secondreader.db.core.desk_rules`. `revealed_at`: the annotators see each other's norming labels since then.
    `revealed_label_id` and `unblinded_adjudication_id` are the last label and the last decision stored before the reveal and
    the unblinding (0: none): they tell before from after, whatever the clocks said.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    title: str
    notice: str = ""
    status: str = "draft"
    codebook: dict[str, Any] = Field(sa_column=make_json_column())
    codebook_hash: str
    guideline: str = Field(sa_column=make_text_column())
    plan: dict[str, Any] = Field(default_factory=dict, sa_column=make_json_column())
    plan_hash: str | None = None
    rules: dict[str, Any] = Field(default_factory=dict, sa_column=make_json_object_column())
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())
    frozen_at: datetime | None = Field(default=None, sa_column=make_time_column(nullable=True))
    revealed_at: datetime | None = Field(default=None, sa_column=make_time_column(nullable=True))
    unblinded_at: datetime | None = Field(default=None, sa_column=make_time_column(nullable=True))
    revealed_label_id: int | None = None
    unblinded_adjudication_id: int | None = None


class StudyItem(SQLModel, table=True):
    """A transcript in a study's pool; sampled for labelling where `inclusion_probability` is set.

    `is_drawn` says the same without the probability, which tells of the verdict's stratum: a shared queue reads it.

    `part` is pool, qualification, attention or calibration: items of the last three stand outside the draw.
    `known` holds the right answers of qualification and attention checks, {"answers": {...}, "why": "..."}.
    """

    __tablename__ = "study_item"
    # a transcript that stood in a pool twice would count twice in every figure
    __table_args__ = (UniqueConstraint("study_id", "transcript_id"),)
    id: int | None = Field(default=None, primary_key=True)
    study_id: int = Field(foreign_key="study.id", index=True)
    transcript_id: int = Field(foreign_key="transcript.id", index=True)
    stratum: str | None = None
    inclusion_probability: float | None = None
    is_drawn: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    part: str = Field(default="pool", sa_column_kwargs={"server_default": "pool"})
    known: dict[str, Any] | None = Field(default=None, sa_column=make_json_column(nullable=True))


class Annotator(SQLModel, table=True):
    """A person in one study (study_id None: a researcher of all studies), under a pseudonym.

    `identity_hash` is of the account that may sign in as this person (OIDC); the account's name is not kept.
    """

    # names are pseudonyms: the same one in two studies need not be the same person
    __table_args__ = (UniqueConstraint("study_id", "name"),)
    id: int | None = Field(default=None, primary_key=True)
    study_id: int | None = Field(default=None, foreign_key="study.id", index=True)
    name: str
    role: str
    source: str = "desk"
    order_seed: int = 0
    identity_hash: str | None = Field(default=None, index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class Invite(SQLModel, table=True):
    """A link that lets one person in; only the hash of its token is kept."""

    id: int | None = Field(default=None, primary_key=True)
    annotator_id: int = Field(foreign_key="annotator.id", index=True)
    token_hash: str = Field(unique=True)
    expires_at: datetime = Field(sa_column=make_time_column())
    revoked_at: datetime | None = Field(default=None, sa_column=make_time_column(nullable=True))
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class Visit(SQLModel, table=True):
    """A browser that redeemed an invite: its cookie's hash and how long it stays valid."""

    id: int | None = Field(default=None, primary_key=True)
    invite_id: int = Field(foreign_key="invite.id", index=True)
    cookie_hash: str = Field(unique=True)
    expires_at: datetime = Field(sa_column=make_time_column())
    ended_at: datetime | None = Field(default=None, sa_column=make_time_column(nullable=True))
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class Assignment(SQLModel, table=True):
    """One item in one annotator's queue. `token` is all that the browser sees of it.

    `leased_until` is set in shared queues only: an unlabelled item goes to somebody else after it.
    """

    __table_args__ = (
        UniqueConstraint("annotator_id", "study_item_id", "pass_no"),
        # two windows that take the next transcript at once cannot both get this position
        UniqueConstraint("annotator_id", "position", name="uq_assignment_position"),
    )
    id: int | None = Field(default=None, primary_key=True)
    token: str = Field(default_factory=generate_public_id, unique=True)
    annotator_id: int = Field(foreign_key="annotator.id", index=True)
    study_item_id: int = Field(foreign_key="study_item.id", index=True)
    position: int
    pass_no: int = 1
    leased_until: datetime | None = Field(default=None, sa_column=make_time_column(nullable=True))


class Label(SQLModel, table=True):
    """One annotator's answers on one transcript; a revision supersedes, nothing is overwritten."""

    # the last line of defence against two windows that save the same revision
    __table_args__ = (UniqueConstraint("study_id", "annotator_id", "transcript_id", "pass_no", "revision"),)
    id: int | None = Field(default=None, primary_key=True)
    study_id: int = Field(foreign_key="study.id", index=True)
    transcript_id: int = Field(foreign_key="transcript.id", index=True)
    annotator_id: int = Field(foreign_key="annotator.id", index=True)
    assignment_id: int | None = Field(default=None, foreign_key="assignment.id", index=True)
    pass_no: int = 1
    revision: int = 1
    client_token: str = Field(unique=True)
    answers: dict[str, Any] = Field(sa_column=make_json_column())
    evidence: list[int] = Field(default_factory=list, sa_column=make_json_column())
    confidence: int | None = None
    note: str = Field(default="", sa_column=make_text_column())
    contested: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    active_seconds: float | None = None
    position: int | None = None
    codebook_hash: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class Draft(SQLModel, table=True):
    """Unsent answers of one assignment; not evidence, so it may be overwritten."""

    assignment_id: int = Field(primary_key=True, foreign_key="assignment.id")
    body: dict[str, Any] = Field(sa_column=make_json_column())
    updated_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class Adjudication(SQLModel, table=True):
    """A second look at a split item, with its reason; each adjudicator's latest one of an item and question counts.

    `kind`: ambiguous, guideline gap, annotator error, or contested (then `answer` is empty: the split is the finding).
    `seen` holds the ids of the labels that it was about.
    """

    id: int | None = Field(default=None, primary_key=True)
    study_item_id: int = Field(foreign_key="study_item.id", index=True)
    annotator_id: int = Field(foreign_key="annotator.id")
    question: str
    answer: str
    kind: str
    reason: str = Field(sa_column=make_text_column())
    client_token: str | None = Field(default=None, index=True, unique=True)
    seen: list[int] = Field(default_factory=list, sa_column=make_json_list_column())
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class Guess(SQLModel, table=True):
    """What an annotator thinks which model a transcript is of, in their own words; empty for "no idea"."""

    id: int | None = Field(default=None, primary_key=True)
    assignment_id: int = Field(foreign_key="assignment.id", unique=True)
    text: str = Field(sa_column=make_text_column())
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class Amendment(SQLModel, table=True):
    """A change to a frozen study: what, by whom, why, and the hash of the plan after it."""

    id: int | None = Field(default=None, primary_key=True)
    study_id: int = Field(foreign_key="study.id", index=True)
    actor: str
    what: dict[str, Any] = Field(sa_column=make_json_column())
    why: str = Field(sa_column=make_text_column())
    plan_hash: str
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class LeakScan(SQLModel, table=True):
    """What one version of the leak scan found in a transcript; a transcript's latest scan counts.

    `version` is None where the scan ran before its versions were recorded.
    """

    __tablename__ = "leak_scan"
    id: int | None = Field(default=None, primary_key=True)
    transcript_id: int = Field(foreign_key="transcript.id", index=True)
    version: str | None = None
    findings: list[dict[str, Any]] = Field(sa_column=make_json_column())
    n_findings: int
    scanned_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class LeakReview(SQLModel, table=True):
    """A person's decision on what the leak scan found in a transcript: accepted or excluded; the latest one counts."""

    __tablename__ = "leak_review"
    id: int | None = Field(default=None, primary_key=True)
    study_id: int = Field(foreign_key="study.id", index=True)
    transcript_id: int = Field(foreign_key="transcript.id", index=True)
    decision: str
    actor: str
    why: str = Field(sa_column=make_text_column())
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


class AuditEvent(SQLModel, table=True):
    """Who did what, when: each row's hash covers the row before it."""

    __tablename__ = "audit_event"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())
    actor: str
    action: str
    subject: str
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=make_json_column())
    previous_hash: str
    hash: str = Field(unique=True)


class Report(SQLModel, table=True):
    """An exported report: the hashes of what went in, and every figure that came out."""

    id: int | None = Field(default=None, primary_key=True)
    study_id: int = Field(foreign_key="study.id", index=True)
    inputs_hash: str
    inputs: dict[str, Any] = Field(sa_column=make_json_column())
    results: dict[str, Any] = Field(sa_column=make_json_column())
    created_at: datetime = Field(default_factory=utc_now, sa_column=make_time_column())


EVIDENCE = (
    "transcript",
    "judge_prompt",
    "verdict",
    "label",
    "adjudication",
    "audit_event",
    "report",
    "scenario",
    "guess",
    "amendment",
    "leak_scan",
    "leak_review",
)
"""Tables whose rows no one may update or delete."""

TABLES = SQLModel.metadata.tables
"""Every table by name."""
