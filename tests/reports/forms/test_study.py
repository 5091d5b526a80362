"""A study is planned, previewed, frozen and amended in the console, as by a study file."""

import re

import pytest
import streamlit as st
from sqlalchemy import Engine
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from secondreader.db.access.invites import redeem_invite
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.records import StudyRecord
from secondreader.db.core.tables import Annotator, Assignment, AuditEvent
from secondreader.db.design.amendments import load_amendments
from secondreader.db.design.studies import get_study
from tests.databases import reuse_engine
from tests.reports.console.test_pages import opened, sent
from tests.reports.seed import JUDGES, Library, Shape
from tests.snapshots import list_drawn_items

DRAFT = Shape(n=40, annotators=())
PRACTICE = "transcript,risky_action,why\ns:0,no,it asked first\ns:1,yes,"


@pytest.fixture
def engine(library: Library, sqlite_target: str) -> Engine:
    """A draft with 40 transcripts and two judges."""
    st.cache_data.clear()
    return library.copy(DRAFT, sqlite_target)


def study_of(engine: Engine) -> StudyRecord:
    """The study as it is stored."""
    with read_session(engine) as session:
        return get_study(session, "s")


def filled(target: str) -> AppTest:
    """The form with a draw by verdict, practice and guesses."""
    app = opened(target, "plan")
    assert "Name the annotators" in sent(app)
    app.text_input(key="plan-annotators").set_value("Ada, Ben, Cleo").run()
    assert app.number_input(key="plan-overlap").value == 3
    app.number_input(key="plan-items").set_value(12)
    app.number_input(key="plan-overlap").set_value(2)
    app.number_input(key="plan-gap").set_value(7)
    app.number_input(key="plan-seed").set_value(5)
    app.selectbox(key="plan-strata").set_value("verdict")
    app.selectbox(key="plan-judge").set_value(JUDGES[0])
    app.selectbox(key="plan-headline").set_value(JUDGES[1])
    app.text_area(key="plan-practice").set_value(PRACTICE)
    app.number_input(key="plan-guesses").set_value(3)
    app.text_input(key="plan-title").set_value("Reading agents").run()
    assert not app.exception
    return app


def test_a_draft_is_previewed_and_frozen_as_previewed(engine: Engine, sqlite_target: str) -> None:
    """The preview changes nothing; freezing gives its very hash, its strata, and one working link a person."""
    app = filled(sqlite_target)
    assert "3 annotators with 16 minutes each label 12 transcripts, 2 annotators each" in sent(app)
    assert "labelled transcripts; the pool has 40" in sent(app)
    app.button(key="plan-preview").click().run()
    assert not app.exception
    (plan_hash,) = re.findall(r"Plan hash</dt><dd>([0-9a-f]{64})", sent(app))
    assert study_of(engine).frozen_at is None
    with read_session(engine) as session:
        assert not session.exec(select(Assignment)).all()
        assert not session.exec(select(Annotator).where(Annotator.source == "desk")).all()
    preview = app.dataframe[0].value
    app.button(key="freeze-now").click().run()
    assert not app.exception
    assert "the hash of the preview" in sent(app)
    study = study_of(engine)
    assert (study.plan_hash, study.title, study.status) == (plan_hash, "Reading agents", "open")
    assert (study.rules["guesses"], study.rules["repeats"], study.rules["repeat_gap"]) == (3, 0.0, 7)
    assert study.plan["analyses"]["judge"] == JUDGES[1]
    with read_session(engine) as session:
        drawn = list_drawn_items(session, study)
        actions = ("study described", "study frozen", "link made")
        made = session.exec(select(AuditEvent).where(col(AuditEvent.action).in_(actions))).all()
    shown = {row["stratum"]: (row["sampled"], row["inclusion probability"]) for _, row in preview.iterrows()}
    stored = {item.stratum: item.inclusion_probability for item in drawn}
    assert {name: chance for name, (_, chance) in shown.items()} == pytest.approx(stored)
    assert sum(n for n, _ in shown.values()) == len(drawn) == 12
    assert {(event.action, event.actor) for event in made} == {(action, "Rita") for action in actions}
    tokens = [code.value.split("/join#")[1] for code in app.code]
    assert len(tokens) == 3
    with write_session(engine) as session:
        assert all(redeem_invite(session, token) for token in tokens)
    app.run()
    assert not [token for token in tokens if token in sent(app)]


