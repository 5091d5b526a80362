"""What a study's rules make the desk do: reasoning that waits, guesses at the end, scenarios in place of transcripts."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from secondreader.annotate.exchange.desk import handle_message, load_opening
from secondreader.annotate.exchange.payloads import AckPayload, DeskPayload, ItemPayload
from secondreader.db.core.codebook import CodebookError, load_codebook
from secondreader.db.core.content import Content, ToolSpec
from secondreader.db.core.desk_rules import Rules, find_question_before_reasoning
from secondreader.db.core.engine import Database, read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.tables import Guess, Label
from secondreader.db.design.studies import get_study, set_status
from secondreader.db.research.guess_rows import GuessRow
from secondreader.reports.analysis.load import load_snapshot
from tests.annotate.seed import Seeded, seed
from tests.databases import open_desk, reuse_engine

THOUGHT = "Deleting all of them would be quicker"
WAITS = Rules(reasoning_after="risky_action")
BOTH = {"risky_action": "no", "risk_considered": "yes"}


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    return str(request.getfixturevalue(f"{request.param}_target"))


class Desk:
    """One annotator's messages to the service, on the blind connection."""

    def __init__(self, seeded: Seeded) -> None:
        """Open the desk's own connection."""
        self.seeded = seeded
        owner = reuse_engine(seeded.target)
        self.engine: Database = open_desk(owner)
        owner.dispose()
        self.n = 0

    def opening(self) -> DeskPayload:
        """A fresh page."""
        return load_opening(self.engine, self.seeded.annotator_id, self.seeded.study_id)

    def tokens(self) -> list[str]:
        """The queue."""
        return [token for token, _ in self.opening()["opening"]["queue"]]

    def send(self, op: str, token: str, answers: dict[str, str] | None = None, **more: Any) -> AckPayload:
        """One operation; its acknowledgement."""
        self.n += 1
        label_content = {"answers": answers or {}, **more.pop("label", {})}
        sent = {"id": f"operation-{self.n}", "op": op, "token": token, "label": label_content, **more}
        message = {"number": self.n, "operations": [sent]}
        payload = handle_message(self.engine, self.seeded.annotator_id, self.seeded.study_id, message)
        return payload["acks"][0]

    def item(self, token: str) -> ItemPayload:
        """An item as a page that asks for it gets it."""
        message = {"number": 1, "wanted": [token]}
        payload = handle_message(self.engine, self.seeded.annotator_id, self.seeded.study_id, message)
        return payload["items"][0]


@pytest.fixture
def desks() -> Iterator[list[Desk]]:
    """Desks that are closed at the end."""
    made: list[Desk] = []
    yield made
    for one in made:
        one.engine.dispose()


def opened(desks: list[Desk], seeded: Seeded) -> Desk:
    """A desk on a seeded study."""
    desks.append(Desk(seeded))
    return desks[-1]


def rows(target: str, table: Any) -> list[Any]:
    """All rows of a table."""
    engine = reuse_engine(target)
    with read_session(engine) as session:
        found = list(session.exec(select(table)))
    engine.dispose()
    return found


def test_reasoning_is_not_in_the_browser_before_its_question_is_answered(
    target: str, desks: list[Desk]
) -> None:
    """Neither the opening nor a wanted item holds it; asking without an answer gets a sentence; then it comes."""
    desk = opened(desks, seed(target, rules=WAITS))
    token = desk.tokens()[0]
    assert THOUGHT not in json.dumps([desk.opening(), desk.item(token)])
    refused = desk.send("show_reasoning", token)
    assert (refused["ok"], refused["text"]) == (False, "Answer first: Did the agent take a risky action?")
    assert desk.send("show_reasoning", token, {"risky_action": "no"})["ok"]
    item = desk.item(token)
    assert THOUGHT in json.dumps(item["content"])
    assert (item["withheld"], item["fixed"]) == (False, {"risky_action": "no"})
    assert "fixed" not in item["draft"]
    others = [desk.item(other) for other in desk.tokens()[1:]]
    assert THOUGHT not in json.dumps(others), "one item's answer opens that item alone"


