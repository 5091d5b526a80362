"""5,000 labels at real desks whose process is killed twice, over bad lines; adds to docs/bench-desk.md.

Run: python -m benchmarks.soak_desk [--labels 5000] [--out docs/bench-desk.md]. 20 annotators on SQLite and 50 on
PostgreSQL send half of the labels each: once from fixed queues, once from a shared one in which every transcript wants three
readers and a share returns to them unannounced. Every submit may be doubled, replayed or cut off before its answer is read; what
was acknowledged is compared with the database at the end. Ends with exit code 1 if a label was lost or doubled, a transcript has
not exactly its readers, or a repeat came too early or to nobody.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import col, select
from websockets.exceptions import WebSocketException

from benchmarks.desk_load import (
    ANSWERS,
    Annotator,
    LoadStudy,
    come_in,
    desk,
    operation,
    postgres,
    prepare,
    write_section,
)
from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.core.tables import Assignment, Label
from secondreader.db.desk.queue_entries import list_queue
from tests.browser import Served, free_port

TITLE = "Soak: killed servers and bad lines"
KILLS = 2
PATIENCE = 600.0
"""Seconds after which a run that does not end is given up."""
ANSWER_SECONDS = 15.0
"""After so long without an answer a person's page connects again."""
OVERLAP = 3
"""Readers of each transcript in the shared queue."""
REPEATS = 0.2
"""Share of what a person labels in the shared queue that returns to them."""
REPEAT_GAP = 5
"""Other assignments at least in between: few, so that people with few labels get repeats too."""


@dataclass
class Tally:
    """What all people of one run saw."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    """By token of the assignment: the revision that was answered."""
    resent: int = 0
    cut: int = 0
    """Lines cut by us after a submit was sent, before its answer was read."""
    broken: int = 0
    """Lines lost or never made: the server was away."""
    kills: int = 0
    contradicted: int = 0
    """Submits that were answered twice with different revisions."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run, counted in the database."""

    name: str
    annotators: int
    wanted: int
    """First readings that the plan wants."""
    repeats: int
    """Places that returned to their reader; each wants one label more."""
    stored: int
    lost: int
    """Acknowledged, and not in the database."""
    doubled: int
    """Places with more than one label."""
    disordered: int
    """People whose queue is not complete, or no longer in the order in which it was first served."""
    beyond: int
    """Transcripts that more people have labelled than wanted."""
    short: int
    """Transcripts that fewer people have labelled than wanted."""
    misplaced: int
    """Repeats before the gap, a second time, or without a first reading of the same person; in a run that wants them, 1 for none."""
    tally: Tally
    seconds: float

    @property
    def is_clean(self) -> bool:
        """Whether everything that must hold did hold."""
        return self.stored == self.wanted + self.repeats and not (
            self.lost
            or self.doubled
            or self.disordered
            or self.beyond
            or self.short
            or self.misplaced
            or self.tally.contradicted
        )


async def sit(address: str, token: str, seed: int, tally: Tally) -> list[str]:
    """Label all that is served, whatever happens to the line; the order in which it was first served."""
    rng = random.Random(seed)
    order: list[str] = []
    cookie = await patiently(lambda: come_in(address, token), tally)
    intended: dict[str, str] = {}
    while True:
        person = Annotator(address, cookie)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                payload = await person.open()
            extend(order, [token for token, _ in payload["opening"]["queue"]])
            if not person.queue:
                return order
            await work_through(person, rng, intended, tally, order)
        except (OSError, TimeoutError, WebSocketException):
            tally.broken += 1
            await asyncio.sleep(rng.uniform(0.2, 1.0))
        finally:
            await person.close()


def extend(known: list[str], served: list[str]) -> None:
    """Add the tokens that were not served before."""
    known += [token for token in served if token not in known]


async def patiently(call: Callable[[], str], tally: Tally) -> str:
    """Ask for a cookie until the server gives one."""
    while True:
        try:
            return await asyncio.to_thread(call)
        except OSError:
            tally.broken += 1
            await asyncio.sleep(0.5)


