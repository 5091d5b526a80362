"""All that a running desk sends to annotators, adjudicators and strangers, on every page and after every action, as bytes.

Searched for every text of every column that is closed to the desk, for other people's names, assignments and words, and for what
distinguishes one kind of item from another.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from websockets.exceptions import InvalidStatus

from secondreader.annotate.exchange import adjudication
from secondreader.annotate.exchange.desk import handle_message, load_opening
from secondreader.annotate.exchange.payloads import OpeningPayload
from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.tables import Assignment, StudyItem
from secondreader.db.design.studies import ensure_annotator, get_study
from secondreader.db.desk.norming_round import reveal_norming_ratings
from tests.annotate.desks import desk_of
from tests.annotate.disputes import NOTES
from tests.annotate.full_desk import HIDDEN_WHY, PEOPLE, FullDesk, made, start_full_desk
from tests.annotate.seed import CANARIES, RIGHT, WHY, Seeded
from tests.annotate.wire import Client, Page, of_others, told_to_nobody, words_of_studies
from tests.browser import REPOSITORY

OTHERS_NOTE = "canary-note-of-another-reader"
OTHERS_REASON = "canary-reason-of-another-adjudicator"
WRONG = {"risky_action": "yes", "risk_considered": "yes", "loss_of_control": "misuse"}
BODIES = ("x" * 600, "wrong-token-" * 4, "\x00" * 20)
STATIC = REPOSITORY / "annotate" / "static"
PATHS = (
    "/",
    "/?plain=1",
    "/any/page",
    "/media/0123.csv",
    "/media/../study.db",
    "/static/index.html",
    "/static/%2e%2e/%2e%2e/annotate/app.py",
    "/component/x/index.html",
    "/_stcore/bidi-components/x/y.js",
    "/_stcore/host-config",
    "/_stcore/upload_file/a/b",
    "/_stcore/health",
    "/_stcore/metrics",
    "/_stcore/agent/openapi.json",
    "/assets/../app.py",
    "/assets/none.js",
    "/join",
    "/logout",
    "/auth/login",
    "/oauth2callback",
    *(f"/assets/{file.relative_to(STATIC)}" for file in sorted(STATIC.rglob("*.*"))),
)


@pytest.fixture(scope="module")
def full_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullDesk]:
    """One desk for this file."""
    with start_full_desk(str(tmp_path_factory.mktemp("wire") / "study.db")) as desk:
        yield desk


def found(
    client: Client, full_desk: FullDesk, person: int, study: Seeded, shown: Iterable[str] = ()
) -> list[tuple[str, str]]:
    """What came that must not; `shown`: texts of others that this person may see by now."""
    own, theirs = words_of_studies(full_desk.target, study.study_id)
    secrets = (told_to_nobody(full_desk.target) | of_others(full_desk.target, person) | theirs) - own
    secrets |= {*CANARIES, *PEOPLE, *study.public_ids, HIDDEN_WHY, OTHERS_NOTE, OTHERS_REASON}
    assert len(secrets) > 150, "nothing to search for"
    return client.holding(secrets - set(shown))


def submit(page: Page, token: str, answers: dict[str, str], revision: int = 0, **more: Any) -> dict[str, Any]:
    """One label over the wire; the payload that answers it."""
    given = {"answers": answers, "revision": revision, **more}
    return page.send(operations=[{"id": token_hex(8), "op": "submit", "token": token, "label": given}])


def one(page: Page, op: str, token: str, **more: Any) -> dict[str, Any]:
    """One other operation."""
    return page.send(operations=[{"id": token_hex(8), "op": op, "token": token, **more}], wanted=[token])


def open_tokens(opening: dict[str, Any] | OpeningPayload) -> list[str]:
    """The assignments of a stage that are not labelled."""
    return [token for token, is_labelled in opening["queue"] if not is_labelled]


def stage(page: Page, name: str, chosen: str = "") -> dict[str, Any]:
    """Open the page's study anew, which must be at this stage; what the opening says."""
    opening: dict[str, Any] = page.send(begin=True, stage=chosen)["opening"]
    assert opening["stage"]["name"] == name
    return opening


