"""The blind connection: the database itself refuses every forbidden read and write, and the desk's work goes on."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from secondreader.db.access.invites import create_invite, find_visitor, redeem_invite
from secondreader.db.core.audit_log import append_event, find_first_broken_event
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.tables import JudgePrompt, Report, Run, Scenario, Transcript, Verdict
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_annotator, ensure_study
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from tests.databases import open_desk


@pytest.fixture
def study(engine: Engine) -> str:
    """A small open study with verdicts and a model's name; returns an invite token."""
    with write_session(engine) as session:
        made = ensure_study(session, "canary-study-name")
        content = Content(messages=(Message(role="user", text="hello"),))
        stored = add_transcripts(
            session,
            [
                NewTranscript(f"k{i}", "c", content, model="canary-model", hidden={"x": "canary"})
                for i in range(3)
            ],
        )
        add_to_pool(session, made, stored.ids)
        add_verdicts(
            session,
            [NewVerdict(i, "canary-judge", "key", "parsed", {"risky_action": "yes"}) for i in stored.ids],
        )
        drawn = freeze_study(session, made, SamplingPlan(3, ("A1",), 1))
        return create_invite(session, drawn.annotator_ids["A1"])


@pytest.fixture
def blind(engine: Engine, study: str) -> Iterator[Engine]:
    """The desk's engine on that study."""
    assert study
    made = open_desk(engine)
    yield made
    made.dispose()


def refused(blind: Engine, statement: str) -> bool:
    """Whether the database refuses a statement for want of permission, rather than for another fault."""
    with pytest.raises(DBAPIError) as caught, blind.begin() as connection:
        connection.execute(text(statement)).fetchall()
    message = str(caught.value.orig).lower()
    return any(words in message for words in ("prohibited", "not authorized", "permission denied"))


@pytest.mark.parametrize("model", [Verdict, JudgePrompt, Run, Scenario, Report, Transcript])
def test_the_mapper_is_refused_too(blind: Engine, model: type) -> None:
    """Loading a whole row through the classes fails like raw SQL does."""
    with pytest.raises(DBAPIError), read_session(blind) as session:
        session.exec(select(model)).all()


def test_a_join_of_the_mapper_is_refused(blind: Engine) -> None:
    """An allowed column cannot be filtered by a verdict."""
    joined = select(Transcript.public_id).join(Verdict, col(Verdict.transcript_id) == col(Transcript.id))
    with read_session(blind) as session, pytest.raises(DBAPIError):
        session.exec(joined)


WRITES = [
    "UPDATE label SET note = 'x'",
    "DELETE FROM label",
    "UPDATE study SET status = 'open'",
    "UPDATE annotator SET role = 'researcher'",
    "INSERT INTO verdict (transcript_id) VALUES (1)",
    "UPDATE invite SET revoked_at = NULL",
    "INSERT INTO annotator (name, role, source, order_seed) VALUES ('x', 'researcher', 'desk', 0)",
    "UPDATE assignment SET annotator_id = 1",
    "DROP TABLE verdict",
    "CREATE TABLE mine (x int)",
]


@pytest.mark.parametrize("statement", WRITES)
def test_the_desk_changes_nothing_but_its_own(blind: Engine, statement: str) -> None:
    """Labels are added, never changed; roles, invites, queues and the schema are out of reach."""
    with pytest.raises(DBAPIError) as caught, blind.begin() as connection:
        connection.execute(text(statement))
    message = str(caught.value.orig).lower()
    assert any(
        words in message for words in ("prohibited", "not authorized", "permission denied", "must be owner")
    )


def test_the_desk_can_do_its_work(engine: Engine, study: str) -> None:
    """Coming in, and adding to the audit chain, need no more than the door lets through."""
    blind = open_desk(engine)
    with write_session(blind) as session:
        cookie = redeem_invite(session, study)
        assert cookie is not None
        person = find_visitor(session, cookie)
        append_event(session, "A1", "came in", "desk")
    blind.dispose()
    assert person is not None
    assert (person.name, person.role) == ("A1", "annotator")
    with read_session(engine) as session:
        assert find_first_broken_event(session) is None


@pytest.mark.parametrize("form", ["INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE"])
@pytest.mark.parametrize("role", ["researcher", "annotator", "nobody"])
def test_the_desk_makes_no_visit_to_the_console(engine: Engine, study: str, role: str, form: str) -> None:
    """Whatever the desk's process says, it cannot turn a researcher's invite into a visit."""
    if engine.dialect.name != "sqlite":
        form = "INSERT"
    with write_session(engine) as session:
        researcher = ensure_annotator(session, None, "R", "researcher")
        create_invite(session, researcher)
    of_role = {"researcher": "IS NULL", "annotator": "IS NOT NULL"}
    with engine.connect() as connection:
        query = "SELECT i.id FROM invite i JOIN annotator a ON a.id = i.annotator_id WHERE a.study_id "
        invite = connection.scalar(text(query + of_role[role])) if role in of_role else 4711
    statement = f"{form} INTO visit (invite_id, cookie_hash, expires_at, created_at) VALUES (:i, 'h', :t, :t)"
    blind = open_desk(engine)

    def insert() -> None:
        with blind.begin() as connection:
            connection.execute(text(statement), {"i": invite, "t": "2100-01-01 00:00:00+00:00"})

    if role == "annotator":
        insert()
    else:
        with pytest.raises(DBAPIError):
            insert()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM visit")) == (role == "annotator")
    blind.dispose()
