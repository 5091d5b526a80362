"""In the console a researcher makes and closes links and changes a study's state, all on record."""

import re
from html import unescape

import pytest
import streamlit as st
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from secondreader.db.access.invites import find_visitor, redeem_invite
from secondreader.db.core.audit_log import find_first_broken_event, list_events
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.design.people import Person, list_people_with_links
from secondreader.db.design.studies import get_study
from tests.reports.console.test_pages import opened, sent
from tests.reports.seed import HOSTILE, Library, Shape

SMALL = Shape(n=9, interim=False)


@pytest.fixture
def copied(library: Library, sqlite_target: str) -> Engine:
    """A small study of one's own."""
    st.cache_data.clear()
    st.cache_resource.clear()
    return library.copy(SMALL, sqlite_target)


def people(engine: Engine, *, study: bool = True) -> dict[str, Person]:
    """People by name."""
    with read_session(engine) as session:
        row = get_study(session, "s") if study else None
        return {person.name: person for person in list_people_with_links(session, row)}


def invited(app: AppTest, role: str, name: str) -> AppTest:
    """Fill in the form and press its button."""
    app.selectbox(key="invite-role").set_value(role)
    app.text_input(key="invite-name").set_value(name)
    app.text_input(key="invite-why").set_value("asked for it")
    app.button(key="invite-make").click().run()
    assert not app.exception
    return app


def test_a_link_is_shown_once_and_works(copied: Engine, sqlite_target: str) -> None:
    """The link opens the role's app for that person; the next run of the page does not hold it any more."""
    for role, name, study in (
        ("annotator", "Ada", 1),
        ("adjudicator", "Dora", 1),
        ("researcher", "Rosa", None),
    ):
        app = invited(opened(sqlite_target, "people"), role, name)
        (code,) = app.code
        (token,) = re.findall(r"^http://[^/]+/join#([\w-]{40,})$", code.value)
        app.run()
        assert token not in sent(app)
        assert not app.code
        with write_session(copied) as session:
            cookie = redeem_invite(session, token)
            assert cookie is not None
            found = find_visitor(session, cookie)
        assert found is not None
        assert (found.name, found.role, found.study_id) == (name, role, study)
    assert people(copied)["Ada"].links[0].n_browser_sessions == 1
    assert people(copied)["Ada"].last_session_at is not None
    with read_session(copied) as session:
        made = [(event.actor, event.detail["why"]) for event in list_events(session, limit=3)]
        assert made == [("Rita", "asked for it")] * 3
        assert find_first_broken_event(session) is None


@pytest.mark.parametrize(
    ("role", "name", "sentence"),
    [
        ("annotator", "Nobody", "has no annotator 'Nobody'; there is: Ada, Ben, Cleo"),
        ("adjudicator", "   ", "A pseudonym has 1 to 80 characters"),
        ("annotator", HOSTILE, "has no annotator"),
    ],
)
def test_a_link_that_cannot_be_is_one_sentence(
    copied: Engine, sqlite_target: str, role: str, name: str, sentence: str
) -> None:
    """No link is made, and the name comes back as text."""
    app = invited(opened(sqlite_target, "people"), role, name)
    assert sentence in unescape(sent(app)).replace("\\'", "'")
    assert not app.code
    assert "<img" not in "".join(block.proto.body for block in app.get("html"))
    assert not [person for person in people(copied).values() if person.links]


def test_links_are_closed_after_a_confirmation(copied: Engine, sqlite_target: str) -> None:
    """Without the box or a reason nothing happens; with both every link is revoked, on record with the reason."""
    invited(opened(sqlite_target, "people"), "annotator", "Ada")
    app = opened(sqlite_target, "people")
    app.text_input(key="close-why").set_value("lost phone")
    app.button(key="close-links").click().run()
    assert "Nothing was closed" in app.warning[0].value
    assert people(copied)["Ada"].can_sign_in
    app.text_input(key="close-why").set_value("lost phone")
    app.checkbox(key="close-sure").check()
    app.button(key="close-links").click().run()
    assert "Ada (annotator): 1 link closed." in sent(app)
    assert not people(copied)["Ada"].can_sign_in
    assert people(copied)["Ada"].links[0].state == "revoked"
    with read_session(copied) as session:
        (last,) = list_events(session, limit=1)
    assert (last.actor, last.action) == ("Rita", "links closed")
    assert last.detail == {"role": "annotator", "n": 1, "why": "lost phone"}
    assert "lost phone" not in sent(app)


def test_a_study_is_closed_and_unblinded_in_the_console(copied: Engine, sqlite_target: str) -> None:
    """Each step needs a reason; then the pages compare judge and people, and the overview says who unblinded."""
    app = opened(sqlite_target, "progress")
    app.selectbox(key="status-new").set_value("closed")
    app.button(key="status-change").click().run()
    assert "give a reason" in sent(app)
    app.selectbox(key="status-new").set_value("closed")
    app.text_input(key="status-why").set_value("enough labels")
    app.button(key="status-change").click().run()
    assert "The study is closed." in sent(app)
    app.text_input(key="unblind-why").set_value("all is in")
    app.button(key="unblind-study").click().run()
    assert "tick the box" in sent(app)
    app.text_input(key="unblind-why").set_value("all is in")
    app.checkbox(key="unblind-sure").check()
    app.button(key="unblind-study").click().run()
    assert "The study is unblinded." in sent(app)
    assert "Unblinded by Rita" in sent(opened(sqlite_target, "overview"))
    assert "Judges with people" in [tab.label for tab in opened(sqlite_target, "agreement").tabs]
    log = opened(sqlite_target, "audit")
    assert "every hash follows" in sent(log)
    rows = log.dataframe[0].value
    assert list(rows["what"][:2]) == ["study unblinded", "study closed"]
    assert list(rows["detail"][:2]) == ["all is in", "enough labels"]
    assert list(rows["of"][:2]) == ["study s", "study s"]


def test_a_changed_log_is_told(copied: Engine, sqlite_target: str) -> None:
    """An event that somebody changed behind the application's back is named."""
    with copied.begin() as connection:
        triggers = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'"
        ).scalars()
        for name in triggers.all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("UPDATE audit_event SET actor = 'somebody else' WHERE id = 2")
    app = opened(sqlite_target, "audit")
    assert "Event 2 does not follow" in sent(app)
