"""The plain page carries the whole flow without the component."""

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from secondreader.annotate.exchange.desk import handle_message, load_opening
from secondreader.annotate.plain.text import escape_markdown, render_guideline, reveal_invisible
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.tables import Guess, Label
from secondreader.db.design.studies import get_study
from secondreader.db.desk.norming_round import reveal_norming_ratings
from tests.annotate.seed import CANARIES, RIGHT, WHY, Seeded, seed
from tests.apps import app_test
from tests.databases import open_desk, reuse_engine


def script(target: str, annotator_id: int, study_id: int) -> None:
    """What Streamlit runs: the page with a person who needs no cookie."""
    from secondreader.annotate.plain import desk as plain_desk
    from tests.databases import open_desk, reuse_engine

    plain_desk.page(open_desk(reuse_engine(target)), annotator_id, study_id)


def opened(seeded: Seeded) -> AppTest:
    """A fresh browser session."""
    ids = {"annotator_id": seeded.annotator_id, "study_id": seeded.study_id}
    return app_test(script, target=seeded.target, **ids).run()


def words(app: AppTest) -> str:
    """Everything that the browser gets of the page: its elements' own messages."""
    return "".join(str(node.proto) for block in (app.main, app.sidebar) for node in block if node.proto)


def stored(seeded: Seeded) -> list[dict[str, Any]]:
    """Answers in the order in which they were saved."""
    engine = reuse_engine(seeded.target)
    with read_session(engine) as session:
        found = [label.answers for label in session.exec(select(Label).order_by(col(Label.id)))]
    engine.dispose()
    return found


def test_the_whole_flow_works_in_plain_widgets(seeded: Seeded) -> None:
    """Guideline, three labels, a correction by Back: all in the database, and no canary on the page."""
    app = opened(seeded)
    assert "<h2>How to label</h2>" in app.get("html")[0].proto.body
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
    page = words(app)
    assert "Please clear the reminder queue" in page
    assert not [word for word in (*CANARIES, *seeded.public_ids) if word in page]


def test_an_unfinished_answer_is_told(seeded: Seeded) -> None:
    """Submitting without an answer says what is missing and stores nothing."""
    app = opened(seeded)
    app.button(key="start").click().run()
    app.button(key="submit").click().run()
    assert escape_markdown("risky_action") in app.error[0].value
    assert stored(seeded) == []


@given(st.text())
def test_text_for_markdown_means_what_it_says(text: str) -> None:
    """No mark of Markdown is left unescaped, nothing invisible is left at all, and the words are those of the text."""
    made = escape_markdown(text)
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", made) == reveal_invisible(text)
    assert not re.search(r"(?<!\\)(\\\\)*[`*_\[\]()#!|<>~$:]", made)
    assert not set(reveal_invisible(text)) & set("\x00\x1b\x7f\u200b\u200e\u202e\u2066\ufeff\U000e0041")


def test_contested_and_cases_are_there(seeded: Seeded) -> None:
    """A checkbox marks the label; the question's help holds definition, examples and counter-examples."""
    app = opened(seeded)
    app.button(key="start").click().run()
    assert escape_markdown("But not: It writes") in app.radio[0].help
    app.checkbox[0].check().run()
    app.radio[0].set_value("no").run()
    app.radio[1].set_value("no_reasoning").run()
    app.button(key="submit").click().run()
    assert app.success[0].value == "Saved."
    engine = reuse_engine(seeded.target)
    with read_session(engine) as session:
        assert [label.contested for label in session.exec(select(Label))] == [True]
    engine.dispose()


def test_reasoning_waits_on_the_plain_page(sqlite_target: str) -> None:
    """The question about it cannot be answered before the button is pressed; then the first answer is fixed."""
    seeded = seed(sqlite_target, rules=Rules(reasoning_after="risky_action"))
    app = opened(seeded)
    app.button(key="start").click().run()
    assert "would be quicker" not in words(app)
    assert app.radio[1].disabled
    assert app.button(key="reasoning").disabled
    app.radio[0].set_value("no").run()
    app.button(key="reasoning").click().run()
    assert "would be quicker" in words(app)
    assert app.radio[0].disabled
    app.radio[1].set_value("yes").run()
    app.button(key="submit").click().run()
    assert stored(seeded) == [{"risky_action": "no", "risk_considered": "yes"}]


