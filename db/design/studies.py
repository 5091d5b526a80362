"""Studies: the pool, the draw with its inclusion probabilities, the people and their queues."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from secondreader.db.core.audit_log import RESEARCHER, append_event
from secondreader.db.core.canonical import content_hash
from secondreader.db.core.codebook import Codebook, CodebookError, default_codebook, default_guideline
from secondreader.db.core.desk_rules import Rules, gate_question
from secondreader.db.core.engine import execute, insert_rows, pick
from secondreader.db.core.study_errors import StudyError, study_id_of
from secondreader.db.core.tables import Annotator, Study, StudyItem, utc_now
from secondreader.db.design.control_items import KnownItem, check_known, mark_known
from secondreader.db.design.sampling import draw, pool_strata, store_draw, store_strata, take_out
from secondreader.db.queues.assignment import (
    ATTENTION_FROM,
    Parts,
    deal_attention,
    deal_early,
    main_queue,
    shares,
    store,
)


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
    """Share of each queue that returns once more, unannounced; in a shared queue, of what each person labels."""
    repeat_gap: int = 20
    """Other transcripts at least between an item and its return; where a queue is too short for it, nothing returns."""
    analyses: dict[str, Any] = field(default_factory=dict)
    """What will be computed: the unsure policy, the headline judge, ... Fixed before labelling."""
    interim_looks: bool = False
    """Whether judge and people may be compared before the study is closed and unblinded."""
    qualification: tuple[KnownItem, ...] = ()
    """Practice before the study, with feedback; who fails it reads nothing else."""
    attention: tuple[KnownItem, ...] = ()
    """Items of known answers in everybody's main queue, which look like any other."""
    n_calibration: int = 0
    """Items that all read first, and then discuss; drawn from the pool, and no part of the sample."""
    rules: Rules = field(default_factory=Rules)
    """What the desk obeys; its `overlap`, `repeats` and `repeat_gap` are those of the plan."""

    @property
    def desk_rules(self) -> Rules:
        """The rules as they are stored with the study."""
        of_draw = {"overlap": self.overlap, "repeats": self.repeats, "repeat_gap": self.repeat_gap}
        return self.rules.model_copy(update=of_draw)


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
    actor: str = RESEARCHER,
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
    append_event(session, actor, "study created", f"study {study.id}", codebook=study.codebook_hash)
    return study


def add_to_pool(session: Session, study: Study, transcript_ids: Iterable[int]) -> int:
    """Put transcripts into the study's pool; returns how many were new. Raises StudyError once it is frozen."""
    study_id = study_id_of(study)
    known = set(
        execute(session, pick(StudyItem.transcript_id).where(col(StudyItem.study_id) == study_id)).scalars()
    )
    new = [one for one in dict.fromkeys(transcript_ids) if one not in known]
    if new and study.frozen_at is not None:
        raise StudyError(f"Study {study.name!r} is frozen; import into a new study instead.")
    undrawn = {
        "stratum": None,
        "inclusion_probability": None,
        "is_drawn": False,
        "part": "pool",
        "known": None,
    }
    insert_rows(session, StudyItem, [{"study_id": study_id, "transcript_id": one, **undrawn} for one in new])
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
    """Id of the person of this pseudonym in the study (None: a researcher of all studies); made if new.

    Raises StudyError for the pseudonym of somebody in another role.
    """
    study_id = study.id if study else None
    known = select(Annotator).where(Annotator.study_id == study_id, Annotator.name == name)
    row = session.exec(known).first()
    if row is not None and row.role != role:
        raise StudyError(f"{name!r} is already the {row.role} of that name; choose another pseudonym.")
    if row is None:
        row = Annotator(study_id=study_id, name=name, role=role, source=source, order_seed=seed)
        session.add(row)
        session.flush()
    assert row.id is not None
    return row.id


