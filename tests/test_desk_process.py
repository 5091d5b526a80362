"""What the desk's process is given: its environment, taken by somebody who broke into it, reads no verdict."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.core.tables import Annotator, Invite
from secondreader.runner.cli.serve import make_desk_app
from secondreader.runner.serve.processes import (
    PASSED_VARIABLES,
    find_free_port,
    start_app,
    stop_processes,
    wait_until_healthy,
)
from tests.annotate.seed import CANARIES, seed

DAY = "'2100-01-01 00:00:00+00:00'"
NO = "permission denied|prohibited|not authorized|row-level security|must be owner|annotators and adjudicators only"
FORBIDDEN = (
    "SELECT answers FROM verdict",
    "SELECT count(*) FROM verdict",
    "SELECT model FROM transcript",
    "SELECT * FROM transcript",
    "SELECT plan FROM study",
    "SELECT stratum FROM study_item",
    "INSERT INTO visit (invite_id, cookie_hash, expires_at, created_at) VALUES ({invite}, 'h', {day}, {day})",
    "UPDATE annotator SET role = 'researcher'",
    "UPDATE invite SET revoked_at = NULL",
)
OF_THE_SERVER = (
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "ALTER TABLE visit DISABLE ROW LEVEL SECURITY",
    "DROP POLICY of_the_desk ON visit",
    "SELECT pg_read_file('PG_VERSION')",
    "COPY verdict TO STDOUT",
    "SET session_replication_role = replica",
)


@contextmanager
def desk_process(owner: Engine) -> Iterator[subprocess.Popen[bytes]]:
    """The desk as the command line starts it."""
    app = make_desk_app(owner, "127.0.0.1", find_free_port("127.0.0.1", 18501))
    process = start_app(app)
    try:
        wait_until_healthy(app, process)
        yield process
    finally:
        stop_processes([process])


def environment_of(process: subprocess.Popen[bytes]) -> dict[str, str]:
    """What /proc tells of a process's environment."""
    raw = Path(f"/proc/{process.pid}/environ").read_bytes().decode()
    return dict(pair.split("=", 1) for pair in raw.split("\0") if "=" in pair)


def refused(engine: Engine, statement: str) -> None:
    """The database itself says no."""
    with pytest.raises(DBAPIError, match=NO), engine.begin() as connection:
        connection.execute(text(statement.replace(":", r"\:")))


def test_the_desks_process_cannot_read_a_verdict(
    database_target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its environment nor its command line holds a key of the owner's, and what it holds opens no verdict."""
    monkeypatch.setenv("SECONDREADER_DB", database_target)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-key")
    seed(database_target)
    owner = open_engine(database_target)
    with read_session(owner) as session:
        invite = session.exec(select(Invite.id).join(Annotator).where(Annotator.role == "researcher")).first()
    with desk_process(owner) as process:
        told, line = environment_of(process), Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
    assert set(told) <= {*PASSED_VARIABLES, "SECONDREADER_DESK_DB"}
    for secret in (*CANARIES, "sk-canary-key"):
        assert secret not in line + "".join(told.values())
    is_server = owner.dialect.name == "postgresql"
    # a server is asked by a plain connection, as the intruder would; a file is opened through the desk's own connection
    held = (
        create_engine(told["SECONDREADER_DESK_DB"])
        if is_server
        else open_blind_engine(told["SECONDREADER_DESK_DB"])
    )
    assert (held.url.username == owner.url.username) is not is_server
    for statement in FORBIDDEN + (OF_THE_SERVER if is_server else ()):
        refused(held, statement.format(invite=invite, owner=owner.url.username, day=DAY))
    with held.connect() as connection:
        assert connection.scalar(text("SELECT count(id) FROM annotator")) == 3
    held.dispose()
    owner.dispose()
