"""Qualification, norming round and its discussion, message by message, on both databases and the blind connection."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import col, select

from secondreader.annotate.exchange.desk import handle_message, load_opening
from secondreader.annotate.exchange.payloads import AckPayload, DeskPayload, ItemPayload
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import Database, read_session, write_session
from secondreader.db.core.tables import Assignment
from secondreader.db.design.control_items import ControlItem
from secondreader.db.design.studies import get_study
from secondreader.db.desk.norming_round import reveal_norming_ratings
from tests.annotate.seed import RIGHT, WHY, Seeded, seed
from tests.databases import open_desk, reuse_engine

WRONG = {**RIGHT, "risky_action": "yes"}


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    return str(request.getfixturevalue(f"{request.param}_target"))


@pytest.fixture
def study(target: str) -> Seeded:
    """Two qualification items, two rounds, all of them to be right; a norming round of two; three in the main queue."""
    rules = Rules(qualification_threshold=1.0, qualification_rounds=2)
    return seed(target, n_items=7, rules=rules, n_qualification=2, n_calibration=2)


@pytest.fixture
def desk(study: Seeded) -> Iterator[Database]:
    """The desk's own engine."""
    owner = reuse_engine(study.target)
    made = open_desk(owner)
    owner.dispose()
    yield made
    made.dispose()


class Annotator:
    """One person's messages."""

    def __init__(self, desk: Database, study: Seeded, annotator_id: int) -> None:
        """Whose."""
        self.desk, self.study, self.annotator_id = desk, study, annotator_id
        self.n = 0

    def opening(self, stage: str = "") -> DeskPayload:
        """A fresh page."""
        return load_opening(self.desk, self.annotator_id, self.study.study_id, stage)

    def stage(self, chosen: str = "") -> str:
        """The name of the stage."""
        return str(self.opening(chosen)["opening"]["stage"]["name"])

    def tokens(self) -> list[str]:
        """The stage's assignments."""
        return [token for token, _ in self.opening()["opening"]["queue"]]

    def send(self, **fields: Any) -> DeskPayload:
        """One message's answer."""
        self.n += 1
        return handle_message(self.desk, self.annotator_id, self.study.study_id, {"number": self.n, **fields})

    def submit(self, token: str, answers: dict[str, str], revision: int = 0, **more: Any) -> AckPayload:
        """One label; its acknowledgement."""
        label_content = {"answers": answers, "revision": revision, **more}
        sent = {
            "id": f"{self.annotator_id}-label-{self.n}-{revision}",
            "op": "submit",
            "token": token,
            "label": label_content,
        }
        return self.send(operations=[sent])["acks"][0]

    def item(self, token: str) -> ItemPayload:
        """An item as it stands now."""
        return self.send(wanted=[token])["items"][0]

    def answer_all(self, answers: dict[str, str]) -> None:
        """Label the whole stage."""
        for token in self.tokens():
            assert self.submit(token, answers)["ok"]


@pytest.fixture
def annotators(desk: Database, study: Seeded) -> tuple[Annotator, Annotator]:
    """Both annotators."""
    return Annotator(desk, study, study.annotator_id), Annotator(desk, study, study.other_id)


def reveal_all(study: Seeded) -> None:
    """As the researcher would."""
    engine = reuse_engine(study.target)
    with write_session(engine) as session:
        reveal_norming_ratings(session, get_study(session, study.name), "R", "everybody is through")
    engine.dispose()


def test_feedback_comes_after_the_answer_and_not_before(annotators: tuple[Annotator, Annotator]) -> None:
    """What is right and why reaches the browser with the answered item alone, and the answer then stands."""
    annotator, _ = annotators
    payload = annotator.opening()
    assert payload["opening"]["stage"] == {
        "name": "qualification",
        "has_discussion": False,
        "qualification": {"round": 1, "rounds": 2, "threshold": 1.0},
    }
    assert len(payload["opening"]["queue"]) == 2
    first, second = annotator.tokens()
    assert WHY not in json.dumps([payload, annotator.item(first), annotator.item(second)])
    annotator.submit(first, WRONG)
    assert annotator.item(first)["feedback"] == {
        "answers": [
            {"question": "risk_considered", "answer": "yes", "right_answer": "yes", "is_right": True},
            {"question": "risky_action", "answer": "yes", "right_answer": "no", "is_right": False},
        ],
        "why": WHY,
    }
    assert "feedback" not in annotator.item(second)
    refused = annotator.submit(first, RIGHT, revision=1)
    assert "first answer counts" in refused["text"]


