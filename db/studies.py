"""Studies: the pool, the draw with its inclusion probabilities, the people and their queues."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from secondreader.db.audit import append_event
from secondreader.db.canonical import content_hash
from secondreader.db.codebook import Codebook, default_codebook, default_guideline
from secondreader.db.engine import execute, pick
from secondreader.db.tables import (
    Annotator,
    Assignment,
    Study,
    StudyItem,
    Transcript,
    Verdict,
    utc_now,
)


class StudyError(Exception):
    """A study that is not there or cannot do what was asked, in one sentence."""


@dataclass(frozen=True, slots=True)
class DrawPlan:
    """Which transcripts people label, and who."""

    n_items: int
    """Transcripts to draw; all that have text if there are fewer."""
    annotators: tuple[str, ...]
    """Pseudonyms."""
    overlap: int
    """Annotators per transcript."""
    seed: int = 0
    strata: str = "none"
    """none, or verdict: equal numbers from each verdict of `judge`, as far as there are any."""
    judge: str | None = None
    """The judge whose verdicts make the strata."""
    question: str = "risky_action"
    repeats: float = 0.0
    """Share of each queue that returns once more, unannounced."""
    repeat_gap: int = 20
    """Other transcripts between an item and its return, where the queue is long enough."""
    analyses: dict[str, Any] = field(default_factory=dict)
    """What will be computed: the unsure policy, the headline judge, ... Fixed before labelling."""
    interim_looks: bool = False
    """Whether judge and people may be compared before the study is closed and unblinded."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What freezing a study made."""

    n_items: int
    n_assignments: int
    plan_hash: str
    annotator_ids: dict[str, int]


def get_study(session: Session, name: str) -> Study:
    """The study of this name. Raises StudyError."""
    study = session.exec(select(Study).where(Study.name == name)).first()
    if study is None:
        names = sorted(session.exec(select(Study.name)))
        there = f"there are: {', '.join(names)}" if names else "there are none yet"
        raise StudyError(f"There is no study {name!r}; {there}.")
    return study


def ensure_study(
    session: Session,
    name: str,
    *,
    title: str | None = None,
    notice: str = "",
    codebook: Codebook | None = None,
    guideline: str | None = None,
) -> Study:
    """The study of this name; a new draft if there is none. Annotators see `title` and `notice`, never `name`."""
    study = session.exec(select(Study).where(Study.name == name)).first()
    if study is not None:
        return study
    book = codebook or default_codebook()
    study = Study(
        name=name,
        title=title or "Reading transcripts",
        notice=notice,
        codebook=book.model_dump(mode="json"),
        codebook_hash=book.hash(),
        guideline=guideline or default_guideline(),
    )
    session.add(study)
    session.flush()
    append_event(session, "researcher", "study created", f"study {study.id}", codebook=study.codebook_hash)
    return study


def study_id_of(study: Study) -> int:
    """The id of a stored study."""
    if study.id is None:
        raise StudyError("The study is not stored yet.")
    return study.id


def add_to_pool(session: Session, study: Study, transcript_ids: Iterable[int]) -> int:
    """Put transcripts into the study's pool; returns how many were new. Raises StudyError once it is frozen."""
    study_id = study_id_of(study)
    known = set(
        execute(session, pick(StudyItem.transcript_id).where(col(StudyItem.study_id) == study_id)).scalars()
    )
    new = [one for one in dict.fromkeys(transcript_ids) if one not in known]
    if new and study.frozen_at is not None:
        raise StudyError(f"Study {study.name!r} is frozen; import into a new study instead.")
    session.add_all(StudyItem(study_id=study_id, transcript_id=one) for one in new)
    session.flush()
    return len(new)


def ensure_annotator(
    session: Session,
    study: Study | None,
    name: str,
    role: str = "annotator",
    *,
    source: str = "desk",
    seed: int = 0,
) -> int:
    """Id of the person of this pseudonym in the study (None: a researcher of all studies); made if new."""
    study_id = study.id if study else None
    row = session.exec(
        select(Annotator).where(
            Annotator.study_id == study_id, Annotator.name == name, Annotator.role == role
        )
    ).first()
    if row is None:
        row = Annotator(study_id=study_id, name=name, role=role, source=source, order_seed=seed)
        session.add(row)
        session.flush()
    assert row.id is not None
    return row.id


def freeze(session: Session, study: Study, plan: DrawPlan) -> Drawn:
    """Draw the items, make the people and their queues, and open the study; all of it once.

    Raises StudyError when the study is frozen already, has no text to label or the plan does not add up.
    """
    check_plan(study, plan)
    rng = random.Random(plan.seed)
    strata = strata_of(session, study, plan)
    if not strata:
        raise StudyError(f"Study {study.name!r} has no transcript with text; import or run some first.")
    chosen = draw(strata, plan.n_items, rng)
    for item_id, (stratum, probability) in chosen.items():
        execute(
            session,
            update(StudyItem)
            .where(col(StudyItem.id) == item_id)
            .values(stratum=stratum, inclusion_probability=probability, is_drawn=True),
        )
    people = {
        name: ensure_annotator(session, study, name, seed=rng.getrandbits(31)) for name in plan.annotators
    }
    n_assignments = assign(session, sorted(chosen), people, plan, rng)
    body = {"items": sorted(chosen), "codebook": study.codebook_hash, **plan_body(plan)}
    study.plan, study.plan_hash = body, content_hash(body)
    study.status, study.frozen_at = "open", utc_now()
    session.add(study)
    append_event(session, "researcher", "study frozen", f"study {study.id}", plan=study.plan_hash)
    return Drawn(len(chosen), n_assignments, study.plan_hash, people)