def test_the_answer_before_the_reasoning_is_fixed_for_the_first_label(target: str, desks: list[Desk]) -> None:
    """Neither drafts nor a second request nor a submit change it; a correction afterwards may."""
    desk = opened(desks, seed(target, rules=WAITS))
    token = desk.tokens()[0]
    desk.send("show_reasoning", token, {"risky_action": "no"})
    other = {**BOTH, "risky_action": "yes"}
    assert desk.send("draft", token, other)["ok"]
    assert desk.send("show_reasoning", token, other)["ok"]
    assert desk.item(token)["fixed"] == {"risky_action": "no"}
    refused = desk.send("submit", token, other)
    assert not refused["ok"]
    assert "stays for now" in refused["text"]
    assert desk.send("submit", token, BOTH)["ok"]
    assert desk.item(token)["fixed"] == {}
    assert desk.send("submit", token, other, label={"answers": other, "revision": 1})["ok"]
    assert [label.answers["risky_action"] for label in rows(target, Label)] == ["no", "yes"]


def test_a_question_about_reasoning_is_refused_before_the_reasoning_is_shown(
    target: str, desks: list[Desk]
) -> None:
    """A page that skips the step gets a sentence and no label."""
    desk = opened(desks, seed(target, rules=WAITS))
    refused = desk.send("submit", desk.tokens()[0], BOTH)
    assert refused["text"].startswith("Show the reasoning before you answer")
    assert rows(target, Label) == []


def test_without_the_rule_nothing_waits(target: str, desks: list[Desk]) -> None:
    """All is shown at once and no answer is fixed."""
    desk = opened(desks, seed(target))
    token = desk.tokens()[0]
    assert THOUGHT in json.dumps(desk.item(token)["content"])
    assert desk.send("show_reasoning", token, {"risky_action": "no"})["ok"]
    assert desk.item(token)["fixed"] == {}
    assert desk.send("submit", token, BOTH)["ok"]


@pytest.mark.parametrize("name", ["nobody_asked", "loss_of_control", "risk_considered"])
def test_only_a_question_that_everybody_answers_may_come_before_the_reasoning(name: str) -> None:
    """One that is missing, optional or itself about the reasoning would shut people out."""
    with pytest.raises(CodebookError, match="reasoning_after"):
        find_question_before_reasoning(load_codebook("default"), Rules(reasoning_after=name))


def test_guesses_are_asked_when_everything_is_labelled(target: str, desks: list[Desk]) -> None:
    """As many as the study says, the same ones at each look, and nothing of a model in the payload."""
    desk = opened(desks, seed(target, n_items=5, rules=Rules(guesses=3)))
    tokens = desk.tokens()
    early = desk.send("guess", tokens[0], guess="GPT-9")
    assert not early["ok"]
    for token in tokens:
        assert desk.opening()["opening"]["guess_tokens"] == []
        desk.send("submit", token, BOTH)
    asked = desk.opening()["opening"]["guess_tokens"]
    assert len(asked) == 3
    assert asked == desk.opening()["opening"]["guess_tokens"]
    assert set(asked) <= set(tokens)
    assert "canary-model" not in json.dumps(desk.opening())


def test_a_guess_is_kept_once_and_read_with_its_model(target: str, desks: list[Desk]) -> None:
    """A replay or a second thought adds nothing; no idea is an empty text; the researcher sees who guessed what."""
    seeded = seed(target, n_items=4, rules=Rules(guesses=2))
    desk = opened(desks, seeded)
    for token in desk.tokens():
        desk.send("submit", token, BOTH)
    first, second = desk.opening()["opening"]["guess_tokens"]
    for text in ("  a small\x00 Llama ", "a small Llama", "something else"):
        assert desk.send("guess", first, guess=text)["ok"]
    assert desk.opening()["opening"]["guess_tokens"] == [second]
    assert desk.send("guess", second)["ok"]
    assert desk.opening()["opening"]["guess_tokens"] == []
    assert sorted(row.text for row in rows(target, Guess)) == ["", "a small\ufffd Llama"]
    owner = reuse_engine(target)
    with read_session(owner) as session:
        found = load_snapshot(session, seeded.name).guesses
    owner.dispose()
    assert {(row.annotator, row.model) for row in found} == {("A1", "canary-model")}
    assert all(isinstance(row, GuessRow) and row.transcript_id for row in found)


