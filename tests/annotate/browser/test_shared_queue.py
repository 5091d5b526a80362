"""A shared queue at the desk: assignments come a few at a time, and a lost one is told with the draft kept."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext
from sqlalchemy import update
from sqlmodel import col, select

from secondreader.annotate.exchange.desk import handle_message, load_opening
from secondreader.annotate.exchange.payloads import DeskPayload
from secondreader.db.access.invites import create_invite
from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.core.engine import Database, execute, open_engine, read_session, write_session
from secondreader.db.core.records import update_study
from secondreader.db.core.tables import Assignment, Label, utc_now
from secondreader.db.design.studies import get_study
from secondreader.db.desk.shared_queue import MAX_OPEN_ASSIGNMENTS
from tests.annotate.desks import SharedDesk, state
from tests.browser import appears
from tests.db.shared_study import ANSWERS, readers_by_item, shared_study

STUDY = 1


@pytest.fixture
def owner(sqlite_target: str) -> Iterator[Database]:
    """The researcher's engine."""
    made = open_engine(sqlite_target)
    yield made
    made.dispose()


@pytest.fixture
def people(owner: Database) -> tuple[int, ...]:
    """Two people, six transcripts that each want one reader."""
    return shared_study(owner, 2, 6, 1)


@pytest.fixture
def desk(sqlite_target: str, people: tuple[int, ...]) -> Iterator[Database]:
    """The desk's own engine."""
    assert people
    made = open_blind_engine(sqlite_target)
    yield made
    made.dispose()


def submit(desk: Database, person: int, *tokens: str) -> DeskPayload:
    """One message with a label for each assignment."""
    operations = [
        {"id": f"intended-{token}", "op": "submit", "token": token, "label": {"answers": ANSWERS}}
        for token in tokens
    ]
    return handle_message(desk, person, STUDY, {"number": 1, "operations": operations})


def end_leases(owner: Database, person: int) -> None:
    """As if the person had been away for long."""
    with write_session(owner) as session:
        execute(
            session,
            update(Assignment)
            .where(col(Assignment.annotator_id) == person, col(Assignment.leased_until).is_not(None))
            .values(leased_until=utc_now() - timedelta(minutes=1)),
        )


def tokens(payload: DeskPayload) -> list[str]:
    """The open assignments of an opening."""
    return [token for token, is_labelled in payload["opening"]["queue"] if not is_labelled]


def test_a_label_brings_the_next_assignment(desk: Database, people: tuple[int, ...]) -> None:
    """The opening hands out a few, each label one more; a replayed message none."""
    held = tokens(load_opening(desk, people[0], STUDY))
    assert len(held) == MAX_OPEN_ASSIGNMENTS
    more = submit(desk, people[0], held[0])["new_tokens"]
    assert (more[:2], len(more)) == (held[1:], MAX_OPEN_ASSIGNMENTS)
    assert "new_tokens" not in submit(desk, people[0], held[0])
    assert tokens(load_opening(desk, people[0], STUDY)) == more


def test_two_people_share_the_work(owner: Database, desk: Database, people: tuple[int, ...]) -> None:
    """Until nothing is open for either: every transcript is read once."""
    while any(held := [tokens(load_opening(desk, person, STUDY)) for person in people]):
        for person, mine in zip(people, held, strict=True):
            submit(desk, person, *mine)
    assert sorted(readers_by_item(owner).values()) == [1] * 6


def test_an_answer_that_comes_too_late_is_told_and_kept_as_a_draft(
    owner: Database, desk: Database, people: tuple[int, ...]
) -> None:
    """Somebody else has read it: nothing is stored, the sentence says so, the answers are still there."""
    mine = tokens(load_opening(desk, people[0], STUDY))
    end_leases(owner, people[0])
    for _ in range(2):
        submit(desk, people[1], *tokens(load_opening(desk, people[1], STUDY)))
    (ack,) = submit(desk, people[0], mine[0])["acks"]
    assert (ack["ok"], ack["code"]) == (False, "taken")
    assert "others have read it" in ack["text"]
    (item,) = handle_message(desk, people[0], STUDY, {"number": 2, "wanted": [mine[0]]})["items"]
    assert item["draft"]["answers"] == ANSWERS
    assert tokens(load_opening(desk, people[0], STUDY)) == []
    assert sorted(readers_by_item(owner).values()) == [1] * 6


