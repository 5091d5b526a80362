"""The adjudicator at the desk in a real Chromium, by keyboard, with everything recorded that reaches the browser."""

from secrets import token_hex

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy.exc import ProgrammingError

from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.desk.items import load_blind_item
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.queue_entries import list_queue
from tests.annotate.desks import SHADOW, RestartableDesk, SharedDesk, at, close_study, state
from tests.annotate.disputes import NOTES, DisputedStudy, create_disputes, list_decisions, number_of
from tests.annotate.seed import CANARIES, content
from tests.axe import check
from tests.browser import Recorder, appears

pytestmark = pytest.mark.browser


def seed_disputes(shared_desk: SharedDesk, n_disputed: int = 3) -> DisputedStudy:
    """One more study on the shared desk, with splits."""
    return create_disputes(
        shared_desk.seed([content(number) for number in range(n_disputed + 1)]), n_disputed
    )


def come_in(context: BrowserContext, address: str, token: str) -> Page:
    """A page that came in by its invite link and stands at the list."""
    page = context.new_page()
    page.goto(f"{address}/join#{token}")
    appears(page, ".desk.styled .body h1")
    return page


def press(page: Page, *keys: str) -> None:
    """One key after the other."""
    for key in keys:
        page.keyboard.press(key)


def reason(page: Page, text: str) -> None:
    """Type a reason and leave the field."""
    press(page, "n")
    page.keyboard.type(text)
    press(page, "Escape")


def heading(page: Page, text: str) -> None:
    """Wait for a page of this heading."""
    appears(page, f"h1:text({text!r})")


