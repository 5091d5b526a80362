"""The adjudicator's plain page carries the whole flow without the component."""

import pytest
from streamlit.testing.v1 import AppTest

from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.design.studies import get_study, set_status
from tests.annotate.disputes import NOTES, DisputedStudy, create_disputes, list_decisions
from tests.annotate.seed import CANARIES, seed
from tests.apps import app_test


def script(target: str, annotator_id: int) -> None:
    """What Streamlit runs: the page with a person who needs no cookie."""
    from secondreader.annotate.plain import adjudication as plain_adjudication
    from tests.databases import open_desk, reuse_engine

    plain_adjudication.page(open_desk(reuse_engine(target)), annotator_id)


@pytest.fixture
def disputed(sqlite_target: str) -> DisputedStudy:
    """Two transcripts on which two annotators disagree."""
    return create_disputes(seed(sqlite_target, n_items=3), 2)


def opened(disputed: DisputedStudy, annotator_id: int | None = None) -> AppTest:
    """A fresh browser session."""
    return app_test(
        script, target=disputed.seeded.target, annotator_id=annotator_id or disputed.adjudicator_id
    ).run()


def words(app: AppTest) -> str:
    """Everything that the browser gets of the page: its elements' own messages."""
    return "".join(str(node.proto) for block in (app.main, app.sidebar) for node in block if node.proto)


def save(app: AppTest) -> AppTest:
    """Press the form's button."""
    return app.sidebar.button[0].click().run()


def test_two_transcripts_are_settled_and_one_corrected(disputed: DisputedStudy) -> None:
    """What annotators said without their names; a decision is saved, the next comes, and the first can be corrected."""
    app = opened(disputed)
    assert not app.exception
    text = words(app)
    assert "Annotators answered: " in text
    assert NOTES[1] in text
    for secret in (*CANARIES, *disputed.seeded.public_ids, '"A1"'):
        assert secret not in text
    assert app.selectbox[0].options == ["1 of 2: to settle", "2 of 2: to settle"]
    app.sidebar.radio[0].set_value("no")
    app.sidebar.radio[1].set_value("ambiguous")
    app.sidebar.text_area[0].set_value("seen")
    app = save(app)
    assert [row.reason for row in list_decisions(disputed)] == ["seen"]
    assert app.success[0].value == "Saved."
    assert app.selectbox[0].index == 1
    app.sidebar.radio[1].set_value("contested")
    app.sidebar.text_area[0].set_value("both hold")
    app = save(app)
    app = app.selectbox[0].select_index(0).run()
    assert app.sidebar.text_area[0].value == "seen"
    app.sidebar.radio[0].set_value("yes")
    save(app)
    assert [row.answer for row in list_decisions(disputed)] == ["no", "", "yes"]


def test_what_is_missing_is_said(disputed: DisputedStudy) -> None:
    """No kind, no reason: a sentence each, and nothing is stored."""
    app = save(opened(disputed))
    assert "Say why annotators disagreed" in app.error[0].value
    app.sidebar.radio[1].set_value("contested")
    app = save(app)
    assert "Write a reason" in app.error[0].value
    assert list_decisions(disputed) == []


def test_an_annotator_sees_nothing_here(disputed: DisputedStudy) -> None:
    """The page of an adjudicator refuses whoever is none."""
    app = opened(disputed, disputed.seeded.annotator_id)
    assert "Only an adjudicator" in app.error[0].value
    assert not app.sidebar.radio


def test_a_pause_disables_the_page(disputed: DisputedStudy) -> None:
    """Nothing can be saved in a paused study, and the page says so."""
    engine = open_engine(disputed.seeded.target)
    with write_session(engine) as session:
        set_status(session, get_study(session, disputed.seeded.name), "paused", actor="R", why="test")
    engine.dispose()
    app = opened(disputed)
    assert "paused" in app.info[0].value
    assert app.sidebar.button[0].disabled