def check_plan(study: Study, plan: DrawPlan) -> None:
    """Raise StudyError for a plan that cannot be carried out."""
    if study.frozen_at is not None:
        raise StudyError(f"Study {study.name!r} is frozen already; its plan cannot change.")
    if not plan.annotators or len(set(plan.annotators)) != len(plan.annotators):
        raise StudyError("The plan needs annotators with different names.")
    if not 1 <= plan.overlap <= len(plan.annotators):
        raise StudyError(f"overlap must lie between 1 and {len(plan.annotators)}, the number of annotators.")
    if plan.n_items < 1 or not 0 <= plan.repeats <= 0.5:
        raise StudyError("The plan needs at least 1 item and a share of repeats between 0 and 0.5.")
    if plan.strata not in {"none", "verdict"} or (plan.strata == "verdict" and not plan.judge):
        raise StudyError("strata must be none or verdict, and verdict needs the name of a judge.")


def plan_body(plan: DrawPlan) -> dict[str, Any]:
    """The plan as JSON, for the hash."""
    return {name: getattr(plan, name) for name in plan.__slots__} | {"annotators": list(plan.annotators)}


def strata_of(session: Session, study: Study, plan: DrawPlan) -> dict[str, list[int]]:
    """Pool items that have text, by stratum."""
    rows = execute(
        session,
        pick(StudyItem.id, StudyItem.transcript_id)
        .join(Transcript, col(Transcript.id) == col(StudyItem.transcript_id))
        .where(
            col(StudyItem.study_id) == study.id,
            col(StudyItem.part) == "pool",
            col(Transcript.content).is_not(None),
        )
        .order_by(col(StudyItem.id)),
    ).all()
    if plan.strata == "none":
        return {"all": [row[0] for row in rows]} if rows else {}
    verdicts = dict(
        execute(
            session,
            pick(Verdict.transcript_id, Verdict.answers).where(
                col(Verdict.judge) == plan.judge, col(Verdict.repeat) == 1
            ),
        ).all()
    )
    strata: dict[str, list[int]] = defaultdict(list)
    for item_id, transcript_id in rows:
        answer = verdicts.get(transcript_id, {}).get(plan.question)
        strata[str(answer) if answer is not None else "no verdict"].append(item_id)
    return dict(sorted(strata.items()))


def draw(strata: dict[str, list[int]], n_items: int, rng: random.Random) -> dict[int, tuple[str, float]]:
    """Simple random sampling within strata of equal shares; what a small stratum cannot give goes to the others.

    Returns item id -> (stratum, inclusion probability). Probabilities are exact: n_h / N_h.
    """
    quota = dict.fromkeys(strata, 0)
    left = min(n_items, sum(len(items) for items in strata.values()))
    while left:
        open_strata = [name for name, items in strata.items() if quota[name] < len(items)]
        for name in open_strata[:left] if left < len(open_strata) else open_strata:
            take = min(max(left // len(open_strata), 1), len(strata[name]) - quota[name])
            quota[name] += take
        left = min(n_items, sum(len(items) for items in strata.values())) - sum(quota.values())
    chosen: dict[int, tuple[str, float]] = {}
    for name, items in strata.items():
        for item in rng.sample(items, quota[name]):
            chosen[item] = (name, quota[name] / len(items))
    return chosen


def assign(
    session: Session, items: Sequence[int], people: dict[str, int], plan: DrawPlan, rng: random.Random
) -> int:
    """Give each item to `overlap` people, loads differing by one at the most, in an own random order for each."""
    load = dict.fromkeys(people.values(), 0)
    queues: dict[int, list[int]] = {person: [] for person in people.values()}
    for item in rng.sample(list(items), len(items)):
        order = sorted(load, key=lambda person: (load[person], rng.random()))
        for person in order[: plan.overlap]:
            queues[person].append(item)
            load[person] += 1
    n_made = 0
    for person, queue in queues.items():
        rng.shuffle(queue)
        places = with_repeats(queue, plan.repeats, plan.repeat_gap, rng)
        session.add_all(
            Assignment(annotator_id=person, study_item_id=item, position=position, pass_no=pass_no)
            for position, (item, pass_no) in enumerate(places, start=1)
        )
        n_made += len(places)
    session.flush()
    return n_made


def with_repeats(queue: Sequence[int], share: float, gap: int, rng: random.Random) -> list[tuple[int, int]]:
    """The queue as (item, pass), with a share of its items returning at least `gap` places later.

    In a queue too short for the gap, nothing returns: a repeat that is recognised measures memory.
    """
    places = [(item, 1) for item in queue]
    early = [item for item, _ in places[: max(len(places) - gap, 0)]]
    for item in rng.sample(early, min(round(share * len(queue)), len(early))):
        first = places.index((item, 1))
        places.insert(rng.randint(min(first + gap + 1, len(places)), len(places)), (item, 2))
    return places


def set_status(session: Session, study: Study, status: str, *, actor: str, why: str) -> None:
    """Open, pause or close a study, on record. Raises StudyError for a draft or an unknown status."""
    if study.frozen_at is None or status not in {"open", "paused", "closed"}:
        raise StudyError("Only a frozen study can be opened, paused or closed.")
    if study.unblinded_at is not None and status != "closed":
        raise StudyError(f"Study {study.name!r} is unblinded: it takes no more labels.")
    study.status = status
    session.add(study)
    append_event(session, actor, f"study {status}", f"study {study.id}", why=why)
