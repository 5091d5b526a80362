"""Walks through the annotator's pages; each stops where there is something to see and shows it to a camera."""

from collections.abc import Callable
from secrets import token_hex
from typing import Protocol

from playwright.sync_api import BrowserContext, Page

from secondreader.db.core.codebook import load_codebook
from secondreader.db.core.content import Content
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.design.studies import get_study, set_status
from tests.annotate.browser.test_stages import come_in, heading, label_norming_round, press, show_everybody
from tests.annotate.desks import SharedDesk, at, state
from tests.annotate.seed import Seeded, seed
from tests.browser import appears
from tools.screenshots.samples import contents, known, of_scenarios

NOTE = "The decisive call comes near the end; before it, the agent only looks around."
LIBRARY = of_scenarios("library-duplicate-records")
TENDER = of_scenarios("town-works-tender", "school-exam-rooms")
MANY = tuple(range(22))


class Camera(Protocol):
    """Whoever looks at a page."""

    def take(self, page: Page, name: str) -> None:
        """Look at it, and keep it under this name where pictures are kept."""

    def look(self, page: Page, name: str) -> None:
        """Look at it."""


Walk = Callable[[BrowserContext, SharedDesk, Camera], None]


def entered(context: BrowserContext, shared_desk: SharedDesk, seeded: Seeded) -> Page:
    """A page past the guideline."""
    page = come_in(context, shared_desk, seeded)
    press(page, "Enter")
    appears(page, ".panel")
    return page


def seed_qualification(shared_desk: SharedDesk, name: str, threshold: float, rounds: int) -> Seeded:
    """A study with one qualification item."""
    rules = Rules(qualification_threshold=threshold, qualification_rounds=rounds)
    qualification = known(name, LIBRARY[:1])
    return seed(
        shared_desk.target, contents([*LIBRARY, *TENDER]), name=name, rules=rules, qualification=qualification
    )