def test_three_transcripts_by_keyboard_and_nothing_leaks(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """Settled with a reload in between and one corrected; no canary, name, id or count in any traffic."""
    disputed = seed_disputes(shared_desk)
    recorder = Recorder()
    recorder.watch(context)
    page = come_in(context, shared_desk.server.address, disputed.token)
    heading(page, "Transcripts to settle")
    press(page, "Enter")
    at(page, 1)
    given = page.inner_text(".given")
    assert given in {"Annotators answered Yes and No", "Annotators answered No and Yes"}
    press(page, "2", "e")
    reason(page, "the tool refused, 2 1 x")
    press(page, "Enter")
    at(page, 2)
    state(page, "Saved")
    press(page, "x")
    reason(page, "both hold")
    state(page, "Draft kept in this browser")
    recorder.look_at(page)
    page.reload()
    heading(page, "Transcripts to settle")
    press(page, "Enter")
    at(page, 2)
    assert page.locator("[data-kind='contested'][aria-pressed='true']").count() == 1
    assert page.input_value("textarea") == "both hold"
    press(page, "Enter")
    at(page, 3)
    state(page, "Saved")
    press(page, "1", "p", "n")
    page.keyboard.type("say what a refused call is")
    press(page, "Control+Enter")
    heading(page, "Everything is settled.")
    state(page, "Saved")
    check(page)
    assert page.inner_text(".count") == "3 of 3 settled"
    press(page, "u", "u", "u")
    at(page, 1)
    check(page)
    assert page.inner_text(".act .primary").startswith("Save correction")
    press(page, "3", "m", "Enter")
    state(page, "Saved")
    recorder.look_at(page)
    recorder.seen.append(("log", shared_desk.server.log()))
    rows = [(row.answer, row.kind, row.reason) for row in list_decisions(disputed)]
    assert rows == [
        ("no", "annotator error", "the tool refused, 2 1 x"),
        ("", "contested", "both hold"),
        ("yes", "guideline gap", "say what a refused call is"),
        ("unsure", "ambiguous", "the tool refused, 2 1 x"),
    ]
    assert len({row.study_item_id for row in list_decisions(disputed)}) == 3
    secrets = (*CANARIES, *disputed.seeded.public_ids, '"A1"', '"A2"', "annotator_id", "study_item")
    for secret in secrets:
        assert recorder.holding(secret) == [], secret
    assert [what for what in recorder.holding(disputed.token) if "/join" not in what] == []
    assert recorder.holding("Please clear the reminder queue"), "the recorder saw no transcript at all"
    server = shared_desk.server.address.split("/")[2]
    assert all(url.split("/")[2] == server for url in recorder.addresses if url.split(":")[0] != "blob")


def test_what_is_missing_is_said_and_nothing_is_sent(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """Answer, kind and reason are asked for one after the other; many Enters store one decision."""
    disputed = seed_disputes(shared_desk, 1)
    page = come_in(context, shared_desk.server.address, disputed.token)
    press(page, "Enter")
    at(page, 1)
    press(page, "Enter")
    state(page, "Choose an answer, or contested")
    press(page, "1", "Enter")
    state(page, "Say why annotators disagreed")
    press(page, "m", "Enter")
    state(page, "Write a reason")
    reason(page, "seen")
    press(page, "Enter", "Enter", "Enter")
    heading(page, "Everything is settled.")
    state(page, "Saved")
    assert [row.kind for row in list_decisions(disputed)] == ["ambiguous"]


def test_annotators_words_are_only_text(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """Notes are shown with what hides in them, and marks lead to their messages; nothing of it runs."""
    disputed = seed_disputes(shared_desk, 1)
    page = come_in(context, shared_desk.server.address, disputed.token)
    press(page, "Enter")
    at(page, 1)
    notes = page.inner_text(".notes")
    assert NOTES[1] in notes
    assert "<img src=x onerror=window.pwned=1> it deleted" in notes
    assert "U+202E" in notes
    assert page.locator(".notes img").count() == 0
    assert page.evaluate("window.pwned") is None
    assert page.locator(".disputes .jump").all_inner_texts() == ["#5", "#6"]
    page.click(".disputes .jump >> nth=0")
    assert page.locator("article.cursor").get_attribute("aria-label") == "Message 5, Agent"
    assert page.locator("article .mark").count() == 0


def test_a_correction_by_an_annotator_is_told(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """Behind the page's back: the decision is refused with a sentence, a new look keeps what was written."""
    disputed = seed_disputes(shared_desk, 1)
    page = come_in(context, shared_desk.server.address, disputed.token)
    press(page, "Enter")
    at(page, 1)
    press(page, "2", "m")
    reason(page, "seen")
    answer_again(disputed, {"risky_action": "unsure", "risk_considered": "yes"})
    press(page, "Enter")
    appears(page, ".banner:has-text('An annotator corrected an answer')")
    at(page, 1)
    page.click("button:has-text('Look at it again')")
    appears(page, ".given:has-text('Unsure')")
    assert page.input_value("textarea") == "seen"
    press(page, "Enter")
    heading(page, "Everything is settled.")
    state(page, "Saved")
    answer_again(disputed, {"risky_action": "no", "risk_considered": "yes"})
    page.click("text=Check again")
    appears(page, ".chip.changed:text('answers changed since')")
    check(page)
    assert len(list_decisions(disputed)) == 1


def answer_again(disputed: DisputedStudy, answers: dict[str, str]) -> None:
    """The first reader corrects the answer on the transcript that is split."""
    engine = open_engine(disputed.seeded.target)
    reader = disputed.seeded.annotator_id
    with read_session(engine) as session:
        tokens = [entry.token for entry in list_queue(session, reader)]
        split_one = next(
            one for one in tokens if number_of(load_blind_item(session, reader, one).content["task"]) == 0
        )
    submit_label(engine, reader, LabelInput(split_one, token_hex(8), answers))
    engine.dispose()


def test_two_questions_and_two_windows(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """Kind and reason go to the question that was touched last; a second window does not overwrite the first."""
    disputed = seed_disputes(shared_desk, 1)
    answer_again(disputed, {"risky_action": "yes", "risk_considered": "no_reasoning"})
    page, late = (come_in(context, shared_desk.server.address, disputed.token) for _ in range(2))
    for one in (page, late):
        press(one, "Enter")
        at(one, 1)
    press(page, "1", "5", "m", "v", "p")
    reason(page, "first")
    press(page, "Enter")
    state(page, "Write a reason")
    assert "visible reasoning" in page.inner_text(".question.missing h3")
    reason(page, "second")
    press(page, "Enter")
    heading(page, "Everything is settled.")
    state(page, "Saved")
    found = [(row.question, row.answer, row.kind, row.reason) for row in list_decisions(disputed)]
    assert found == [
        ("risky_action", "yes", "guideline gap", "first"),
        ("risk_considered", "no", "ambiguous", "second"),
    ]
    press(late, "x", "v", "x")
    reason(late, "late")
    press(late, "v")
    reason(late, "late")
    press(late, "Enter")
    appears(late, ".banner:has-text('in another window')")
    late.click("button:has-text('Look at it again')")
    appears(late, ".act .primary:has-text('Save correction')")
    assert [field.input_value() for field in late.locator("textarea").all()] == ["first", "second"]
    assert len(list_decisions(disputed)) == 2


def test_a_decision_survives_a_server_that_goes_away(
    context: BrowserContext, restartable_desk: RestartableDesk
) -> None:
    """Saved while nobody listens: kept in the browser, sent by the next page, said to be saved only then."""
    disputed = create_disputes(restartable_desk.seed(n_items=2), 1)
    page = come_in(context, restartable_desk.start().address, disputed.token)
    press(page, "Enter")
    at(page, 1)
    press(page, "1", "m")
    reason(page, "seen")
    restartable_desk.kill()
    press(page, "Enter")
    state(page, "Saving…")
    assert list_decisions(disputed) == []
    restartable_desk.start()
    page.reload()
    heading(page, "Everything is settled.")
    assert [row.reason for row in list_decisions(disputed)] == ["seen"]


def test_a_closed_study_is_settled_on_a_phone(browser: Browser, shared_desk: SharedDesk) -> None:
    """390 pixels and touch: nothing is wider than the screen, and a decision goes through."""
    disputed = seed_disputes(shared_desk, 1)
    close_study(disputed.seeded)
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = come_in(context, shared_desk.server.address, disputed.token)
    page.tap("text=Continue")
    at(page, 1)
    page.tap("[data-answer='no']")
    page.tap("[data-kind='ambiguous']")
    page.tap("textarea")
    page.keyboard.type("seen")
    widths = page.evaluate(f"[{SHADOW}.querySelector('.desk').scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    page.tap(".act .primary")
    heading(page, "Everything is settled.")
    state(page, "Saved")
    assert [row.answer for row in list_decisions(disputed)] == ["no"]
    context.close()


def test_adjudication_works_through_the_postgresql_role(
    context: BrowserContext, postgres_desk: SharedDesk
) -> None:
    """A decision in a browser, by a server whose connection cannot read a verdict."""
    disputed = seed_disputes(postgres_desk, 1)
    page = come_in(context, postgres_desk.server.address, disputed.token)
    press(page, "Enter")
    at(page, 1)
    press(page, "x")
    reason(page, "both hold")
    press(page, "Enter")
    heading(page, "Everything is settled.")
    state(page, "Saved")
    assert [row.kind for row in list_decisions(disputed)] == ["contested"]
    blind = open_blind_engine(postgres_desk.desk_target)
    with blind.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.exec_driver_sql("SELECT answers FROM verdict")
    blind.dispose()
