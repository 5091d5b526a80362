"""Doubled, reordered, interrupted and replayed messages over real sockets: one label for each intended one, acknowledged when kept."""

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from secondreader.db.core.tables import Label
from tests.annotate.desks import SharedDesk, desk_of, stored
from tests.annotate.seed import RIGHT, seed
from tests.annotate.wire import Client, Page
from tests.browser import Served, free_port

OTHER = {**RIGHT, "risky_action": "yes", "loss_of_control": "misuse"}


def client_of(server: Served, token: str) -> Client:
    """Somebody who came in by an invite link: one device."""
    made = Client(urlsplit(server.address).netloc)
    assert made.ask("POST", "/join", token.encode()) == 303
    return made


def submit(token: str, identity: str, revision: int = 0, answers: dict[str, str] = RIGHT) -> dict[str, Any]:
    """One operation."""
    label_content = {"answers": answers, "revision": revision}
    return {"id": identity, "op": "submit", "token": token, "label": label_content}


def check(labels: Sequence[Label], acknowledged: dict[str, int]) -> None:
    """Each acknowledged submit is stored once under its revision; revisions of an assignment are 1, 2, ... without a gap."""
    by_id = {label.client_token: label.revision for label in labels}
    assert len(by_id) == len(labels)
    assert {identity: by_id.get(identity) for identity in acknowledged} == acknowledged
    by_assignment: dict[int | None, list[int]] = {}
    for label in labels:
        by_assignment.setdefault(label.assignment_id, []).append(label.revision)
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in by_assignment.values())


def test_the_same_submit_from_tabs_and_devices_at_once_is_one_label(shared_desk: SharedDesk) -> None:
    """Two tabs of one session and one of another, thirty messages: all are told the same revision."""
    seeded = shared_desk.seed()
    devices = [client_of(shared_desk.server, seeded.token) for _ in range(2)]

    def send(device: Client) -> list[dict[str, Any]]:
        with device.page() as page:
            token = page.payload["opening"]["queue"][0][0]
            return [page.send(operations=[submit(token, "one-intended-label")] * 2) for _ in range(5)]

    with ThreadPoolExecutor(3) as pool:
        payloads = [one for found in pool.map(send, [devices[0], devices[0], devices[1]]) for one in found]
    acks = [ack for payload in payloads for ack in payload["acks"]]
    assert acks == [{"id": "one-intended-label", "ok": True, "revision": 1}] * 30
    (label,) = stored(seeded)
    assert label.answers == RIGHT


def test_different_answers_from_two_devices_leave_one_label_and_a_word(shared_desk: SharedDesk) -> None:
    """Whoever comes second is told, whichever that is, and nothing of theirs is stored."""
    seeded = shared_desk.seed()

    def send(number: int) -> dict[str, Any]:
        with client_of(shared_desk.server, seeded.token).page() as page:
            token = page.payload["opening"]["queue"][0][0]
            answers = (RIGHT, OTHER)[number % 2]
            payload = page.send(operations=[submit(token, f"intended-by-{number}", answers=answers)])
            return dict(payload["acks"][0])

    with ThreadPoolExecutor(4) as pool:
        acks = list(pool.map(send, range(4)))
    assert Counter((ack["ok"], ack.get("code")) for ack in acks) == {(True, None): 1, (False, "conflict"): 3}
    assert all("another window" in ack["text"] for ack in acks if not ack["ok"])
    check(stored(seeded), {ack["id"]: 1 for ack in acks if ack["ok"]})


def test_what_overtakes_or_comes_late_changes_nothing(shared_desk: SharedDesk) -> None:
    """A correction before its label is refused, a late draft revives nothing, an old submit says its own revision again."""
    seeded = shared_desk.seed()
    with client_of(shared_desk.server, seeded.token).page() as page:
        token = page.payload["opening"]["queue"][0][0]
        first, second = submit(token, "the-first-label"), submit(token, "the-correction", 1, OTHER)
        draft = {
            "id": "a-late-draft",
            "op": "draft",
            "token": token,
            "label": {"answers": {}, "note": "late"},
        }
        told = [page.send(operations=[one])["acks"][0] for one in (second, first, second, first, draft)]
        assert [ack["ok"] for ack in told] == [False, True, True, True, True]
        assert [ack.get("revision") for ack in told] == [None, 1, 2, 1, None]
        (item,) = page.send(wanted=[token])["items"]
    assert (item["revision"], item["answers"], "draft" in item) == (2, OTHER, False)
    check(stored(seeded), {"the-first-label": 1, "the-correction": 2})


def test_shuffled_doubled_and_cut_messages_of_three_tabs(shared_desk: SharedDesk) -> None:
    """Every intended label comes three times, in any order, on lines that are cut before the answer; each is stored once."""
    seeded = shared_desk.seed()
    device = client_of(shared_desk.server, seeded.token)
    with device.page() as page:
        tokens = [token for token, _ in page.payload["opening"]["queue"]]
    acknowledged: dict[str, int] = {}

    def tab(number: int) -> None:
        rng = random.Random(number)
        todo = [submit(token, f"intended-{number}-label") for number, token in enumerate(tokens)]
        rng.shuffle(todo)
        while todo:
            with device.page() as page:
                while todo:
                    sent = [todo.pop(), *rng.sample(todo, min(2, len(todo)))]
                    if rng.random() < 0.2:
                        cut(page, sent)
                        todo += sent[:1]
                        break
                    for ack in page.send(operations=sent)["acks"]:
                        assert ack["ok"]
                        acknowledged[ack["id"]] = ack["revision"]

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(tab, range(3)))
    labels = stored(seeded)
    assert len(labels) == len(acknowledged) == len(tokens)
    check(labels, acknowledged)


def cut(page: Page, operations: list[dict[str, Any]]) -> None:
    """Send a message and hang up without waiting for its answer."""
    page.send_only({"number": 0, "operations": operations})
    page.socket.link.close()


def test_what_was_acknowledged_survives_a_kill_at_that_very_moment(tmp_path: Path) -> None:
    """SIGKILL as soon as the acknowledgement is there: label and draft are kept, and a replay is told the same again."""
    seeded = seed(str(tmp_path / "study.db"), n_items=4)
    port = free_port()
    with desk_of(seeded, port) as server:
        with client_of(server, seeded.token).page() as page:
            first, second = (token for token, _ in page.payload["opening"]["queue"][:2])
            operations = [submit(first, "before-the-kill"), draft(second)]
            acks = page.send(operations=operations)["acks"]
            server.process.kill()
            assert [ack["ok"] for ack in acks] == [True, True]
        server.process.wait()
        assert [label.client_token for label in stored(seeded)] == ["before-the-kill"]
    with desk_of(seeded, port) as server, client_of(server, seeded.token).page() as page:
        again = page.send(operations=operations[:1], wanted=[second])
        assert again["acks"] == acks[:1]
        assert again["items"][0]["draft"]["note"] == "kept"
    assert len(stored(seeded)) == 1


def draft(token: str) -> dict[str, Any]:
    """Unsent answers."""
    return {
        "id": "a-draft-of-mine",
        "op": "draft",
        "token": token,
        "label": {"answers": {}, "note": "kept"},
    }
