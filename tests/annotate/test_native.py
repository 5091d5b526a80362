"""The plain page carries the whole flow without the component."""

from typing import Any

from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from secondreader.db.engine import open_engine, reading
from secondreader.db.tables import Label
from tests.annotate.seed import CANARIES, Seeded


def script(target: str, annotator_id: int, study_id: int) -> None:
    """What Streamlit runs: the page with a person who needs no cookie."""
    from secondreader.annotate import native
    from secondreader.db.blind import blind_engine

    native.page(blind_engine(target), annotator_id, study_id)


def opened(seeded: Seeded) -> AppTest:
    """A fresh browser session."""
    values: dict[str, Any] = {
        "target": seeded.target,
        "annotator_id": seeded.annotator_id,
        "study_id": seeded.study_id,
    }
    return AppTest.from_function(script, kwargs=values, default_timeout=20).run()


def stored(seeded: Seeded) -> list[dict[str, Any]]:
    """Answers in the order in which they were saved."""
    engine = open_engine(seeded.target)
    with reading(engine) as session:
        found = [label.answers for label in session.exec(select(Label).order_by(col(Label.id)))]
    engine.dispose()
    return found


def test_the_whole_flow_works_in_plain_widgets(seeded: Seeded) -> None:
    """Guideline, three labels, a correction by Back: all in the database, and no canary on the page."""
    app = opened(seeded)
    assert "How to label" in app.text[0].value
    app.button(key="start").click().run()
    for _ in range(3):
        app.radio[0].set_value("no").run()
        app.radio[1].set_value("no_reasoning").run()
        app.button(key="submit").click().run()
        assert app.success[0].value == "Saved."
        assert not app.exception
    assert app.header[0].value == "Transcript 4 of 12"
    app.button(key="back").click().run()
    assert app.header[0].value == "Transcript 3 of 12"
    app.radio[0].set_value("yes").run()
    assert len(app.radio) == 3
    app.button(key="submit").click().run()
    assert [answers["risky_action"] for answers in stored(seeded)] == ["no", "no", "no", "yes"]
    page = str(app.main) + str(app.sidebar)
    assert not [word for word in (*CANARIES, *seeded.public_ids) if word in page]


def test_an_unfinished_answer_is_told(seeded: Seeded) -> None:
    """Submitting without an answer says what is missing and stores nothing."""
    app = opened(seeded)
    app.button(key="start").click().run()
    app.button(key="submit").click().run()
    assert "risky_action" in app.error[0].value
    assert stored(seeded) == []
