"""Databases of the tests: one address of each kind for a worker, made anew for each test, and its engines.

SQLAlchemy keeps the statements that it has compiled in the engine. An engine that stays from test to test compiles the
product's statements once a worker; with a new engine for each test the suite would spend a third more time on them.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event, text

from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.blind.postgres import prepare_desk_url
from secondreader.db.core.engine import open_engine

open_once = cache(open_engine)


def reuse_engine(target: str) -> Engine:
    """The worker's one engine on the owner's database at this address, without a connection of an earlier test."""
    engine = open_once(target)
    engine.dispose()
    return engine


@cache
def open_blind_once(url: URL) -> tuple[Engine, dict[str, Any]]:
    """The worker's one blind engine at this address, and what its new connections log in with."""
    engine, login = open_blind_engine(url), dict[str, Any]()

    def log_in(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        parameters |= login

    if url.get_backend_name() != "sqlite":
        event.listen(engine, "do_connect", log_in)
    return engine, login


def open_desk(owner: Engine) -> Engine:
    """The desk's engine on a database; the password of its PostgreSQL role is new each time."""
    url = prepare_desk_url(owner)
    engine, login = open_blind_once(url.set(password=None))
    login["password"] = url.password
    engine.dispose()
    return engine


def replace_file(template: Path, target: Path) -> str:
    """Put a copy of a SQLite file in the place of another one, whose open connections keep what they had."""
    for suffix in ("", "-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    return str(shutil.copyfile(template, target))


@contextmanager
def copy_postgres(admin: Connection, template: str, name: str) -> Iterator[str]:
    """URL of an empty, migrated PostgreSQL database, until the block ends."""
    admin.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield admin.engine.url.set(database=name).render_as_string(hide_password=False)
    admin.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
