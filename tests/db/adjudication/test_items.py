"""What an adjudicator sees, decides and cannot reach, on both databases, through the desk's own connection."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from secondreader.db.adjudication.decisions import (
    DecisionConflict,
    DecisionError,
    DecisionInput,
    SavedDecision,
    submit_decision,
)
from secondreader.db.adjudication.disputes import RatedItem
from secondreader.db.adjudication.items import (
    AdjudicationItem,
    NotAdjudicator,
    UnknownItem,
    compute_item_token,
    list_adjudication_queue,
    load_adjudication_item,
    load_adjudicator_context,
    shuffle_texts,
)
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import StudyClosed, UnknownAssignment
from secondreader.db.core.tables import Adjudication, StudyItem, Transcript
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_annotator, ensure_study, get_study, set_status
from secondreader.db.desk.items import load_blind_item
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.queue_entries import list_queue
from secondreader.db.desk.shared_queue import refill_queue
from secondreader.db.research.adjudication_outcomes import list_decisions, load_guideline_gaps
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from tests.databases import open_desk
from tests.db.shared_study import shared_study
from tests.snapshots import hash_data, load_adjudicated_answers, load_rating_rows, summarize_adjudication

READERS = ("A1", "A2", "A3")
NO = {"risky_action": "no", "risk_considered": "no"}
YES = {"risky_action": "yes", "risk_considered": "no"}


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """A study of six transcripts with three annotators and two adjudicators."""

    owner: Engine
    blind: Engine
    people: dict[str, int]

    def label(self, reader: str, number: int, answers: dict[str, Any], **more: Any) -> None:
        """Have an annotator answer transcript `number`; again for a correction."""
        with read_session(self.blind) as session:
            for entry in list_queue(session, self.people[reader]):
                if (
                    load_blind_item(session, self.people[reader], entry.token).content["task"]
                    == f"task {number}"
                ):
                    token = entry.token
        submit_label(
            self.blind, self.people[reader], LabelInput(token, token_hex(8), answers=answers, **more)
        )

    def label_all(self, number: int, *answers: dict[str, Any]) -> None:
        """One answer of each annotator, in their order."""
        for reader, one in zip(READERS, answers, strict=True):
            self.label(reader, number, one)

    def list_states(self, who: str = "J") -> list[tuple[str, str]]:
        """(token, state) of an adjudicator's list."""
        with read_session(self.blind) as session:
            return [(one.token, one.state) for one in list_adjudication_queue(session, self.people[who])]

    def items(self, who: str = "J") -> dict[str, AdjudicationItem]:
        """The items of an adjudicator's list by their task."""
        with read_session(self.blind) as session:
            found = [
                load_adjudication_item(session, self.people[who], one.token)
                for one in list_adjudication_queue(session, self.people[who])
            ]
        return {one.content["task"]: one for one in found}

    def given(self, number: int, who: str = "J", **changes: Any) -> DecisionInput:
        """A decision on the first question of a transcript as its page would send it."""
        item = self.items(who)[f"task {number}"]
        first = item.questions[0]
        made = DecisionInput(
            token=item.token,
            client_token=token_hex(8),
            question=first.question,
            answer="yes",
            kind="ambiguous",
            reason="the tool call says so",
            expected_revision=first.revision,
            expected_version=item.version,
        )
        return replace(made, **changes)

    def decide(self, number: int, who: str = "J", **changes: Any) -> SavedDecision:
        """Make that decision."""
        return submit_decision(self.blind, self.people[who], self.given(number, who, **changes))

    def status(self, status: str) -> None:
        """Open, pause or close the study."""
        with write_session(self.owner) as session:
            set_status(session, get_study(session, "s"), status, actor="R", why="test")


