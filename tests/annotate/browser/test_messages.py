"""What a real Chromium and the desk send each other fits the one schema of both sides."""

import pytest
from playwright.sync_api import BrowserContext

from secondreader.db.core.desk_rules import Rules
from tests.annotate.browser.test_stages import press
from tests.annotate.desks import SharedDesk, at, entered, state
from tests.annotate.disputes import create_disputes
from tests.annotate.seed import content
from tests.annotate.wire_schema import check_wire, read_messages, read_payloads
from tests.browser import Recorder, appears

pytestmark = pytest.mark.browser


def test_an_annotators_session_fits_the_schema(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """Drafts, evidence, reasoning that waits, labels and a guess; then what the server sent back."""
    rules = Rules(reasoning_after="risky_action", guesses=1)
    seeded = shared_desk.seed([content(number) for number in range(2)], rules=rules)
    recorder = Recorder()
    recorder.watch(context)
    page = entered(context, shared_desk.server, seeded.token)
    press(page, "1", "v")
    appears(page, ".reasoning")
    press(page, "4", "8", "j", "e", "h", "x", "Enter")
    at(page, 2)
    press(page, "2", "v")
    appears(page, ".reasoning")
    press(page, "5", "Enter")
    appears(page, "h1:text('One last question')")
    press(page, "Enter")
    appears(page, ".panel:has-text('Guess 1 of 1')")
    press(page, "Enter")  # into the field
    page.keyboard.type("a llama")
    press(page, "Enter")
    appears(page, "h1:text('All transcripts are labelled.')")
    state(page, "Saved")
    messages = read_messages(recorder)
    operations = [operation for message in messages for operation in message["operations"]]
    assert {operation["op"] for operation in operations} >= {"submit", "show_reasoning", "guess"}
    for message in messages:
        check_wire("DeskMessage", message)
    assert {name for payload in read_payloads(recorder) for name in payload} >= {"opening", "items", "acks"}


def test_an_adjudicators_session_fits_the_schema(context: BrowserContext, shared_desk: SharedDesk) -> None:
    """A decision with its reason; then what the server sent back."""
    disputed = create_disputes(shared_desk.seed([content(number) for number in range(2)]), 1)
    recorder = Recorder()
    recorder.watch(context)
    page = context.new_page()
    page.goto(f"{shared_desk.server.address}/join#{disputed.token}")
    appears(page, ".desk.styled .body h1")
    press(page, "Enter")
    at(page, 1)
    press(page, "x", "n")
    page.keyboard.type("both hold")
    press(page, "Escape", "Enter")
    state(page, "Saved")
    messages = read_messages(recorder)
    assert {operation["op"] for message in messages for operation in message["operations"]} == {"decide"}
    for message in messages:
        check_wire("AdjudicationMessage", message)
    assert {name for payload in read_payloads(recorder) for name in payload} >= {"opening", "items", "acks"}