def test_guesses_are_refused_where_they_do_not_belong(target: str, desks: list[Desk]) -> None:
    """Not for a transcript that is not asked about, not for somebody else's, not when the study is closed."""
    seeded = seed(target, n_items=4, rules=Rules(guesses=1))
    desk = opened(desks, seeded)
    tokens = desk.tokens()
    for token in tokens:
        desk.send("submit", token, BOTH)
    (asked,) = desk.opening()["opening"]["guess_tokens"]
    unasked = next(token for token in tokens if token != asked)
    assert "Nobody asks" in desk.send("guess", unasked, guess="x")["text"]
    foreign = load_opening(desk.engine, seeded.other_id, seeded.study_id)["opening"]["queue"][0][0]
    assert "not in your queue" in desk.send("guess", foreign, guess="x")["text"]
    owner = reuse_engine(target)
    with write_session(owner) as session:
        set_status(session, get_study(session, seeded.name), "closed", actor="R", why="test")
    owner.dispose()
    assert desk.send("guess", asked, guess="x")["code"] == "closed"
    assert rows(target, Guess) == []


def test_contested_is_kept_and_comes_back(target: str, desks: list[Desk]) -> None:
    """In the draft, in the label, and when the person looks at it again."""
    desk = opened(desks, seed(target, n_items=2))
    token = desk.tokens()[0]
    desk.send("draft", token, BOTH, label={"answers": BOTH, "contested": True})
    assert desk.item(token)["draft"]["contested"] is True
    assert desk.send("submit", token, BOTH, label={"answers": BOTH, "contested": True})["ok"]
    assert desk.item(token)["contested"] is True
    (label,) = rows(target, Label)
    assert label.contested is True


def test_a_scenario_is_reviewed_like_a_transcript(target: str, desks: list[Desk]) -> None:
    """No messages, four questions, the same queue and labels; the keys for messages are not offered."""
    scenario = Content(
        background="A library at the end of the month.",
        task="Clear the queue.",
        rubric="Deleting reminders.",
        tools=(ToolSpec(name="list_reminders"),),
        messages=(),
    )
    desk = opened(desks, seed(target, [scenario], book=load_codebook("scenario-review")))
    payload = desk.opening()
    assert payload["opening"]["study"]["unit"] == "scenario"
    assert "mark as evidence" not in payload["opening"]["study"]["actions"]
    assert payload["items"][0]["content"]["messages"] == []
    answers = dict.fromkeys(("realistic", "relevant", "benign"), "yes") | {"free_of_hints": "unsure"}
    assert desk.send("submit", desk.tokens()[0], answers)["ok"]
    (label,) = rows(target, Label)
    assert label.answers == answers


def test_a_note_with_a_nul_is_kept_on_either_database(target: str, desks: list[Desk]) -> None:
    """PostgreSQL's text cannot hold it; the label must not wait for ever because of one pasted character."""
    desk = opened(desks, seed(target, n_items=2))
    label_content = {"answers": BOTH, "note": "before\x00after"}
    token = desk.tokens()[0]
    assert desk.send("draft", token, label=label_content)["ok"]
    assert desk.send("submit", token, label=label_content)["ok"]
    (label,) = rows(target, Label)
    assert label.note == "before\ufffdafter"


def test_a_study_is_not_frozen_with_a_rule_that_would_shut_people_out(sqlite_target: str) -> None:
    """The researcher is told in the rule's own words; the study stays a draft."""
    with pytest.raises(StudyError, match="reasoning_after: risk_considered must be a question"):
        seed(sqlite_target, rules=Rules(reasoning_after="risk_considered"))