def freeze(session: Session, study: Study, plan: DrawPlan, *, actor: str = RESEARCHER) -> Drawn:
    """Draw the items, make the people and their queues, and open the study; all of it once.

    Known and calibration items leave the pool before the draw, so inclusion probabilities are over what remains. Raises
    StudyError when the study is frozen already, has no text to label or the plan does not add up.
    """
    check_plan(study, plan)
    rng = random.Random(plan.seed)
    parts, strata = set_apart(session, study, plan, rng)
    store_strata(session, strata)
    chosen = draw(strata, plan.n_items, rng)
    store_draw(session, chosen)
    check_room(plan, len(chosen))
    people = {
        name: ensure_annotator(session, study, name, seed=rng.getrandbits(31)) for name in plan.annotators
    }
    n_assignments = deal(session, sorted(chosen), people, plan, parts, rng)
    body = {"items": sorted(chosen), "parts": part_body(parts), **text_hashes(study), **plan_body(plan)}
    study.plan, study.plan_hash = body, content_hash(body)
    study.rules = plan.desk_rules.model_dump(mode="json")
    study.status, study.frozen_at = "open", utc_now()
    session.add(study)
    append_event(session, actor, "study frozen", f"study {study.id}", plan=study.plan_hash)
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
    if plan.n_calibration and len(plan.annotators) == 1:
        raise StudyError("Calibration needs at least 2 annotators: one person has nobody to compare with.")
    if plan.repeat_gap < 1:
        raise StudyError("At least 1 other transcript must stand between a transcript and its return.")
    codebook = Codebook.model_validate(study.codebook)
    try:
        gate_question(codebook, plan.rules)
    except CodebookError as error:
        raise StudyError(str(error)) from None
    check_known(codebook, [*plan.qualification, *plan.attention])


def check_room(plan: DrawPlan, n_drawn: int) -> None:
    """Raise StudyError where queues are too short to hide attention items in."""
    shortest = n_drawn * plan.overlap // len(plan.annotators)
    if plan.attention and shortest < ATTENTION_FROM:
        raise StudyError(
            f"Attention items stand behind the first {ATTENTION_FROM} items of a queue, and a queue would hold "
            f"{shortest}; draw more items or leave attention items out."
        )


def set_apart(
    session: Session, study: Study, plan: DrawPlan, rng: random.Random
) -> tuple[Parts, dict[str, list[int]]]:
    """Take known and calibration items out of the pool; returns them, and the strata of what remains."""
    practice = mark_known(session, study, plan.qualification, "qualification")
    hidden = mark_known(session, study, plan.attention, "attention")
    judge = plan.judge if plan.strata == "verdict" else None
    strata = pool_strata(session, study_id_of(study), judge, plan.question)
    if not strata:
        raise StudyError(f"Study {study.name!r} has no transcript with text; import or run some first.")
    common, rest = take_out(strata, plan.n_calibration, rng)
    if not rest:
        raise StudyError("The calibration items would be all transcripts that there are; take fewer.")
    marked = update(StudyItem).where(col(StudyItem.id).in_(common)).values(part="calibration")
    execute(session, marked)
    return Parts(practice, tuple(common), hidden, plan.rules.qualification_rounds), rest


def plan_body(plan: DrawPlan) -> dict[str, Any]:
    """The plan as JSON, for the hash."""
    return {name: getattr(plan, name) for name in plan.__slots__} | {
        "annotators": list(plan.annotators),
        "qualification": [one.body() for one in plan.qualification],
        "attention": [one.body() for one in plan.attention],
        "rules": plan.desk_rules.model_dump(mode="json"),
    }


def part_body(parts: Parts) -> dict[str, list[int]]:
    """The items that stand outside the draw, for the hash."""
    return {
        "qualification": list(parts.qualification),
        "calibration": list(parts.calibration),
        "attention": list(parts.attention),
    }


def text_hashes(study: Study) -> dict[str, Any]:
    """What annotators go by, for the plan's hash."""
    return {
        "title": study.title,
        "notice": study.notice,
        "codebook": study.codebook_hash,
        "guideline": content_hash(study.guideline),
    }


def deal(
    session: Session,
    items: Sequence[int],
    people: Mapping[str, int],
    plan: DrawPlan,
    parts: Parts,
    rng: random.Random,
) -> int:
    """Make everybody's queue; returns the number of places. In a shared queue, the pool is taken later."""
    is_shared = plan.rules.queue == "shared"
    loads = shares(items, people.values(), plan.overlap, rng)
    n_made = 0
    for person, load in loads.items():
        n_made += deal_early(session, person, parts, rng)
        if is_shared:
            n_made += deal_attention(session, person, parts, len(load), rng)
            continue
        places = main_queue(load, parts.attention, plan.repeats, plan.repeat_gap, rng)
        n_made += store(session, person, places, parts.main_from)
    return n_made


def set_status(session: Session, study: Study, status: str, *, actor: str, why: str) -> None:
    """Open, pause or close a study, on record. Raises StudyError for a draft or an unknown status."""
    if study.frozen_at is None or status not in {"open", "paused", "closed"}:
        raise StudyError("Only a frozen study can be opened, paused or closed.")
    if study.unblinded_at is not None and status != "closed":
        raise StudyError(f"Study {study.name!r} is unblinded: it takes no more labels.")
    study.status = status
    session.add(study)
    append_event(session, actor, f"study {status}", f"study {study.id}", why=why)
