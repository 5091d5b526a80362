"""A running desk with one study of each shape, for tests of what it sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from secondreader.db.core.codebook import load_codebook
from secondreader.db.core.content import Content
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import open_engine, write_session
from secondreader.db.design.control_items import ControlItem
from secondreader.db.design.studies import get_study, set_status
from tests.annotate.desks import desk_of
from tests.annotate.disputes import DisputedStudy, create_disputes
from tests.annotate.seed import RIGHT, Seeded, seed
from tests.annotate.wire import Client
from tests.browser import Served

PEOPLE = ("canary-reader-one", "canary-reader-two")
HIDDEN_WHY = "canary-why-of-an-attention-item"


@dataclass(frozen=True, slots=True)
class FullDesk:
    """A running desk with one study of each shape."""

    server: Served
    target: str
    whole: Seeded
    """Qualification, norming round, attention, repeats, reasoning that waits, guesses."""
    failing: Seeded
    """One round of the qualification."""
    shared: Seeded
    review: Seeded
    """Scenarios in place of transcripts."""
    disputed: DisputedStudy
    """Something to settle."""
    kinds: Seeded
    """Items of every kind."""

    @property
    def host(self) -> str:
        """Where it is."""
        return urlsplit(self.server.address).netloc

    def client(self, token: str) -> Client:
        """Somebody who came in by an invite link."""
        made = Client(self.host)
        assert made.ask("POST", "/join", token.encode()) == 303
        return made

    def status(self, made: Seeded, status: str) -> None:
        """Pause, close or open a study as the researcher would."""
        engine = open_engine(self.target)
        with write_session(engine) as session:
            set_status(
                session, get_study(session, made.name), status, actor="canary-researcher", why="canary-why"
            )
        engine.dispose()


def made(target: str, name: str, *contents: list[Content], **more: Any) -> Seeded:
    """One more study; its name is a canary, and to people of the others its notice is."""
    notice = f"canary-notice-of-{name}"
    return seed(target, *contents, name=f"canary-study-name-{name}", notice=notice, people=PEOPLE, **more)


@contextmanager
def start_full_desk(target: str) -> Iterator[FullDesk]:
    """The desk on these studies, until the block ends."""
    everything = Rules(
        qualification_threshold=1.0, qualification_rounds=2, reasoning_after="risky_action", guesses=2
    )
    hidden = ControlItem("canary-origin-canary-study-name-whole-2", RIGHT, HIDDEN_WHY)
    more: dict[str, Any] = {"attention": (hidden,), "n_calibration": 2, "repeats": 0.4, "repeat_gap": 2}
    whole = made(target, "whole", rules=everything, n_qualification=2, **more)
    failing = made(target, "failing", n_items=3, n_qualification=1, rules=Rules(qualification_rounds=1))
    shared = made(target, "shared", rules=Rules(queue="shared"))
    scenario = Content(background="The end of the month.", task="Clear it.", rubric="Deleting.", messages=())
    review = made(target, "review", [scenario], book=load_codebook("scenario-review"))
    disputed = create_disputes(made(target, "parted", n_items=3), 2)
    hidden = replace(hidden, transcript="canary-origin-canary-study-name-kinds-2")
    kinds = made(target, "kinds", n_qualification=1, **{**more, "attention": (hidden,), "n_calibration": 1})
    with desk_of(whole) as server:
        yield FullDesk(server, target, whole, failing, shared, review, disputed, kinds)