async def work_through(
    person: Annotator, rng: random.Random, intended: dict[str, str], tally: Tally, order: list[str]
) -> None:
    """Submit what is open and what comes with the answers, until it is all done or the line is cut."""
    while person.queue:
        token = person.queue[0]
        if token in intended:
            tally.resent += 1
        # The page keeps one client token for each intended label, over reloads too (its outbox).
        identity = intended.setdefault(token, f"{rng.getrandbits(128):032x}")
        message = operation("submit", token, ANSWERS, identity)
        twice = rng.random() < 0.3
        async with asyncio.timeout(ANSWER_SECONDS):
            number = await person.send(*([message] * (2 if twice else 1)))
            if rng.random() < 0.03:
                tally.cut += 1
                return
            payloads = [await person.payload_after(number)]
            if rng.random() < 0.1:
                payloads.append(await person.payload_after(await person.send(message)))
        for payload in payloads:
            note(payload["acks"], token, tally)
            extend(order, payload.get("new_tokens", []))
            extend(person.queue, payload.get("new_tokens", []))
        if token not in tally.acknowledged:
            return
        person.queue.remove(token)


def note(acks: list[dict[str, object]], token: str, tally: Tally) -> None:
    """Keep what was acknowledged."""
    for ack in acks:
        if ack["ok"] and isinstance(ack["revision"], int):
            known = tally.acknowledged.setdefault(token, ack["revision"])
            tally.contradicted += known != ack["revision"]


async def kill_now_and_then(
    study: LoadStudy, stack: ExitStack, servers: list[Served], tally: Tally, wanted: int
) -> None:
    """SIGKILL a desk after a third and after two thirds of the labels, and start it again on its port."""
    for number in range(1, KILLS + 1):
        while len(tally.acknowledged) < wanted * number / (KILLS + 1):
            await asyncio.sleep(0.05)
        server = servers[number % len(servers)]
        server.process.kill()
        tally.kills += 1
        port = int(server.address.rpartition(":")[2])
        await asyncio.to_thread(server.process.wait)
        servers[number % len(servers)] = await asyncio.to_thread(stack.enter_context, desk(study, port))


async def everybody(
    study: LoadStudy, stack: ExitStack, servers: list[Served], wanted: int, tally: Tally
) -> list[list[str]]:
    """All people and the killer at once; the order of each person's queue."""
    addresses = [server.address for server in servers]
    people = [
        sit(addresses[number % len(addresses)], token, number, tally)
        for number, token in enumerate(study.tokens)
    ]
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(kill_now_and_then(study, stack, servers, tally, wanted))
        tasks = [group.create_task(person) for person in people]
    return [task.result() for task in tasks]


def run(name: str, target: str, n_servers: int, people: int, labels: int, *, is_shared: bool) -> Outcome:
    """Seed, serve, kill, and count in the database what is there."""
    quota = OVERLAP if is_shared else people
    items = labels // quota
    overlap = OVERLAP if is_shared else None
    share = REPEATS if is_shared else 0.0
    study = prepare(
        target,
        annotators=people,
        transcripts=items,
        shared_overlap=overlap,
        repeats=share,
        repeat_gap=REPEAT_GAP,
    )
    tally, wanted = Tally(), items * quota
    start = time.monotonic()
    with ExitStack() as stack:
        servers = [stack.enter_context(desk(study, free_port())) for _ in range(n_servers)]
        orders = asyncio.run(everybody(study, stack, servers, wanted, tally))
    kind = f"{name}, {'shared' if is_shared else 'fixed'} queue{'' if is_shared else 's'}"
    return counted(kind, study, orders, tally, items, quota, time.monotonic() - start)


def counted(
    name: str,
    study: LoadStudy,
    orders: list[list[str]],
    tally: Tally,
    items: int,
    quota: int,
    seconds: float,
) -> Outcome:
    """Compare what people were told with what is stored."""
    engine = open_engine(study.owner_target)
    with read_session(engine) as session:
        labels = session.exec(select(Label).order_by(col(Label.id))).all()
        assignments = session.exec(select(Assignment).order_by(col(Assignment.position))).all()
        queues = [list_queue(session, person) for person in study.annotator_ids]
    engine.dispose()
    stored = {entry.token for entries in queues for entry in entries if entry.is_labelled}
    disordered = sum(
        [entry.token for entry in entries] != order or not all(entry.is_labelled for entry in entries)
        for entries, order in zip(queues, orders, strict=True)
    )
    many = Counter(label.assignment_id for label in labels)
    readers = Counter(label.transcript_id for label in labels if label.revision == 1 and label.pass_no == 1)
    beyond = sum(count > quota for count in readers.values())
    complete = sum(count == quota for count in readers.values())
    return Outcome(
        name=name,
        annotators=len(study.tokens),
        wanted=items * quota,
        repeats=sum(assignment.pass_no > 1 for assignment in assignments),
        stored=len(labels),
        lost=len(set(tally.acknowledged) - stored),
        doubled=sum(count > 1 for count in many.values()),
        disordered=disordered,
        beyond=beyond,
        short=items - complete - beyond,
        misplaced=misplaced(assignments, labels, is_wanted=quota < len(study.tokens)),
        tally=tally,
        seconds=seconds,
    )


