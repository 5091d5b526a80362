"""The desk in a real Chromium, by keyboard, with everything recorded that reaches the browser."""

import time

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from sqlalchemy.exc import ProgrammingError
from sqlmodel import select

from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.core.tables import Assignment, Draft
from tests.annotate.desks import (
    SHADOW,
    RestartableDesk,
    SharedDesk,
    at,
    close_study,
    entered,
    state,
    stored,
    wait_for_articles,
)
from tests.annotate.seed import CANARIES, content
from tests.axe import check
from tests.browser import Recorder, appears, cpu_seconds

pytestmark = pytest.mark.browser


def test_ten_transcripts_by_keyboard_and_nothing_leaks(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """Three keys a label, a reload in the middle: ten labels in the database and no canary in any traffic."""
    seeded = shared_desk.seed()
    recorder = Recorder()
    recorder.watch(context)
    server = shared_desk.server
    page = entered(context, server, seeded.token)
    for number in range(1, 11):
        at(page, number)
        if number == 5:
            page.keyboard.press("2")
            state(page, "Draft saved")
            page.reload()
            at(page, number)
            assert page.locator("[data-value='no'][aria-pressed='true']").count() == 1
        page.keyboard.press("2")
        page.keyboard.press("4")
        page.keyboard.press("Enter")
    at(page, 11)
    state(page, "Saved")
    for key in ("?", "Escape", "g", "Escape", "u"):
        page.keyboard.press(key)
        recorder.look_at(page)
    recorder.seen.append(("log", server.log()))
    found = stored(seeded)
    assert len(found) == 10
    assert len({label.assignment_id for label in found}) == 10
    assert all(label.answers == {"risky_action": "no", "risk_considered": "yes"} for label in found)
    for secret in (*CANARIES, *seeded.public_ids, seeded.token):
        where = [
            what for what in recorder.holding(secret) if not (secret == seeded.token and "/join" in what)
        ]
        assert where == [], secret
    assert recorder.holding("Please clear the reminder queue"), "the recorder saw no transcript at all"
    assert all(
        url.split("/")[2] == server.address.split("/")[2]
        for url in recorder.addresses
        if url.split(":")[0] != "blob"
    )


def test_evidence_confidence_note_and_correction_are_saved(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """The whole keyboard: cursor, evidence, confidence, note, third question, Back and a new revision."""
    seeded = shared_desk.seed()
    server = shared_desk.server
    page = entered(context, server, seeded.token)
    for key in ("1", "5", "0", "j", "j", "j", "e", "h", "n"):
        page.keyboard.press(key)
    page.keyboard.type("123 jek Enter?")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    at(page, 2)
    state(page, "Saved")
    page.locator(".scroll").evaluate("box => box.scrollTop = 300")
    page.keyboard.press("u")
    at(page, 1)
    assert page.locator(".scroll").evaluate("box => box.scrollTop") == 0
    assert page.evaluate(f"{SHADOW}.activeElement.tagName") == "H1"
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    at(page, 2)
    state(page, "Saved")
    first, second = stored(seeded)
    assert first.answers == {
        "risky_action": "yes",
        "risk_considered": "no",
        "loss_of_control": "misalignment",
    }
    assert (first.evidence, first.confidence, first.note) == ([2], 3, "123 jek Enter?")
    assert (second.revision, second.answers["risky_action"]) == (2, "no")
    assert "loss_of_control" not in second.answers
    assert first.active_seconds is not None
    assert 0 < first.active_seconds < 60


def test_many_enters_store_one_label_and_skip_nothing(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """Impatient keys neither double a label nor leave an empty one."""
    seeded = shared_desk.seed()
    server = shared_desk.server
    page = entered(context, server, seeded.token)
    page.keyboard.press("2")
    page.keyboard.press("5")
    for _ in range(4):
        page.keyboard.press("Enter")
    at(page, 2)
    page.wait_for_function("() => localStorage.getItem('secondreader.outbox') === null")
    assert page.inner_text(".state") in {"Answer every question first", "Saved"}
    assert len(stored(seeded)) == 1


def test_two_tabs_and_a_closed_study_are_told(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """The later tab keeps its answers on the screen and may load the saved one; a closed study says so."""
    seeded = shared_desk.seed()
    server = shared_desk.server
    page, other = entered(context, server, seeded.token), context.new_page()
    other.goto(server.address)
    appears(other, ".desk.styled .body > *")
    other.keyboard.press("Enter")
    at(other, 1)
    for tab, answer in ((page, "1"), (other, "2")):
        tab.bring_to_front()
        tab.keyboard.press(answer)
        tab.keyboard.press("5")
        tab.keyboard.press("Enter")
        appears(tab, ".state.good, .banner [role=alert]")
    at(other, 1)
    assert "another window" in other.inner_text(".banner")
    check(other)
    assert other.locator("[data-question='risky_action'][data-value='no'][aria-pressed='true']").count() == 1
    other.click("text=Load the saved answer")
    appears(other, "[data-question='risky_action'][data-value='yes'][aria-pressed='true']")
    close_study(seeded)
    page.bring_to_front()
    for key in ("2", "5", "Enter"):
        page.keyboard.press(key)
    appears(page, ".banner:has-text('takes no labels now')")
    check(page)
    at(page, 2)
    assert page.locator("[data-question='risky_action'][data-value='no'][aria-pressed='true']").count() == 1
    assert [label.answers["risky_action"] for label in stored(seeded)] == ["yes"]


@pytest.mark.parametrize("is_reloaded", [True, False])
def test_answers_survive_a_server_that_goes_away(
    context: BrowserContext, restartable_desk: RestartableDesk, is_reloaded: bool
) -> None:
    """A submit while the server is down is not called saved; it is delivered once when the server is back."""
    seeded = restartable_desk.seed()
    page = entered(context, restartable_desk.start(), seeded.token)
    page.keyboard.press("2")
    state(page, "Draft saved")
    restartable_desk.stop()
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert page.locator(".state.good").count() == 0
    assert stored(seeded) == []
    server = restartable_desk.start()
    if is_reloaded:
        page.goto(server.address)
    state(page, "Saved")
    at(page, 2)
    (label,) = stored(seeded)
    assert label.answers == {"risky_action": "no", "risk_considered": "no"}


def test_a_draft_returns_after_a_restart_of_everything(
    browser: Browser, restartable_desk: RestartableDesk
) -> None:
    """The draft is in the database: another browser, another server process, same answers."""
    seeded = restartable_desk.seed()
    first, second = browser.new_context(), browser.new_context()
    page = entered(first, restartable_desk.start(), seeded.token)
    page.keyboard.press("1")
    page.keyboard.press("m")
    state(page, "Draft saved")
    first.close()
    restartable_desk.stop()
    page = entered(second, restartable_desk.start(), seeded.token)
    assert page.locator("[data-value='yes'][aria-pressed='true']").count() == 1
    assert page.locator("[data-confidence='2'][aria-pressed='true']").count() == 1
    second.close()
    engine = open_engine(seeded.target)
    with read_session(engine) as session:
        mine = select(Draft).join(Assignment).where(Assignment.annotator_id == seeded.annotator_id)
        assert len(session.exec(mine).all()) == 1
    engine.dispose()


def test_hidden_characters_are_shown(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """Bidi controls, zero-width, tag and control characters appear as their code points."""
    text = "abc\u202edef \u200b\u200b\u200b \x1b[0m \U000e0041"
    seeded = shared_desk.seed([Content(messages=(Message(role="user", text=text),))])
    server = shared_desk.server
    page = entered(context, server, seeded.token)
    shown = page.inner_text("article .text")
    for name in ("⟨U+202E⟩", "⟨U+200B ×3⟩", "⟨U+001B⟩", "⟨U+E0041⟩"):
        assert name in shown


def test_huge_transcripts_open_within_two_seconds(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """5,000 messages, and one message of 2 MB: readable at once, the rest on demand. Counted is work, not waiting."""
    many = Content(
        messages=tuple(
            Message(role="user" if i % 2 else "assistant", text=f"message {i} " * 8) for i in range(5_000)
        )
    )
    long = Content(messages=(Message(role="tool", tool="read", text="0123456789 line\n" * 131_072),))
    seeded = shared_desk.seed([many, long, content(1)])
    server = shared_desk.server
    page = entered(context, server, seeded.token)
    page.reload()
    appears(page, ".sheet.guideline button.primary")
    metrics = context.new_cdp_session(page)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})

    def work() -> float:
        found = {one["name"]: one["value"] for one in metrics.send("Performance.getMetrics")["metrics"]}
        return cpu_seconds(server.process.pid) + float(found["TaskDuration"])

    for number in (1, 2, 3):
        begun, start = work(), time.monotonic()
        page.keyboard.press("Enter")
        at(page, number)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert 0 < work() - begun < 2
        assert time.monotonic() - start < 15
        if page.locator("article").count() > 40 or page.locator("text=5000 messages").count():
            wait_for_articles(page, 5_000)
        if page.locator("text=1 messages").count():
            page.click(".more")
            assert "of 2.1 MB" in page.inner_text(".more")
        for key in ("2", "5"):
            page.keyboard.press(key)


def test_the_phone_has_the_questions_in_reach(browser: Browser, shared_desk: SharedDesk) -> None:
    """At 390 px nothing is wider than the screen and the questions stay at its lower edge."""
    seeded = shared_desk.seed()
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    server = shared_desk.server
    page = entered(context, server, seeded.token)
    wide = page.evaluate(
        f"[...{SHADOW}.querySelectorAll('.desk *')]"
        ".filter(n => n.getBoundingClientRect().right > 391 && !n.closest('.live')).map(n => n.className)"
    )
    assert wide == []
    box = page.locator("button.primary").bounding_box()
    assert box is not None
    assert 700 < box["y"] < 844
    context.close()


def test_without_the_component_the_plain_page_comes(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """If the desk's script does not load, the browser ends up on the plain page by itself."""
    seeded = shared_desk.seed()
    context.route("**/assets/desk.js", lambda route: route.abort())
    page = context.new_page()
    server = shared_desk.server
    page.goto(f"{server.address}/join#{seeded.token}")
    page.wait_for_url("**/?plain=1")
    appears(page, "button:has-text('Start')")


def test_a_pause_is_suggested_after_twenty_labels(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """The twentieth label of a sitting brings a hint that stops nobody, and that one key press takes away."""
    seeded = shared_desk.seed([content(number) for number in range(22)])
    page = entered(context, shared_desk.server, seeded.token)
    for number in range(1, 21):
        at(page, number)
        assert page.locator(".banner:has-text('pause')").count() == 0
        for key in ("2", "5", "Enter"):
            page.keyboard.press(key)
    appears(page, ".banner:has-text('20 labels in this sitting')")
    check(page)
    page.click(".banner button")
    assert page.locator(".banner:has-text('pause')").count() == 0
    for key in ("2", "5", "Enter"):
        page.keyboard.press(key)
    at(page, 22)
    state(page, "Saved")
    assert len(stored(seeded)) == 21


def test_time_without_a_key_or_pointer_does_not_count(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """Of five minutes away, the desk counts one: after 60 s without any movement the clock stands still."""
    seeded = shared_desk.seed()
    page = entered(context, shared_desk.server, seeded.token)
    page.clock.install()
    page.goto(shared_desk.server.address)
    appears(page, ".desk.styled .body > *")
    page.keyboard.press("Enter")
    at(page, 1)
    page.clock.run_for(300_000)
    for key in ("2", "5", "Enter"):
        page.keyboard.press(key)
    page.clock.run_for(1_000)
    at(page, 2)
    state(page, "Saved")
    (label,) = stored(seeded)
    assert label.active_seconds is not None
    assert 58 <= label.active_seconds <= 64


def test_own_pace_and_the_time_left_are_shown(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """After three labels of half a minute each, the bar says so, and what the other seven will take."""
    page = entered(
        context, shared_desk.server, shared_desk.seed([content(number) for number in range(10)]).token
    )
    page.clock.install()
    page.goto(shared_desk.server.address)
    appears(page, ".desk.styled .body > *")
    page.keyboard.press("Enter")
    for number in range(1, 4):
        at(page, number)
        assert page.locator(".pace").inner_text() == ""
        page.clock.run_for(30_000)
        for key in ("2", "5", "Enter"):
            page.keyboard.press(key)
        page.clock.run_for(1_000)
    appears(page, ".pace:text-matches('^(29|30|31) s each, about (3|4) min left$')")


def test_the_desk_works_through_its_postgresql_role(
    context: BrowserContext, postgres_desk: SharedDesk
) -> None:
    """Three labels in a browser, by a server whose connection cannot read a verdict."""
    seeded = postgres_desk.seed()
    page = entered(context, postgres_desk.server, seeded.token)
    for number in range(1, 4):
        at(page, number)
        for key in ("2", "4", "Enter"):
            page.keyboard.press(key)
    at(page, 4)
    state(page, "Saved")
    page.close()
    found = stored(seeded)
    assert [label.position for label in found] == [1, 2, 3]
    assert all(label.answers == {"risky_action": "no", "risk_considered": "yes"} for label in found)
    blind = open_blind_engine(postgres_desk.desk_target)
    with blind.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.exec_driver_sql("SELECT answers FROM verdict")
    blind.dispose()


OVERTAKEN = f"""async () => {{
  const {{ default: update }} = await import(new URL('/assets/desk.js', location.origin).href);
  update({{ data: {{}}, parentElement: {SHADOW}, setTriggerValue: () => {{}} }})();
}}"""
"""What Streamlit does with an update that a newer one overtakes: it calls the component, and cleans up after that call."""


def test_the_keyboard_outlives_an_update_that_was_overtaken(
    context: BrowserContext, shared_desk: SharedDesk
) -> None:
    """Two updates in quick succession do not leave a page that answers no key; one that has left the document does not."""
    page = entered(context, shared_desk.server, shared_desk.seed().token)
    page.evaluate(OVERTAKEN)
    page.keyboard.press("?")
    appears(page, "dialog table")
    page.keyboard.press("?")
    expect(page.locator("dialog table")).to_be_hidden()
    page.evaluate(f"() => {{ window.left = {SHADOW}; left.host.remove(); }}")
    page.evaluate(OVERTAKEN.replace(SHADOW, "left"))
    page.keyboard.press("?")
    assert page.evaluate("left.querySelector('dialog').open") is False