def seeded(owner: Engine, name: str = "s") -> dict[str, int]:
    """A study with verdicts, annotators and adjudicators; ids by pseudonym."""
    with write_session(owner) as session:
        study = ensure_study(session, name, title="Reading")
        new = [
            NewTranscript(
                f"{name}{i}",
                f"c{i}",
                Content(task=f"task {i}", messages=(Message(role="user", text="hello"),)),
                model="m",
            )
            for i in range(6)
        ]
        stored = add_transcripts(session, new)
        add_to_pool(session, study, stored.ids)
        add_verdicts(
            session, [NewVerdict(i, "judge", "key", "parsed", {"risky_action": "yes"}) for i in stored.ids]
        )
        drawn = freeze_study(session, study, SamplingPlan(6, READERS, 3, seed=3))
        judges = {who: ensure_annotator(session, study, who, "adjudicator") for who in ("J", "K")}
        return drawn.annotator_ids | judges


@pytest.fixture
def open_study(engine: Engine) -> Iterator[OpenStudy]:
    """An open study in which nobody has labelled yet."""
    people = seeded(engine)
    blind = open_desk(engine)
    yield OpenStudy(engine, blind, people)
    blind.dispose()


def test_only_complete_items_on_which_readers_part_are_listed(open_study: OpenStudy) -> None:
    """Agreement and open items stay out; unsure splits; a mark is enough; each question for itself."""
    open_study.label_all(0, NO, NO, NO)
    open_study.label_all(1, YES, NO, NO)
    open_study.label_all(2, {**NO, "risk_considered": "unsure"}, NO, NO)
    open_study.label("A1", 3, YES)
    open_study.label("A2", 3, NO)
    open_study.label("A1", 4, NO, contested=True)
    open_study.label("A2", 4, NO)
    open_study.label("A3", 4, NO)
    found = open_study.items()
    assert set(found) == {"task 1", "task 2", "task 4"}
    asked = {task: [one.question for one in item.questions] for task, item in found.items()}
    assert asked["task 1"] == ["risky_action"]
    assert asked["task 2"] == ["risk_considered"]
    assert asked["task 4"] == ["risky_action", "risk_considered"]
    assert [found[task].is_contested for task in sorted(found)] == [False, False, True]
    open_study.status("closed")
    assert set(open_study.items()) == {"task 1", "task 2", "task 3", "task 4"}


def test_answers_come_without_their_readers(open_study: OpenStudy) -> None:
    """Each answer, note and mark once, however many gave it; nothing tells who, when or how many."""
    open_study.label("A1", 1, YES, note="looked twice", evidence=(0,), confidence=3, active_seconds=77.0)
    open_study.label("A2", 1, NO, note="looked twice", evidence=(0,))
    open_study.label("A3", 1, NO, note="clear to me", evidence=())
    item = open_study.items()["task 1"]
    assert sorted(item.questions[0].answers) == ["no", "yes"]
    assert sorted(item.notes) == ["clear to me", "looked twice"]
    assert item.evidence == (0,)
    with read_session(open_study.owner) as session:
        public_ids = list(session.exec(select(Transcript.public_id)))
    for secret in (*READERS, "77", *public_ids):
        assert secret not in repr(replace(item, token="", version=""))


def test_one_more_reader_of_the_same_mind_changes_nothing_on_the_page(open_study: OpenStudy) -> None:
    """The page cannot tell a 2:1 split from a 1:2 one: not even by the version that travels along."""
    open_study.label_all(1, YES, NO, NO)
    open_study.label_all(2, YES, YES, NO)
    one, two = open_study.items()["task 1"], open_study.items()["task 2"]
    assert one.version == two.version
    assert sorted(one.questions[0].answers) == sorted(two.questions[0].answers)


def test_the_order_is_each_adjudicators_own(open_study: OpenStudy) -> None:
    """Two adjudicators go through the same items by other tokens, whose order is the list's; a list stays as it is."""
    for number in range(6):
        open_study.label_all(number, YES, NO, NO)
    mine, theirs = open_study.list_states("J"), open_study.list_states("K")
    assert len(mine) == len(theirs) == 6
    assert mine == sorted(mine) == open_study.list_states("J")
    assert not set(mine) & set(theirs)