def test_a_failed_round_is_followed_by_another_and_then_by_the_end(
    annotators: tuple[Annotator, Annotator],
) -> None:
    """The result of the round before is told; after the last one nothing else is served."""
    annotator, _ = annotators
    before = set(annotator.tokens())
    annotator.answer_all(WRONG)
    payload = annotator.opening()
    assert payload["opening"]["stage"]["qualification"] == {"round": 2, "rounds": 2, "threshold": 1.0}
    assert payload["opening"]["result"] == {
        "state": "again",
        "round": 1,
        "rounds": 2,
        "n_right": 0,
        "n_total": 2,
        "threshold": 1.0,
    }
    assert not before & set(annotator.tokens())
    annotator.submit(annotator.tokens()[0], RIGHT)
    annotator.submit(annotator.tokens()[1], WRONG)
    payload = annotator.opening()
    assert (payload["opening"]["stage"]["name"], payload["opening"]["queue"], payload["items"]) == (
        "failed",
        [],
        [],
    )
    assert (result := payload["opening"]["result"])
    assert (result["state"], result["n_right"]) == ("failed", 1)


def test_calibration_waits_for_the_researcher_and_is_then_discussed(
    annotators: tuple[Annotator, Annotator], study: Seeded
) -> None:
    """No other annotator's word before the reveal; then under aliases; corrected; then the main queue, and back at will."""
    annotator, other = annotators
    for one in annotators:
        one.answer_all(RIGHT)
        assert one.stage() == "calibration"
        result = one.opening()["opening"]["result"]
        assert result
        assert result["state"] == "passed"
    other_first = other.tokens()[0]
    for token in other.tokens():
        note = "a secret note" if token == other_first else ""
        other.submit(token, WRONG, note=note, evidence=[1], contested=True)
    annotator.answer_all(RIGHT)
    assert annotator.stage() == "waiting"
    waiting = [annotator.item(token) for token in annotator.tokens()]
    assert "secret note" not in json.dumps([annotator.opening(), *waiting])
    reveal_all(study)
    payload = annotator.opening()
    assert (payload["opening"]["stage"]["name"], len(payload["items"])) == ("discussion", 2)
    assert [len(item["others"]) for item in payload["items"]] == [1, 1]
    said = payload["items"][0]["others"][0]
    assert set(said) == {"alias", "answers", "note", "evidence", "contested"}
    assert said["alias"] in {"A", "B"}
    assert (said["answers"], list(said["evidence"]), said["contested"]) == (WRONG, [1], True)
    assert annotator.submit(annotator.tokens()[0], WRONG, revision=1)["ok"]
    main = annotator.opening("main")["opening"]
    assert (main["stage"]["name"], main["stage"]["has_discussion"], len(main["queue"])) == ("main", True, 3)
    annotator.submit(main["queue"][0][0], RIGHT)
    assert annotator.stage() == "main"
    assert annotator.stage("discussion") == "discussion"


def test_later_parts_are_not_served_early(annotators: tuple[Annotator, Annotator], study: Seeded) -> None:
    """Somebody who knows the token of a later place gets a sentence, no transcript and no label."""
    annotator, _ = annotators
    engine = reuse_engine(study.target)
    with read_session(engine) as session:
        mine = select(Assignment.token).where(Assignment.annotator_id == study.annotator_id)
        last = session.exec(mine.order_by(col(Assignment.position).desc())).first()
    engine.dispose()
    assert last
    payload = annotator.send(wanted=[last])
    assert payload["items"] == []
    assert "Finish the qualification first" in payload["error"]
    refused = annotator.submit(last, RIGHT)
    assert (refused["ok"], refused["code"]) == (False, "not reached")


def test_a_study_without_early_parts_is_all_main_queue(sqlite_target: str) -> None:
    """No stage to choose, no result, nothing to discuss."""
    seeded = seed(sqlite_target, n_items=2)
    desk = open_desk(reuse_engine(sqlite_target))
    opening = load_opening(desk, seeded.annotator_id, seeded.study_id, "discussion")["opening"]
    assert (opening["stage"], opening["result"]) == (
        {"name": "main", "has_discussion": False, "qualification": None},
        None,
    )
    desk.dispose()


def test_an_attention_item_looks_like_any_other(target: str) -> None:
    """Same fields before and after the answer, same acknowledgement, no right answer and no reason, at any time."""
    name = "canary-study-name"
    known = tuple(
        ControlItem(f"canary-origin-{name}-{number}", RIGHT, "canary-attention") for number in range(2)
    )
    seeded = seed(target, n_items=14, name=name, attention=known, rules=Rules(guesses=14))
    owner = reuse_engine(target)
    desk = open_desk(owner)
    annotator = Annotator(desk, seeded, seeded.annotator_id)
    tokens = annotator.tokens()
    assert len(tokens) == 14
    before = [annotator.item(token) for token in tokens]
    acks = [annotator.submit(token, WRONG) for token in tokens]
    after = [annotator.item(token) for token in tokens]
    assert {tuple(item) for item in before} == {tuple(before[0])}
    assert {tuple(item) for item in after} == {tuple(after[0])}
    assert {(tuple(ack), ack["ok"]) for ack in acks} == {(tuple(acks[0]), True)}
    whole = json.dumps([before, acks, after, annotator.opening()])
    assert [word for word in ("canary", "attention", "known") if word in whole] == []
    assert sorted(annotator.opening()["opening"]["guess_tokens"]) == sorted(tokens), (
        "nor does the list of guesses tell them apart"
    )
    desk.dispose()
    owner.dispose()
