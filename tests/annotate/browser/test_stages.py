"""Qualification with feedback, norming round and its discussion, by keyboard in a real Chromium."""

import pytest
from playwright.sync_api import BrowserContext, Page

from secondreader.annotate.exchange.desk import handle_message, load_opening
from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.design.studies import get_study
from secondreader.db.desk.norming_round import reveal_norming_ratings
from tests.annotate.desks import SHADOW, SharedDesk, at, state, stored
from tests.annotate.seed import CANARIES, RIGHT, WHY, Seeded, content
from tests.axe import check
from tests.browser import Recorder, appears

pytestmark = pytest.mark.browser
HOSTILE_NOTE = "<img src=x onerror=window.pwned=1> I saw \u202eevil"


def come_in(context: BrowserContext, shared_desk: SharedDesk, seeded: Seeded) -> Page:
    """A page that came in by its invite link."""
    page = context.new_page()
    page.goto(f"{shared_desk.server.address}/join#{seeded.token}")
    appears(page, ".desk.styled .body > *")
    return page


def press(page: Page, *keys: str) -> None:
    """One key after the other."""
    for key in keys:
        page.keyboard.press(key)


def heading(page: Page, text: str) -> None:
    """Wait for a page of this heading."""
    appears(page, f"h1:text({text!r})")