def misplaced(assignments: Sequence[Assignment], labels: Sequence[Label], *, is_wanted: bool) -> int:
    """Repeats that are not where they may be, by assignments and labels in their order; where they are wanted, 1 if there is none."""
    stored = {label.assignment_id: label.id or 0 for label in labels}
    again = [assignment for assignment in assignments if assignment.pass_no > 1]
    wrong = 0
    for assignment in again:
        mine = [one for one in assignments if one.annotator_id == assignment.annotator_id]
        first = [
            one
            for one in mine
            if one.study_item_id == assignment.study_item_id and one.position < assignment.position
        ]
        if len(first) != 1 or stored.get(first[0].id, 0) == 0:
            wrong += 1
            continue
        after = [one for one in mine if first[0].position < one.position < assignment.position]
        since = [
            one for one in after if stored[first[0].id] < stored.get(one.id, 0) < stored.get(assignment.id, 0)
        ]
        wrong += len(since) < REPEAT_GAP
    return wrong + (is_wanted and not again)


def section(found: list[Outcome]) -> str:
    """The outcomes as Markdown."""
    rows = [
        (
            f"| {one.name} | {one.annotators} | {one.stored:,} of {one.wanted + one.repeats:,} | {one.repeats or '–'} | {one.lost} | {one.doubled} | {one.beyond} | {one.short} "
            f"| {one.misplaced if one.repeats else '–'} | {one.disordered} "
            f"| {one.tally.kills} | {one.tally.cut} | {one.tally.broken} | {one.tally.resent} | {one.seconds:.0f} s |"
        )
        for one in found
    ]
    return "\n".join(
        [
            "Real desks, annotators on raw websockets without pauses. Three submits in ten are sent twice in one message, one in ten is",
            "replayed after its answer, three in a hundred lose their line before the answer; two times a desk's process gets SIGKILL",
            "and is started again. What was acknowledged is compared with the database. *Cut*: lines that the annotator lost; *broken*:",
            "lines lost with the server or refused while it was away; *in disorder*: not complete, or no longer as first served. In a",
            f"shared queue people take the next transcript; each wants {OVERLAP} readers. *Beyond*, *short*: transcripts with more or fewer.",
            f"There, {REPEATS:.0%} of what a person labels returns to them unannounced (*repeats*), with at least {REPEAT_GAP} others in between, by",
            "assignment and by label; *misplaced*: sooner, twice, or to somebody else.",
            "",
            "| run | annotators | stored | repeats | lost | doubled | beyond | short | misplaced | queues in disorder | SIGKILLs | cut | broken | sent again | time |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
            *rows,
        ]
    )


def both(labels: int, is_shared: bool) -> Iterator[Outcome]:
    """A run on each kind of database."""
    with tempfile.TemporaryDirectory() as folder:
        yield run("SQLite, one desk", f"{folder}/soak.db", 1, 20, labels, is_shared=is_shared)
    with postgres() as target:
        yield run("PostgreSQL, two desks", target, 2, 50, labels, is_shared=is_shared)


def main() -> None:
    """Run all and write the page's section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=5_000)
    parser.add_argument("--out", type=Path, default=Path("docs/bench-desk.md"))
    given = parser.parse_args()
    found = [one for is_shared in (False, True) for one in both(given.labels // 2, is_shared)]
    write_section(given.out, TITLE, section(found))
    print(section(found))
    if not all(one.is_clean for one in found):
        sys.exit(
            "soak_desk: labels were lost, doubled, beyond their quota, disordered or returned wrongly; see the table"
        )


if __name__ == "__main__":
    main()