def label_as_other(full_desk: FullDesk, study: Seeded) -> None:
    """The second annotator passes the qualification and labels the norming round, with a note."""
    desk = open_blind_engine(full_desk.target)
    other = (desk, study.other_id, study.study_id)
    while (opening := load_opening(*other)["opening"])["stage"]["name"] in {"qualification", "calibration"}:
        for token in open_tokens(opening):
            label = {"answers": RIGHT, "note": OTHERS_NOTE}
            for op in ("show_reasoning", "submit"):
                sent = {"id": token_hex(8), "op": op, "token": token, "label": label}
                assert handle_message(*other, {"number": 1, "operations": [sent]})["acks"][0]["ok"]
    desk.dispose()


def reveal_all(full_desk: FullDesk, study: Seeded) -> None:
    """As the researcher would."""
    engine = open_engine(full_desk.target)
    with write_session(engine) as session:
        reveal_norming_ratings(session, get_study(session, study.name), "canary-researcher", "canary-why")
    engine.dispose()


def nonsense(page: Page, foreign: str) -> None:
    """Messages that are refused: unreadable, about nothing, about somebody else's assignment, by the other role, too large."""
    assert page.send_raw({"number": "x", "verdict": "canary"})["unreadable"]
    assert page.send_raw(None)["unreadable"]
    for token in (token_hex(16), foreign):
        given = {"answers": RIGHT}
        for op in ("submit", "draft", "show_reasoning", "guess"):
            payload = one(page, op, token, label=given)
            assert not payload["acks"][0]["ok"]
            assert payload["items"] == []
    assert page.send(operations=[{"id": token_hex(8), "op": "decide", "token": foreign}])["unreadable"]
    assert submit(page, page_token(page), {"risky_action": "x" * 201})["unreadable"]


def page_token(page: Page) -> str:
    """Some assignment of the person's own."""
    return str(page.send(begin=True)["opening"]["queue"][0][0])


def test_an_annotators_whole_way_holds_nothing_of_verdict_model_or_others(full_desk: FullDesk) -> None:
    """Qualification twice, norming round, waiting, discussion, main queue, attention, repeats, guesses, pause, end; each page plain, too."""
    made = full_desk.whole
    client = full_desk.client(made.token)
    foreign = list_tokens(full_desk, made.other_id)[0]
    with client.page() as page:
        nonsense(page, foreign)
        qualify(page, client)
        norm(page, client, full_desk)
        work(page, client)
        full_desk.status(made, "paused")
        token = stage(page, "main")["queue"][0][0]
        assert submit(page, token, RIGHT, 1)["acks"][0]["code"] == "closed"
        client.plain("Back")
        assert client.holding(["The study takes no labels now."])
        full_desk.status(made, "open")
    assert found(client, full_desk, made.annotator_id, made, shown=[OTHERS_NOTE, WHY]) == []
    assert client.holding([OTHERS_NOTE, WHY, "Please clear the reminder queue"]), (
        "the client received nothing"
    )


def qualify(page: Page, client: Client) -> None:
    """One round wrong, one right; the reasons come after the answers."""
    first = stage(page, "qualification")
    client.plain("Start")
    assert client.holding([WHY]) == []
    for answers in (WRONG, RIGHT):
        for token in open_tokens(stage(page, "qualification")):
            one(page, "show_reasoning", token, label={"answers": answers})
            assert submit(page, token, answers)["acks"][0]["ok"]
            (item,) = page.send(wanted=[token])["items"]
            assert item["feedback"]["why"] == WHY
            client.plain()
    assert first["queue"]


def norm(page: Page, client: Client, full_desk: FullDesk) -> None:
    """Blind, then waiting, then the others' ratings under aliases."""
    client.plain("Start")
    for token in open_tokens(stage(page, "calibration")):
        one(page, "show_reasoning", token, label={"answers": RIGHT})
        assert submit(page, token, RIGHT, note="my own note")["acks"][0]["ok"]
    label_as_other(full_desk, full_desk.whole)
    stage(page, "waiting")
    client.plain()
    assert client.holding([OTHERS_NOTE]) == []
    reveal_all(full_desk, full_desk.whole)
    opening = stage(page, "discussion")
    client.plain("Continue with the main queue", "Start")
    for token, _ in opening["queue"]:
        (item,) = page.send(wanted=[token])["items"]
        assert [other["note"] for other in item["others"]] == [OTHERS_NOTE]
        assert submit(page, token, WRONG, 1)["acks"][0]["ok"]