def test_assignments_that_went_to_others_hold_no_guess_up(
    owner: Database, desk: Database, people: tuple[int, ...]
) -> None:
    """Who lost assignments to the clock and has labelled the rest is asked for guesses all the same."""
    with write_session(owner) as session:
        study = get_study(session, "shared")
        update_study(session, study, rules=study.rules | {"guesses": 5})
    submit(desk, people[0], tokens(load_opening(desk, people[0], STUDY))[0])
    end_leases(owner, people[0])
    while mine := tokens(load_opening(desk, people[1], STUDY)):
        submit(desk, people[1], *mine)
    assert len(load_opening(desk, people[0], STUDY)["opening"]["guess_tokens"]) == 1


def test_a_late_answer_counts_while_nobody_else_has_the_assignment(
    owner: Database, desk: Database, people: tuple[int, ...]
) -> None:
    """What waited in a browser for a day is not thrown away without need."""
    mine = tokens(load_opening(desk, people[0], STUDY))
    end_leases(owner, people[0])
    assert submit(desk, people[0], *mine)["acks"] == [
        {"id": f"intended-{token}", "ok": True, "revision": 1} for token in mine
    ]


def test_a_repeat_looks_like_any_other_assignment(sqlite_target: str, owner: Database) -> None:
    """Fetched before it is answered, it is what the first one was, under another token; nothing sent says that it returned."""
    (person,) = shared_study(owner, 1, 20, 1, repeats=0.5, gap=2)
    desk, shown, sent = open_blind_engine(sqlite_target), {}, []
    while mine := tokens(payload := load_opening(desk, person, STUDY)):
        for token in mine:
            message = handle_message(desk, person, STUDY, {"number": 2, "wanted": [token]})
            (shown[token],) = message["items"]
            sent.append(message)
        answer = submit(desk, person, mine[0])
        assert answer["acks"] == [{"id": f"intended-{mine[0]}", "ok": True, "revision": 1}]
        sent += [payload, answer]
    replayed = submit(desk, person, *shown)["acks"]
    desk.dispose()
    assert {ack["revision"] for ack in replayed} == {1}
    with read_session(owner) as session:
        assignments = session.exec(select(Assignment).order_by(col(Assignment.pass_no))).all()
        labels = session.exec(select(Label)).all()
    first = {one.study_item_id: one.token for one in assignments if one.pass_no == 1}
    again = {one.study_item_id: one.token for one in assignments if one.pass_no == 2}
    assert len(again) > 5
    for item, token in again.items():
        assert shown[token] | {"token": ""} == shown[first[item]] | {"token": ""}
    assert not re.search(r"repeat|pass_no|again|position|study_item", json.dumps(sent).lower())
    assert len(labels) == len(first) + len(again)


@pytest.mark.browser
def test_a_shared_queue_by_keyboard(shared_desk: SharedDesk, context: BrowserContext) -> None:
    """The page counts what is labelled and goes on as places come, to the end of the study."""
    owner = open_engine(shared_desk.target)
    people = shared_study(owner, 2, 6, 1)
    with write_session(owner) as session:
        token = create_invite(session, people[0])
    page = context.new_page()
    page.goto(f"{shared_desk.server.address}/join#{token}")
    appears(page, ".desk.styled .body > *")
    page.keyboard.press("Enter")
    for number in range(1, 7):
        appears(page, f"h1:text-is('Transcript {number}')")
        assert page.inner_text(".count") == f"{number - 1} labelled"
        for key in ("2", "5", "Enter"):
            page.keyboard.press(key)
    appears(page, "h1:text('All transcripts are labelled.')")
    state(page, "Saved")
    with read_session(owner) as session:
        read = session.exec(select(Label.transcript_id).where(Label.annotator_id == people[0])).all()
    owner.dispose()
    assert len(read) == len({*read}) == 6