def test_qualification_on_the_plain_page(sqlite_target: str) -> None:
    """Feedback after the answer, the result after the round, then the real items."""
    seeded = seed(sqlite_target, n_items=4, n_qualification=1, rules=Rules(qualification_threshold=1.0))
    app = opened(seeded)
    app.button(key="start").click().run()
    for risky, sentence in (("yes", "You answered Yes; right is No"), ("no", "Right.")):
        assert app.header[0].value == "Qualification: transcript 1 of 1"
        app.radio[0].set_value(risky).run()
        app.radio[1].set_value("yes").run()
        assert WHY not in words(app)
        app.button(key="submit").click().run()
        assert sentence in words(app)
        assert WHY in words(app)
        app.button(key="go-on").click().run()
        assert not app.exception
        if risky == "yes":
            assert "0 of 1 right; 100% was needed" in app.warning[0].value
    assert app.header[0].value == "Transcript 1 of 3"


def test_norming_round_on_the_plain_page(sqlite_target: str) -> None:
    """A waiting sentence, then the others' answers under aliases, then the main queue."""
    seeded = seed(sqlite_target, n_items=4, n_calibration=1)
    desk = open_desk(reuse_engine(sqlite_target))
    for person in (seeded.other_id, seeded.annotator_id):
        (token, _) = load_opening(desk, person, seeded.study_id)["opening"]["queue"][0]
        sent = {
            "id": f"normed-{person:08d}",
            "op": "submit",
            "token": token,
            "label": {"answers": RIGHT, "note": "their note"},
        }
        handle_message(desk, person, seeded.study_id, {"number": 1, "operations": [sent]})
    desk.dispose()
    app = opened(seeded)
    assert "Come back when" in app.info[0].value
    assert "their note" not in words(app)
    engine = reuse_engine(sqlite_target)
    with write_session(engine) as session:
        reveal_norming_ratings(session, get_study(session, seeded.name), "R", "all through")
    engine.dispose()
    app.run()
    assert "their note" in words(app)
    app.button(key="main").click().run()
    app.button(key="start").click().run()
    assert not app.exception
    assert app.header[0].value == "Transcript 1 of 3"


def test_guesses_on_the_plain_page(sqlite_target: str) -> None:
    """One typed, one without an idea, the third skipped; the end comes either way."""
    seeded = seed(sqlite_target, n_items=3, rules=Rules(guesses=3))
    app = opened(seeded)
    app.button(key="start").click().run()
    for _ in range(3):
        app.radio[0].set_value("no").run()
        app.radio[1].set_value("no").run()
        app.button(key="submit").click().run()
    app.text_input[0].set_value("some model").run()
    app.button(key="guess").click().run()
    app.button(key="no-idea").click().run()
    app.button(key="skip").click().run()
    assert not app.exception
    assert "All transcripts are labelled" in app.success[0].value
    engine = reuse_engine(seeded.target)
    with read_session(engine) as session:
        assert sorted(session.exec(select(Guess.text))) == ["", "some model"]
    engine.dispose()


def test_the_guideline_is_shown_as_such_and_nothing_else_of_it_is_html() -> None:
    """Headings, lists and stressed words as the component shows them; tags, images and links stay text."""
    source = "# How\n\nDo *this*, not **that**\nor `it`.\n\n- one\n  goes on\n- ![x](http://evil.example) <img src=x>"
    assert render_guideline(source) == (
        "<h2>How</h2><p>Do <em>this</em>, not <strong>that</strong> or <code>it</code>.</p>"
        "<ul><li>one goes on</li><li>![x](http://evil.example) &lt;img src=x&gt;</li></ul>"
    )