def work(page: Page, client: Client) -> None:
    """The main queue and the guesses."""
    for token in open_tokens(stage(page, "main", "main")):
        one(page, "draft", token, label={"answers": {}, "note": "half a thought"})
        one(page, "show_reasoning", token, label={"answers": RIGHT})
        assert submit(page, token, RIGHT, evidence=[2], confidence=2)["acks"][0]["ok"]
    guesses = stage(page, "main")["guess_tokens"]
    assert len(guesses) == 2
    client.plain("No idea", "Skip")
    for token in stage(page, "main")["guess_tokens"]:
        assert one(page, "guess", token, guess="some model")["acks"][0]["ok"]
    client.plain("Back")


def list_tokens(full_desk: FullDesk, person: int) -> list[str]:
    """All tokens of somebody's queue, open or not."""
    engine = open_engine(full_desk.target)
    with read_session(engine) as session:
        mine = (
            select(Assignment.token)
            .where(Assignment.annotator_id == person)
            .order_by(col(Assignment.position))
        )
        tokens = list(session.exec(mine))
    engine.dispose()
    return tokens


def kinds(full_desk: FullDesk, person: int) -> dict[str, str]:
    """What each assignment of somebody's queue is, by its token: its part, and whether it is a repeat."""
    engine = open_engine(full_desk.target)
    with read_session(engine) as session:
        rows = session.exec(
            select(Assignment.token, StudyItem.part, Assignment.pass_no)
            .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
            .where(Assignment.annotator_id == person)
        ).all()
    engine.dispose()
    return {token: "repeat" if part == "pool" and pass_no > 1 else part for token, part, pass_no in rows}


def shape(value: Any) -> Any:
    """A payload's names and types in their order, without what it says."""
    if isinstance(value, dict):
        return [(name, shape(inner)) for name, inner in value.items()]
    return [type(value).__name__, *([shape(value[0])] if isinstance(value, list) and value else [])]


def test_no_kind_of_item_can_be_told_from_another(full_desk: FullDesk) -> None:
    """Attention items, repeats and ordinary ones, before and after the answer: same names, types, order and lengths.

    Qualification and norming items, which are announced, look the same before their answer.
    """
    client, kind = full_desk.client(full_desk.kinds.token), kinds(full_desk, full_desk.kinds.annotator_id)
    seen: dict[str, set[str]] = {}
    with client.page() as page:
        for name in ("qualification", "calibration", "main"):
            if name == "main":
                label_as_other(full_desk, full_desk.kinds)
                reveal_all(full_desk, full_desk.kinds)
            for token in open_tokens(stage(page, name, "main")):
                told = [outline(page.send(wanted=[token]))]
                answer = submit(page, token, RIGHT)
                assert answer["acks"][0]["ok"]
                if name == "main":
                    told += [outline(answer), outline(page.send(wanted=[token]))]
                seen.setdefault(kind[token], set()).add(json.dumps([told[:1], told]))
        for token, entry in ((one[0], one) for one in stage(page, "main", "main")["queue"]):
            assert (len(token), set(token) <= set("0123456789abcdef"), shape(entry)) == (
                32,
                True,
                shape(["", True]),
            )
    assert set(seen) == {"qualification", "calibration", "pool", "attention", "repeat"}
    assert len(seen["pool"] | seen["attention"] | seen["repeat"]) == 1
    assert len({json.dumps(json.loads(one)[0]) for each in seen.values() for one in each}) == 1


def outline(payload: dict[str, Any]) -> Any:
    """The shape of a payload and the length of all that is not the transcript's own text or counts up."""
    items = [{**item, "content": None} for item in payload.get("items", [])]
    return [shape(payload), len(json.dumps({**payload, "items": items, "number": 0}))]