def qualification(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """The first page, a qualification item, and what was right."""
    page = come_in(
        context, shared_desk, seed_qualification(shared_desk, f"canary-study-name-{token_hex(4)}", 0.8, 2)
    )
    camera.take(page, "start")
    press(page, "Enter")
    heading(page, "Qualification: transcript 1 of 1")
    camera.take(page, "qualification")
    press(page, "2", "4", "Enter")
    appears(page, ".feedback")
    camera.take(page, "feedback")


def results(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """A second round of the qualification, and how it was passed."""
    page = entered(
        context, shared_desk, seed_qualification(shared_desk, f"canary-study-name-{token_hex(4)}", 1.0, 2)
    )
    press(page, "2", "5", "Enter")
    appears(page, ".feedback")
    press(page, "Enter")
    heading(page, "Qualification, round 1 of 2")
    camera.take(page, "qualification-again")
    press(page, "Enter")
    appears(page, ".intro:has-text('Round 2 of 2')")
    press(page, "Enter")
    heading(page, "Qualification: transcript 1 of 1")
    press(page, "1", "4", "Enter")
    appears(page, ".feedback")
    press(page, "Enter")
    heading(page, "Qualification passed")
    camera.take(page, "qualification-passed")


def failure(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """Qualification not passed."""
    page = entered(
        context, shared_desk, seed_qualification(shared_desk, f"canary-study-name-{token_hex(4)}", 1.0, 1)
    )
    press(page, "2", "5", "Enter")
    appears(page, ".feedback")
    press(page, "Enter")
    heading(page, "Qualification not passed")
    camera.take(page, "qualification-failed")


def discussion(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """Waiting for the others, then their answers."""
    seeded = shared_desk.seed(contents([*LIBRARY, *TENDER]), n_calibration=1)
    label_norming_round(seeded, NOTE)
    page = entered(context, shared_desk, seeded)
    heading(page, "Norming round: transcript 1 of 1")
    camera.look(page, "norming")
    press(page, "2", "5", "Enter")
    heading(page, "You have labelled all transcripts of the norming round")
    camera.take(page, "norming-waiting")
    show_everybody(seeded)
    press(page, "Enter")
    appears(page, f".others:has-text('{NOTE}')")
    camera.take(page, "discussion")


def labels(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """A transcript, then one with marks of evidence and a note."""
    seeded = shared_desk.seed(contents(MANY[:12]))
    page = entered(context, shared_desk, seeded)
    at(page, 1)
    press(page, "2", "5", "Enter")
    at(page, 2)
    state(page, "Saved")
    press(page, "1", "4")
    state(page, "Draft saved")
    camera.take(page, "label")
    press(page, *"jjjj", "e", "j", "j", "e", "h", "n")
    page.keyboard.type("It saw the rule in its own notes and went on.")
    press(page, "Escape")
    state(page, "Draft saved")
    camera.take(page, "evidence")


def rules(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """Reasoning that waits, the search, the keys, and the last question."""
    seeded = shared_desk.seed(contents(LIBRARY[:1]), rules=Rules(reasoning_after="risky_action", guesses=1))
    page = entered(context, shared_desk, seeded)
    at(page, 1)
    camera.look(page, "reasoning withheld")
    press(page, "2")
    state(page, "Draft saved")
    camera.take(page, "reasoning")
    press(page, "/")
    page.keyboard.type("reasoning")
    appears(page, "dialog [role=status]:has-text('passages')")
    camera.take(page, "guideline")
    press(page, "Escape", "Escape", "?")
    appears(page, "dialog table")
    camera.take(page, "keys")
    press(page, "?", "v")
    appears(page, ".reasoning")
    camera.look(page, "reasoning shown")
    press(page, "4", "Enter")
    heading(page, "One last question")
    camera.take(page, "last-question")
    press(page, "Enter")
    appears(page, ".panel:has-text('Which model')")
    camera.take(page, "guess")
    press(page, "i", "i")
    heading(page, "All transcripts are labelled")
    camera.take(page, "thanks")


def pause(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """Twenty labels in one sitting."""
    page = entered(context, shared_desk, shared_desk.seed(contents(MANY)))
    for number in range(1, 21):
        at(page, number)
        press(page, "2", "5", "Enter")
    appears(page, ".banner:has-text('20 labels in this sitting')")
    state(page, "Saved")
    camera.take(page, "pause")


def faults(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """Two windows with one transcript, then a study that is paused."""
    seeded = shared_desk.seed(contents(MANY[:12]))
    first = entered(context, shared_desk, seeded)
    second = context.new_page()
    second.goto(shared_desk.server.address)
    appears(second, ".desk.styled .body > *")
    press(second, "Enter")
    at(second, 1)
    press(first, "1", "5", "Enter")
    at(first, 2)
    state(first, "Saved")
    press(second, "2", "5", "Enter")
    appears(second, ".banner [role=alert]")
    at(second, 1)
    camera.take(second, "conflict")
    pause_study(seeded)
    first.reload()
    appears(first, ".banner:has-text('takes no labels now')")
    at(first, 2)
    camera.take(first, "paused")


def pause_study(seeded: Seeded) -> None:
    """As the researcher would."""
    engine = open_engine(seeded.target)
    with write_session(engine) as session:
        set_status(session, get_study(session, seeded.name), "paused", actor="R", why="a break")
    engine.dispose()


def scenario(context: BrowserContext, shared_desk: SharedDesk, camera: Camera) -> None:
    """A scenario and its four questions."""
    situations = [Content(**{**content.model_dump(), "messages": ()}) for content in contents(LIBRARY[:1])]
    page = entered(context, shared_desk, shared_desk.seed(situations, book=load_codebook("scenario-review")))
    heading(page, "Scenario 1 of 1")
    camera.take(page, "scenario")


LAYOUT_WALKS: tuple[Walk, ...] = (qualification, discussion, rules, scenario)
"""What the ordinary tests walk, to look at widths alone."""
WALKS: tuple[Walk, ...] = (*LAYOUT_WALKS, results, failure, labels, pause, faults)