def test_lists_are_shuffled_by_adjudicator_and_item(open_study: OpenStudy) -> None:
    """Over many items either answer comes first about as often, independently of the other adjudicator's order."""
    items = [RatedItem(number, f"{number:032x}", (), 0) for number in range(400)]
    with read_session(open_study.blind) as session:
        contexts = [load_adjudicator_context(session, open_study.people[who]) for who in ("J", "K")]
    firsts = [[shuffle_texts(context, item, "q", ["yes", "no"])[0] for item in items] for context in contexts]
    for first in firsts:
        assert 150 < first.count("yes") < 250
    assert 150 < sum(one == two for one, two in zip(*firsts, strict=True)) < 250
    tokens = [[compute_item_token(context, item) for item in items] for context in contexts]
    ranks = [sorted(range(400), key=one.__getitem__) for one in tokens]
    assert ranks[0] != ranks[1]
    for rank in ranks:
        odd_ranks = [at for at, item in enumerate(rank) if item % 2]
        assert 180 < sum(odd_ranks) / len(odd_ranks) < 220, (
            "the order says something of what was imported in turns"
        )


def test_a_decision_is_saved_once_and_corrected_by_a_newer_row(open_study: OpenStudy) -> None:
    """A replay adds nothing; a correction keeps the row before; evidence cannot be changed by the desk."""
    open_study.label_all(1, YES, NO, NO)
    given = open_study.given(1)
    first = submit_decision(open_study.blind, open_study.people["J"], given)
    again = submit_decision(open_study.blind, open_study.people["J"], given)
    assert (first.revision, again.revision, again.is_replay) == (1, 1, True)
    assert again.adjudication_id == first.adjudication_id
    assert [state for _, state in open_study.list_states()] == ["settled"]
    open_study.decide(1, answer="no", kind="annotator error", reason="  the call was refused  ")
    own = open_study.items()["task 1"].questions[0]
    assert own.revision == 2
    assert own.decision is not None
    assert (own.decision.answer, own.decision.reason) == ("no", "the call was refused")
    with read_session(open_study.owner) as session:
        study = get_study(session, "s")
        made = list_decisions(session, study)
        assert [(one.answer, one.is_latest) for one in made] == [("yes", False), ("no", True)]
        assert made[1].answers == {"no": 2, "yes": 1}
        assert load_adjudicated_answers(session, study, "risky_action") == {made[0].item: "no"}
    for statement in ("UPDATE adjudication SET answer = 'x'", "DELETE FROM adjudication"):
        with pytest.raises(DBAPIError), open_study.blind.begin() as connection:
            connection.execute(text(statement))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"answer": "perhaps"}, "choose one of yes, no, unsure, or contested"),
        ({"answer": None}, "choose one of yes, no, unsure, or contested"),
        ({"kind": "contested"}, "Contested has no answer"),
        ({"kind": "mood"}, "Choose a kind: ambiguous, guideline gap"),
        ({"reason": " \n"}, "Write a reason"),
        ({"question": "risk_considered"}, "not split on this transcript"),
        ({"question": "nothing"}, "not split on this transcript"),
        ({"expected_revision": 1}, "in another window"),
        ({"expected_version": "0" * 32}, "An annotator corrected an answer"),
    ],
)
def test_a_decision_that_does_not_fit_is_refused(
    open_study: OpenStudy, changes: dict[str, Any], sentence: str
) -> None:
    """Each refusal says in a sentence what to do, and nothing is stored."""
    open_study.label_all(1, YES, NO, NO)
    with pytest.raises((DecisionError, DecisionConflict), match=sentence):
        open_study.decide(1, **changes)
    with read_session(open_study.owner) as session:
        assert session.exec(select(Adjudication)).all() == []


def test_a_hostile_reason_is_kept_as_text(open_study: OpenStudy) -> None:
    """NUL and lone surrogates, which PostgreSQL and the wire refuse, do not stop a decision."""
    open_study.label_all(1, YES, NO, NO)
    open_study.decide(1, reason="a\0b\ud800<script>")
    own = open_study.items()["task 1"].questions[0].decision
    assert own is not None
    assert own.reason == "a\ufffdb\ufffd<script>"