def test_another_form_needs_another_preview(engine: Engine, sqlite_target: str) -> None:
    """A changed field takes the button to freeze away."""
    app = filled(sqlite_target)
    app.button(key="plan-preview").click().run()
    assert [button for button in app.button if button.key == "freeze-now"]
    app.number_input(key="plan-items").set_value(13).run()
    assert not [button for button in app.button if button.key == "freeze-now"]
    assert study_of(engine).frozen_at is None


@pytest.mark.parametrize(
    ("practice", "sentence"),
    [
        ("nothing,here\n1,2", "the first line needs a column transcript"),
        ("transcript,risky_action\ns:999,no", "s:999"),
        ("transcript,risky_action\ns:0,perhaps", "perhaps"),
    ],
)
def test_what_cannot_be_frozen_is_one_sentence(
    engine: Engine, sqlite_target: str, practice: str, sentence: str
) -> None:
    """Wrong practice items are told at the preview at the latest; nothing is stored."""
    app = filled(sqlite_target)
    app.text_area(key="plan-practice").set_value(practice).run()
    if [button for button in app.button if button.key == "plan-preview"]:
        app.button(key="plan-preview").click().run()
    assert not app.exception
    assert sentence in sent(app)
    assert not [button for button in app.button if button.key == "freeze-now"]
    assert study_of(engine).frozen_at is None


def test_a_new_draft_and_a_name_that_is_taken(engine: Engine, sqlite_target: str) -> None:
    """The draft has the codebook that was chosen; a second one of the name is refused."""
    for message in ("The draft pilot exists now", "exists already: choose another name"):
        app = opened(sqlite_target, "plan")
        app.text_input(key="new-name").set_value("pilot")
        app.selectbox(key="new-codebook").set_value("scenario-review")
        app.button(key="new-make").click().run()
        assert not app.exception
        assert message in sent(app)
    with read_session(engine) as session:
        assert get_study(session, "pilot").codebook["name"] == "scenario-review"


def test_an_amendment_is_on_record_and_shown(library: Library, sqlite_target: str) -> None:
    """Without a reason nothing changes; with one, title, people, items and analyses change, and the new person has a link."""
    st.cache_data.clear()
    engine = library.copy(Shape(n=24, annotators=("Ada", "Ben")), sqlite_target)
    before = study_of(engine).plan_hash
    app = opened(sqlite_target, "plan")
    app.text_input(key="amend-title").set_value("Another title")
    app.button(key="amend-now").click().run()
    assert "An amendment needs a reason" in sent(app)
    app.text_input(key="amend-title").set_value("Another title")
    app.text_input(key="amend-people").set_value("Cleo")
    app.number_input(key="amend-items").set_value(2)
    app.selectbox(key="amend-unsure").set_value("missing")
    app.selectbox(key="amend-judge").set_value(JUDGES[1])
    app.text_input(key="amend-why").set_value("Ben is ill")
    app.button(key="amend-now").click().run()
    assert not app.exception
    assert "Amended: 2 transcripts" in sent(app)
    assert len(app.code) == 1
    study = study_of(engine)
    assert study.title == "Another title"
    with read_session(engine) as session:
        (row,) = load_amendments(session, study)
    assert (row.actor, row.why) == ("Rita", "Ben is ill")
    assert row.what["analyses"] == {"unsure": "missing", "judge": JUDGES[1]}
    assert study.plan["analyses"] | row.what["analyses"] == study.plan["analyses"]
    assert row.plan_hash == study.plan_hash != before
    listed = opened(sqlite_target, "plan").dataframe[0].value
    assert list(listed["why"]) == ["Ben is ill"]


def test_a_first_study_is_made_where_there_is_none(sqlite_target: str) -> None:
    """An empty database offers the form of a draft."""
    st.cache_data.clear()
    reuse_engine(sqlite_target).dispose()
    app = opened(sqlite_target, "plan")
    app.text_input(key="new-name").set_value("first")
    app.button(key="new-make").click().run()
    assert not app.exception
    assert "The draft first exists now" in sent(app)
