"""An app's process: its database, its cookies, its way to end with a sentence."""

import pytest
from sqlalchemy import Engine, create_engine

from secondreader.annotate.session.process import DESK
from secondreader.annotate.session.settings import STREAMLIT_OPTIONS as DESK_OPTIONS
from secondreader.db.access.app_process import COMMON_STREAMLIT_OPTIONS, SECURE_VARIABLE, AppProcess
from secondreader.db.access.invites import create_invite, redeem_invite
from secondreader.db.access.middleware import AuthMiddleware
from secondreader.db.access.oidc import SETTINGS_VARIABLE, get_sign_in_tokens
from secondreader.db.core.engine import DatabaseError, open_engine, write_session
from secondreader.db.core.errors import DatabaseUnavailable
from secondreader.db.design.studies import ensure_annotator, ensure_study
from secondreader.reports.console.process import CONSOLE
from secondreader.reports.console.settings import STREAMLIT_OPTIONS as CONSOLE_OPTIONS

VARIABLE = "SECONDREADER_TEST_DB"


@pytest.fixture
def process() -> AppProcess:
    """A desk that has opened nothing yet."""
    return AppProcess("desk", frozenset({"annotator"}), database_variable=VARIABLE, open_engine=create_engine)


@pytest.mark.parametrize("value", [None, ""])
def test_a_process_without_database_says_how_to_start_it(
    process: AppProcess, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """Somebody who starts the script by hand reads the command; the server ends with the same sentence."""
    monkeypatch.delenv(VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(DatabaseError, match="start the desk with `secondreader desk`"):
        assert process.engine
    with pytest.raises(SystemExit, match=f"secondreader: {VARIABLE} is not set"):
        process.build_middleware()


def test_the_engine_is_opened_once(process: AppProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every script of the process shares one engine."""
    monkeypatch.setenv(VARIABLE, "sqlite://")
    assert process.engine is process.engine
    assert str(process.engine.url) == "sqlite://"
    process.engine.dispose()


@pytest.mark.parametrize(("value", "secure"), [("1", True), ("0", False), ("true", False), (None, False)])
def test_secure_cookies_are_asked_for(
    process: AppProcess, monkeypatch: pytest.MonkeyPatch, value: str | None, secure: bool
) -> None:
    """Only 1 turns them on, as the command sets it."""
    monkeypatch.delenv(SECURE_VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(SECURE_VARIABLE, value)
    assert process.app.secure is secure
    assert process.app.name == "desk"


@pytest.mark.parametrize("is_enabled", [False, True])
def test_tokens_are_redeemed_only_where_sign_in_is_on(
    process: AppProcess, monkeypatch: pytest.MonkeyPatch, is_enabled: bool
) -> None:
    """Without settings the middleware has no tokens and lets nobody sign in with an account."""
    monkeypatch.setenv(VARIABLE, "sqlite://")
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)
    if is_enabled:
        monkeypatch.setenv(SETTINGS_VARIABLE, "{}")
    middleware = process.build_middleware()
    app_class: object = middleware.cls
    assert app_class is AuthMiddleware
    assert middleware.kwargs["sign_in_tokens"] is (get_sign_in_tokens() if is_enabled else None)
    process.engine.dispose()


def test_a_visitor_is_asked_of_the_database(
    sqlite_engine: Engine, sqlite_target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script identifies its visitor by the app's own cookie; a database without tables is away."""
    monkeypatch.delenv(SECURE_VARIABLE, raising=False)
    with write_session(sqlite_engine) as session:
        person = ensure_annotator(session, ensure_study(session, "s"), "A1")
        cookie = redeem_invite(session, create_invite(session, person))
    assert cookie is not None
    for target, is_readable in ((sqlite_target, True), (":memory:", False)):
        monkeypatch.setenv(VARIABLE, target)
        process = AppProcess(
            "desk",
            frozenset({"annotator"}),
            database_variable=VARIABLE,
            open_engine=lambda target: open_engine(target, migrate=False),
        )
        if is_readable:
            visitor = process.identify_visitor({"secondreader_desk": cookie})
            assert visitor is not None
            assert visitor.annotator_id == person
            assert process.identify_visitor({}) is None
            step = process.determine_sign_in_step({}, {})
            assert step.sentence == "Sign in to come to your work."
        else:
            with pytest.raises(DatabaseUnavailable):
                process.identify_visitor({"secondreader_desk": cookie})
        process.engine.dispose()


def test_no_role_comes_in_at_both_apps() -> None:
    """Annotators and adjudicators work at the desk, researchers at the console."""
    assert DESK.roles | CONSOLE.roles == {"annotator", "adjudicator", "researcher"}
    assert DESK.roles.isdisjoint(CONSOLE.roles)


@pytest.mark.parametrize("options", [DESK_OPTIONS, CONSOLE_OPTIONS])
def test_neither_app_loosens_what_both_have(options: dict[str, str]) -> None:
    """An app's own options come on top."""
    assert options.items() >= COMMON_STREAMLIT_OPTIONS.items()