def test_a_later_correction_of_a_reader_is_flagged(open_study: OpenStudy) -> None:
    """Settled becomes changed, stays in the list even when nobody parts any more, and a new decision settles it."""
    open_study.label_all(1, YES, NO, NO)
    open_study.decide(1)
    stale = open_study.given(1)
    open_study.label("A1", 1, NO)
    assert [state for _, state in open_study.list_states()] == ["changed"]
    own = open_study.items()["task 1"].questions[0]
    assert own.answers == ("no",)
    assert own.decision is not None
    assert own.decision.has_changed
    with pytest.raises(DecisionConflict, match="An annotator corrected an answer"):
        submit_decision(open_study.blind, open_study.people["J"], stale)
    with read_session(open_study.owner) as session:
        assert summarize_adjudication(session, get_study(session, "s"), "risky_action").n_changed == 1
    open_study.decide(1, answer="no", reason="they came round")
    assert [state for _, state in open_study.list_states()] == ["settled"]


def test_a_new_note_changes_what_was_shown_and_not_what_was_settled(open_study: OpenStudy) -> None:
    """Only answers call a decision into question; a page that showed an older note must look again."""
    open_study.label_all(1, YES, NO, NO)
    open_study.decide(1)
    stale = open_study.given(1)
    open_study.label("A1", 1, YES, note="see message 1")
    assert [state for _, state in open_study.list_states()] == ["settled"]
    with pytest.raises(DecisionConflict):
        submit_decision(open_study.blind, open_study.people["J"], stale)


def test_adjudicators_do_not_see_each_other_and_differ_as_contested(open_study: OpenStudy) -> None:
    """The other one's list stays open; two answers leave no gold, whoever was later; the same answer does."""
    open_study.label_all(1, YES, NO, NO)
    open_study.label_all(2, YES, NO, NO)
    open_study.decide(1, answer="yes")
    assert open_study.items("K")["task 1"].questions[0].decision is None
    open_study.decide(1, "K", answer="no")
    for who in ("J", "K"):
        open_study.decide(2, who, answer="no", kind="guideline gap", reason=f"say what a draft is, {who}")
    with read_session(open_study.owner) as session:
        study = get_study(session, "s")
        gold = load_adjudicated_answers(session, study, "risky_action")
        assert sorted(map(str, gold.values())) == ["None", "no"]
        summary = summarize_adjudication(session, study, "risky_action")
        gaps = load_guideline_gaps(session, study)
    assert (summary.n_split, summary.n_decided, summary.n_waiting) == (2, 2, 0)
    assert (summary.n_contested, summary.n_disputed) == (1, 1)
    assert summary.kinds == {"ambiguous": 2, "guideline gap": 2}
    assert [one.reason for one in gaps] == ["say what a draft is, J", "say what a draft is, K"]


def test_contested_stays_contested_and_agreement_never_sees_it(open_study: OpenStudy) -> None:
    """The split is the finding: no answer is stored, the rows of agreement stay the same, the data's hash does not."""
    open_study.label_all(1, YES, NO, NO)
    with read_session(open_study.owner) as session:
        study = get_study(session, "s")
        rows, hashed = load_rating_rows(session, study), hash_data(session, study)
    open_study.decide(1, answer=None, kind="contested", reason="both readings hold")
    with read_session(open_study.owner) as session:
        study = get_study(session, "s")
        assert list(load_adjudicated_answers(session, study, "risky_action").values()) == [None]
        assert load_rating_rows(session, study) == rows
        assert hash_data(session, study) != hashed
        assert summarize_adjudication(session, study, "risky_action").n_contested == 1


def test_open_and_closed_studies_take_decisions_and_paused_ones_do_not(open_study: OpenStudy) -> None:
    """A pause is reported and nothing is stored; a closed study is the best time to settle."""
    open_study.label_all(1, YES, NO, NO)
    open_study.status("paused")
    with pytest.raises(StudyClosed, match="paused"):
        open_study.decide(1)
    open_study.status("closed")
    assert open_study.decide(1).revision == 1