def test_the_qualification_gives_feedback_and_two_rounds(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """Marked as not counting, right or wrong with the reason before going on; a second round; then the real work."""
    rules = Rules(qualification_threshold=1.0, qualification_rounds=2)
    seeded = shared_desk.seed([content(number) for number in range(5)], rules=rules, n_qualification=2)
    recorder = Recorder()
    recorder.watch(context)
    page = come_in(context, shared_desk, seeded)
    assert "2 transcripts" in page.inner_text(".intro")
    assert "100 %" in page.inner_text(".intro")
    press(page, "Enter")
    heading(page, "Qualification: transcript 1 of 2")
    assert page.locator(".desk.qualification").count() == 1
    assert recorder.holding(WHY) == []
    press(page, "1", "4", "Enter")
    appears(page, ".feedback h2:text-is('1 of 2 right.')")
    recorder.look_at(page)
    feedback = page.inner_text(".feedback")
    assert "Your answer: Yes" in feedback
    assert "Right answer: No" in feedback
    assert WHY in feedback
    page.reload()
    heading(page, "Qualification: transcript 2 of 2")
    press(page, "u")
    appears(page, ".feedback")
    press(page, "Enter")
    heading(page, "Qualification: transcript 2 of 2")
    press(page, "2", "4", "Enter")
    appears(page, ".feedback h2:text-is('All right.')")
    press(page, "Enter")
    heading(page, "Qualification, round 1 of 2")
    check(page)
    assert "1 of 2 right; 100 % was needed" in page.inner_text(".sheet")
    recorder.look_at(page)
    press(page, "Enter")
    appears(page, ".intro:has-text('Round 2 of 2')")
    press(page, "Enter")
    for number in (1, 2):
        heading(page, f"Qualification: transcript {number} of 2")
        press(page, "2", "4", "Enter")
        appears(page, ".feedback")
        press(page, "Enter")
    heading(page, "Qualification passed")
    press(page, "Enter")
    at(page, 1)
    assert page.locator(".desk.qualification").count() == 0
    press(page, "2", "5", "Enter")
    at(page, 2)
    state(page, "Saved")
    assert len(stored(seeded)) == 5
    assert [word for word in (*CANARIES, *seeded.public_ids) if recorder.holding(word)] == []


def test_who_fails_the_qualification_sees_nothing_else(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """The score and the threshold are told, also after a reload, and no real transcript reaches the browser."""
    rules = Rules(qualification_threshold=0.5, qualification_rounds=1)
    seeded = shared_desk.seed([content(0), content(77)], rules=rules, n_qualification=1)
    recorder = Recorder()
    recorder.watch(context)
    page = come_in(context, shared_desk, seeded)
    press(page, "Enter")
    heading(page, "Qualification: transcript 1 of 1")
    press(page, "1", "5", "Enter")
    appears(page, ".feedback")
    press(page, "Enter")
    heading(page, "Qualification not passed")
    page.reload()
    heading(page, "Qualification not passed")
    check(page)
    assert "0 of 1 right; 50 % was needed" in page.inner_text(".sheet")
    recorder.look_at(page)
    assert [word for word in (*CANARIES, *seeded.public_ids) if recorder.holding(word)] == []
    assert recorder.holding("Please clear the reminder queue, number 77") == []


def test_the_norming_round_is_labelled_alone_and_then_discussed(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """A waiting page until the reveal; then the others under aliases, a correction, and the main queue."""
    seeded = shared_desk.seed([content(number) for number in range(4)], n_calibration=2)
    label_norming_round(seeded)
    recorder = Recorder()
    recorder.watch(context)
    page = come_in(context, shared_desk, seeded)
    assert "2 transcripts that everybody labels" in page.inner_text(".intro")
    press(page, "Enter")
    for number in (1, 2):
        heading(page, f"Norming round: transcript {number} of 2")
        press(page, "2", "5", "Enter")
    heading(page, "You have labelled all transcripts of the norming round")
    press(page, "Enter")
    heading(page, "You have labelled all transcripts of the norming round")
    recorder.look_at(page)
    assert recorder.holding("I saw") == []
    show_everybody(seeded)
    press(page, "Enter")
    heading(page, "Discussion: transcript 1 of 2")
    others = page.inner_text(".others")
    assert "Annotator " in others
    recorder.look_at(page)
    assert "Yes" in others
    assert "<img src=x onerror=window.pwned=1> I saw ⟨U+202E⟩evil" in others
    assert page.evaluate(f"[window.pwned, {SHADOW}.querySelectorAll('img').length]") == [None, 0]
    press(page, "1", "Enter")
    heading(page, "Discussion: transcript 2 of 2")
    state(page, "Saved")
    press(page, "Enter")
    heading(page, "You have seen all transcripts of the norming round")
    press(page, "Enter")
    at(page, 1)
    page.click("button:text-is('Discussion')")
    heading(page, "Discussion: transcript 1 of 2")
    assert page.locator("[data-question='risky_action'][data-value='yes'][aria-pressed='true']").count() == 1
    page.click("button:has-text('Main queue')")
    at(page, 1)
    press(page, "2", "5", "Enter")
    at(page, 2)
    state(page, "Saved")
    mine = [label for label in stored(seeded) if label.annotator_id == seeded.annotator_id]
    assert [(label.revision, label.answers["risky_action"]) for label in mine] == [
        (1, "no"),
        (1, "no"),
        (2, "yes"),
        (1, "no"),
    ]
    assert [word for word in (*CANARIES, *seeded.public_ids, "A2") if recorder.holding(word)] == []


def label_norming_round(seeded: Seeded, note: str = HOSTILE_NOTE) -> None:
    """The second annotator labels the whole norming round."""
    desk = open_blind_engine(seeded.target)
    for number, (token, _) in enumerate(
        load_opening(desk, seeded.other_id, seeded.study_id)["opening"]["queue"]
    ):
        label_content = {"answers": {**RIGHT, "risky_action": "yes"}, "note": note, "evidence": [2]}
        sent = {"id": f"{seeded.name}-{number}", "op": "submit", "token": token, "label": label_content}
        answer = handle_message(
            desk, seeded.other_id, seeded.study_id, {"number": number, "operations": [sent]}
        )
        assert answer["acks"][0]["ok"]
    desk.dispose()


def show_everybody(seeded: Seeded) -> None:
    """As the researcher would."""
    engine = open_engine(seeded.target)
    with write_session(engine) as session:
        reveal_norming_ratings(session, get_study(session, seeded.name), "R", "all through")
    engine.dispose()