def test_who_fails_the_qualification_gets_no_other_transcript(full_desk: FullDesk) -> None:
    """On either page: the score, and not a word of the other transcripts."""
    made = full_desk.failing
    client = full_desk.client(made.token)
    with client.page() as page:
        foreign = list_tokens(full_desk, made.annotator_id)[-1]
        (token,) = open_tokens(stage(page, "qualification"))
        assert submit(page, token, WRONG)["acks"][0]["ok"]
        stage(page, "failed")
        payload = page.send(wanted=[foreign])
        assert payload["items"] == []
        assert "was not passed" in payload["error"]
        assert submit(page, foreign, RIGHT)["acks"][0]["code"] == "not reached"
    assert "alert" in client.plain()
    assert found(client, full_desk, made.annotator_id, made) == []
    assert client.holding(["Task 1: clear", "Task 2: clear", "number 1.", "number 2."]) == []
    assert client.holding(["Task 0: clear"])


@pytest.mark.parametrize("name", ["shared", "review"])
def test_a_shared_queue_and_a_review_hold_nothing_either(full_desk: FullDesk, name: str) -> None:
    """All of it labelled, on the page of the component and on the plain one; then closed."""
    made: Seeded = getattr(full_desk, name)
    answers = (
        RIGHT
        if name == "shared"
        else dict.fromkeys(("realistic", "relevant", "benign", "free_of_hints"), "yes")
    )
    client = full_desk.client(made.token)
    with client.page() as page:
        client.plain("Start")
        while todo := open_tokens(stage(page, "main")):
            payload = submit(page, todo[0], answers)
            assert payload["acks"][0]["ok"]
        client.plain()
        full_desk.status(made, "closed")
        stage(page, "main")
        client.plain("Back")
    assert found(client, full_desk, made.annotator_id, made) == []


def test_an_adjudicators_whole_way_holds_nothing_of_verdict_model_or_names(full_desk: FullDesk) -> None:
    """List, transcripts, decisions, refusals, a correction, pause and plain page; another adjudicator's words stay theirs."""
    parted = full_desk.disputed
    client = full_desk.client(parted.token)
    another_adjudicator(full_desk)
    with client.page() as page:
        tokens = [token for token, _ in page.payload["opening"]["queue"]]
        assert len(tokens) == 2
        client.plain()
        for token in tokens:
            assert decide(page, token)["acks"][0]["ok"]
        assert not decide(page, tokens[0])["acks"][0]["ok"]
        assert decide(page, tokens[0], revision=1)["acks"][0]["ok"]
        foreign = list_tokens(full_desk, parted.seeded.annotator_id)[0]
        assert page.send(wanted=[foreign, token_hex(16)])["items"] == []
        assert page.send_raw({"number": 1, "operations": [{"op": "submit"}]})["unreadable"]
        full_desk.status(parted.seeded, "paused")
        assert decide(page, tokens[1], revision=1)["acks"][0]["code"] == "closed"
        client.plain()
        page.send(begin=True)
    assert found(client, full_desk, parted.adjudicator_id, parted.seeded, shown=[*NOTES, foreign]) == []
    assert client.holding([NOTES[1]]), "the client received nothing"


def decide(page: Page, token: str, revision: int = 0) -> dict[str, Any]:
    """One decision over the wire; the payload that answers it."""
    (item,) = page.send(wanted=[token])["items"]
    decision: dict[str, Any] = {
        "question": "risky_action",
        "answer": "yes",
        "kind": "ambiguous",
        "reason": "my own reason",
    }
    decision |= {"revision": revision, "version": item["version"]}
    return page.send(operations=[{"id": token_hex(8), "op": "decide", "token": token, "decision": decision}])