def test_nobody_else_can_adjudicate(open_study: OpenStudy) -> None:
    """Annotators, unknown people and adjudicators of other studies are refused, whatever token they know."""
    open_study.label_all(1, YES, NO, NO)
    given = open_study.given(1)
    others = seeded(open_study.owner, "other")
    with read_session(open_study.blind) as session:
        for person in (open_study.people["A1"], 10_000):
            with pytest.raises(NotAdjudicator):
                list_adjudication_queue(session, person)
            with pytest.raises(NotAdjudicator):
                load_adjudication_item(session, person, given.token)
        for stranger in (others["J"], open_study.people["K"]):
            with pytest.raises(UnknownItem):
                load_adjudication_item(session, stranger, given.token)
        assert list_adjudication_queue(session, others["J"]) == []
    for person, refusal in ((open_study.people["A1"], NotAdjudicator), (others["J"], UnknownItem)):
        with pytest.raises(refusal):
            submit_decision(open_study.blind, person, given)


def test_an_adjudicator_cannot_label(open_study: OpenStudy) -> None:
    """An annotator's token is of no use to an adjudicator, and an adjudicator has no queue of labels."""
    with read_session(open_study.blind) as session:
        token = list_queue(session, open_study.people["A1"])[0].token
        assert list_queue(session, open_study.people["J"]) == []
        with pytest.raises(UnknownAssignment):
            load_blind_item(session, open_study.people["J"], token)
    with pytest.raises(UnknownAssignment):
        submit_label(open_study.blind, open_study.people["J"], LabelInput(token, token_hex(8), answers=NO))


def test_somebody_elses_client_token_is_refused(open_study: OpenStudy) -> None:
    """A replay of another adjudicator's message acknowledges nothing."""
    open_study.label_all(1, YES, NO, NO)
    given = open_study.given(1)
    submit_decision(open_study.blind, open_study.people["J"], given)
    with pytest.raises(DecisionError, match="used before"):
        submit_decision(
            open_study.blind,
            open_study.people["K"],
            replace(open_study.given(1, "K"), client_token=given.client_token),
        )


def test_many_windows_make_one_decision(open_study: OpenStudy) -> None:
    """Eight submits of one page and eight of other pages at once: one row; the others get an error."""
    open_study.label_all(1, YES, NO, NO)
    given = open_study.given(1)
    fresh = [replace(given, client_token=token_hex(8)) for _ in range(8)]

    def attempt(one: DecisionInput) -> str:
        try:
            return (
                "replay"
                if submit_decision(open_study.blind, open_study.people["J"], one).is_replay
                else "saved"
            )
        except DecisionConflict:
            return "told"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, [given] * 8 + fresh))
    assert outcomes.count("saved") == 1
    with read_session(open_study.owner) as session:
        assert len(session.exec(select(Adjudication)).all()) == 1


@pytest.mark.parametrize("part", ["qualification", "attention", "calibration"])
def test_items_beside_the_main_queue_are_not_adjudicated(open_study: OpenStudy, part: str) -> None:
    """Qualification, attention and norming items have screens of their own where people learn of their answers."""
    open_study.label_all(1, YES, NO, NO)
    token = open_study.list_states()[0][0]
    with write_session(open_study.owner) as session:
        for item in session.exec(select(StudyItem)):
            item.part = part
            session.add(item)
    assert open_study.list_states() == []
    with read_session(open_study.blind) as session, pytest.raises(UnknownItem):
        load_adjudication_item(session, open_study.people["J"], token)


def test_in_a_shared_queue_the_quota_makes_an_item_complete(engine: Engine) -> None:
    """One of two ratings is too few although nobody else holds the assignment; the second shows the split."""
    people = shared_study(engine, people=3, items=1, overlap=2)
    with write_session(engine) as session:
        judge = ensure_annotator(session, get_study(session, "shared"), "J", "adjudicator")
    blind = open_desk(engine)
    for n_listed, (person, answers) in enumerate(zip(people[:2], (YES, NO), strict=True)):
        refill_queue(blind, person)
        with read_session(blind) as session:
            (entry,) = list_queue(session, person)
        submit_label(blind, person, LabelInput(entry.token, token_hex(8), answers))
        with read_session(blind) as session:
            assert len(list_adjudication_queue(session, judge)) == n_listed
    blind.dispose()