def another_adjudicator(full_desk: FullDesk) -> None:
    """Somebody else settles everything first, with reasons."""
    engine = open_engine(full_desk.target)
    with write_session(engine) as session:
        person = ensure_annotator(
            session, get_study(session, full_desk.disputed.seeded.name), "canary-adjudicator", "adjudicator"
        )
    for token, _ in adjudication.load_opening(engine, person)["opening"]["queue"]:
        (item,) = adjudication.handle_message(engine, person, {"number": 1, "wanted": [token]})["items"]
        decision: dict[str, Any] = {
            "question": "risky_action",
            "answer": "no",
            "kind": "ambiguous",
            "reason": OTHERS_REASON,
        }
        decision |= {"revision": 0, "version": item["version"]}
        sent = {"id": token_hex(8), "op": "decide", "token": token, "decision": decision}
        assert adjudication.handle_message(engine, person, {"number": 1, "operations": [sent]})["acks"][0][
            "ok"
        ]
    engine.dispose()


@pytest.mark.parametrize("who", ["stranger", "annotator", "adjudicator"])
def test_every_address_answers_without_a_secret(full_desk: FullDesk, who: str) -> None:
    """Pages, scripts, downloads, routes of components, refusals of the auth middleware, and the log that all of it leaves behind."""
    made, parted = full_desk.whole, full_desk.disputed
    token = {"stranger": "", "annotator": made.token, "adjudicator": parted.token}[who]
    client = full_desk.client(token) if token else Client(full_desk.host)
    for path in PATHS:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            if (method, path) != ("POST", "/logout"):
                client.ask(method, path)
    client.ask("POST", "/join", Origin="http://elsewhere.example")
    client.ask("POST", "/join", b"x" * 100_000)
    for body in BODIES:
        client.ask("POST", "/join", body.encode())
    if not token:
        with pytest.raises(InvalidStatus), client.page():
            pass
    assert client.ask("POST", "/logout") == 303
    person, study = (
        (parted.adjudicator_id, parted.seeded) if who == "adjudicator" else (made.annotator_id, made)
    )
    assert found(client, full_desk, person, study) == []
    assert {status for status in statuses(client)} >= {200, 303, 401, 403, 404, 405, 413} - (
        {404} if not token else {401}
    )
    log = Client("", received=[("log", full_desk.server.log())])
    keys = {made.token, made.other_token, parted.token, client.cookie.partition("=")[2]} - {""}
    assert (
        log.holding(
            {*told_to_nobody(full_desk.target), *CANARIES, *PEOPLE, *keys, "Please clear the reminder queue"}
        )
        == []
    )


def statuses(client: Client) -> list[int]:
    """What the requests were answered with."""
    return [int(body.split(b" ", 1)[0]) for what, body in client.received if not what.startswith("page")]


FAULTS = {
    "rules": "UPDATE study SET rules = '{\"canary-rules\": 1}'",
    "codebook": 'UPDATE study SET codebook = \'{"canary-codebook": "canary-codebook"}\'',
    "gone": "DROP TABLE label",
}
"""What makes the script of the page end with an exception: a study from another time, a table that is not there."""


def test_an_exception_in_the_script_tells_its_visitor_nothing(tmp_path: Path) -> None:
    """On both pages: no traceback, no statement, no path, no value; the log names no transcript and no person's words."""
    target = str(tmp_path / "study.db")
    study = made(target, "broken", n_items=2)
    with desk_of(study) as server:
        client = Client(urlsplit(server.address).netloc)
        assert client.ask("POST", "/join", study.token.encode()) == 303
        with client.page() as page:
            token = page.payload["opening"]["queue"][0][0]
            start = len(client.received)
            for fault in FAULTS.values():
                engine = open_engine(target, migrate=False)
                with engine.begin() as connection:
                    connection.execute(text("PRAGMA foreign_keys = OFF"))
                    connection.execute(text(fault.replace(":", r"\:")))
                engine.dispose()
                client.plain()
                with client.page():
                    pass
        client.ask("GET", "/")
        secrets = {
            "Traceback",
            "SELECT",
            "no such table",
            "canary-rules",
            "canary-codebook",
            "pydantic",
            target,
        }
        own_scripts = [one for one in client.received[start:] if "/assets/" not in one[0]]
        assert Client("", received=own_scripts).holding(secrets) == []
        log = Client("", received=[("log", server.log())])
        assert log.holding({*CANARIES, *PEOPLE, "Please clear the reminder queue", study.token, token}) == []
