"""The sampling plan of a study, checked and then frozen: items sampled, people and queues created, all in one transaction."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from secondreader.db.core.audit_log import RESEARCHER, append_event
from secondreader.db.core.codebook import (
    Codebook,
    CodebookError,
)
from secondreader.db.core.desk_rules import Rules, find_question_before_reasoning
from secondreader.db.core.engine import execute
from secondreader.db.core.errors import StudyError
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.records import StudyRecord, reload_study, update_study
from secondreader.db.core.tables import StudyItem, utc_now
from secondreader.db.core.text import make_storable
from secondreader.db.design.control_items import ControlItem, check_control_items, mark_control_items
from secondreader.db.design.sampling import (
    draw_sample,
    load_pool_strata,
    set_aside,
    store_sample,
    store_strata,
)
from secondreader.db.design.studies import ensure_annotator
from secondreader.db.queues.assignment import (
    ATTENTION_FROM,
    StudyParts,
    assign_attention_checks,
    assign_onboarding,
    build_main_queue,
    compute_balanced_loads,
    store_assignments,
)
from secondreader.db.transcripts.leak_reviews import UNDECIDED, list_leak_items


@dataclass(frozen=True, slots=True)
class SamplingPlan:
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
    qualification: tuple[ControlItem, ...] = ()
    """Qualification before the study, with feedback; whoever fails it labels nothing else."""
    attention: tuple[ControlItem, ...] = ()
    """Items of known answers in everybody's main queue, which look like any other."""
    n_calibration: int = 0
    """Items that all annotators label first and then discuss; taken from the pool, and no part of the sample."""
    rules: Rules = field(default_factory=Rules)
    """What the desk obeys; its `overlap`, `repeats` and `repeat_gap` are those of the plan."""

    @property
    def desk_rules(self) -> Rules:
        """The rules as they are stored with the study."""
        of_draw = {"overlap": self.overlap, "repeats": self.repeats, "repeat_gap": self.repeat_gap}
        return self.rules.model_copy(update=of_draw)


@dataclass(frozen=True, slots=True)
class FreezeResult:
    """What freezing a study made."""

    n_items: int
    n_assignments: int
    plan_hash: str
    annotator_ids: dict[str, int]


def freeze_study(
    session: Session,
    study: StudyRecord,
    sampling_plan: SamplingPlan,
    *,
    actor: str = RESEARCHER,
    accept_leaks: str = "",
) -> FreezeResult:
    """Draw the items, make the people and their queues, and open the study; all of it once.

    Control and norming items leave the pool before the draw, so inclusion probabilities are over what remains.
    `accept_leaks` is the reason to freeze although nobody has decided on some findings of the leak scan. Raises
    StudyError when the study is frozen already, has undecided findings and no such reason, has no text to label or the
    plan does not add up.
    """
    study = reload_study(session, study)
    check_sampling_plan(study, sampling_plan)
    accepted_leaks = accept_undecided_leaks(session, study, accept_leaks.strip())
    # one generator for every draw below: the order of these lines is part of what a seed means
    rng = random.Random(sampling_plan.seed)
    parts, strata = set_aside_items(session, study, sampling_plan, rng)
    # before the draw, for all of the pool: a later amendment draws from the same strata
    store_strata(session, strata)
    chosen = draw_sample(strata, sampling_plan.n_items, rng)
    store_sample(session, chosen)
    # known only now: there may be fewer transcripts with text than the plan asks for
    check_queue_length(sampling_plan, len(chosen))
    people = {
        # 31 bits: the column is a signed 32-bit integer on PostgreSQL
        name: ensure_annotator(session, study, name, seed=rng.getrandbits(31))
        for name in sampling_plan.annotators
    }
    # sorted: a dict's order would make the queues depend on how the draw was stored
    n_assignments = assign_queues(session, sorted(chosen), people, sampling_plan, parts, rng)
    body = {
        "items": sorted(chosen),
        "parts": build_parts_body(parts),
        **compute_text_hashes(study),
        **build_plan_body(sampling_plan),
        **accepted_leaks,
    }
    plan_hash = compute_content_hash(body)
    update_study(
        session,
        study,
        plan=body,
        plan_hash=plan_hash,
        rules=sampling_plan.desk_rules.model_dump(mode="json"),
        status="open",
        frozen_at=utc_now(),
    )
    append_event(session, actor, "study frozen", f"study {study.id}", plan=plan_hash, **accepted_leaks)
    return FreezeResult(len(chosen), n_assignments, plan_hash, people)


def check_sampling_plan(study: StudyRecord, sampling_plan: SamplingPlan) -> None:
    """Raise StudyError for a plan that cannot be carried out."""
    if study.frozen_at is not None:
        raise StudyError(f"Study {study.name!r} is frozen already; its plan cannot change.")
    if not sampling_plan.annotators or len(set(sampling_plan.annotators)) != len(sampling_plan.annotators):
        raise StudyError("The plan needs annotators with different names.")
    if not 1 <= sampling_plan.overlap <= len(sampling_plan.annotators):
        raise StudyError(
            f"overlap must lie between 1 and {len(sampling_plan.annotators)}, the number of annotators."
        )
    if sampling_plan.n_items < 1 or not 0 <= sampling_plan.repeats <= 0.5:
        raise StudyError("The plan needs at least 1 item and a share of repeats between 0 and 0.5.")
    if sampling_plan.strata not in {"none", "verdict"} or (
        sampling_plan.strata == "verdict" and not sampling_plan.judge
    ):
        raise StudyError("strata must be none or verdict, and verdict needs the name of a judge.")
    if sampling_plan.n_calibration and len(sampling_plan.annotators) == 1:
        raise StudyError("Calibration needs at least 2 annotators: one person has nobody to compare with.")
    if sampling_plan.repeat_gap < 1:
        raise StudyError("At least 1 other transcript must stand between a transcript and its return.")
    codebook = Codebook.model_validate(study.codebook)
    try:
        # at the desk it would be too late to say that the question is not there
        find_question_before_reasoning(codebook, sampling_plan.rules)
    except CodebookError as error:
        raise StudyError(str(error)) from None
    check_control_items(codebook, [*sampling_plan.qualification, *sampling_plan.attention])


def accept_undecided_leaks(session: Session, study: StudyRecord, why: str) -> dict[str, Any]:
    """What plan and audit log say of leak findings that nobody has decided on: nothing where there are none.

    A plan without them keeps the hash that it always had. Raises StudyError where there are some and no reason.
    """
    n_undecided = sum(item.state == UNDECIDED for item in list_leak_items(session, study))
    if not n_undecided:
        return {}
    if not why:
        raise StudyError(
            f"Transcripts of study {study.name!r} with leak findings that nobody has decided on: {n_undecided}. Accept or "
            "exclude each in the leak review (secondreader study leaks), or give a reason to freeze all the same "
            "(--accept-leaks; accept_leaks in a study file)."
        )
    return {"accepted_leaks": {"transcripts": n_undecided, "why": make_storable(why)}}


def check_queue_length(sampling_plan: SamplingPlan, n_sampled: int) -> None:
    """Raise StudyError where queues are too short to hide attention checks in."""
    shortest = n_sampled * sampling_plan.overlap // len(sampling_plan.annotators)
    if sampling_plan.attention and shortest < ATTENTION_FROM:
        raise StudyError(
            f"Attention checks stand behind the first {ATTENTION_FROM} items of a queue, and a queue would hold "
            f"{shortest}; draw more items or leave attention checks out."
        )


def set_aside_items(
    session: Session, study: StudyRecord, sampling_plan: SamplingPlan, rng: random.Random
) -> tuple[StudyParts, dict[str, list[int]]]:
    """Take control and norming items out of the pool; returns them, and the strata of what remains."""
    practice = mark_control_items(session, study, sampling_plan.qualification, "qualification")
    hidden = mark_control_items(session, study, sampling_plan.attention, "attention")
    judge = sampling_plan.judge if sampling_plan.strata == "verdict" else None
    strata = load_pool_strata(session, study.id, judge, sampling_plan.question)
    if not strata:
        raise StudyError(f"Study {study.name!r} has no transcript with text; import or run some first.")
    common, rest = set_aside(strata, sampling_plan.n_calibration, rng)
    if not rest:
        raise StudyError("The norming items would be all transcripts that there are; take fewer.")
    # the norming round is called calibration in stored rows, which keep the word
    marked = update(StudyItem).where(col(StudyItem.id).in_(common)).values(part="calibration")
    execute(session, marked)
    return StudyParts(practice, tuple(common), hidden, sampling_plan.rules.qualification_rounds), rest


def build_plan_body(sampling_plan: SamplingPlan) -> dict[str, Any]:
    """The plan as JSON, for the hash."""
    # every field, also one that a later version adds: what is not hashed could change unseen
    return {name: getattr(sampling_plan, name) for name in sampling_plan.__slots__} | {
        "annotators": list(sampling_plan.annotators),
        "qualification": [item.build_body() for item in sampling_plan.qualification],
        "attention": [item.build_body() for item in sampling_plan.attention],
        "rules": sampling_plan.desk_rules.model_dump(mode="json"),
    }


def build_parts_body(parts: StudyParts) -> dict[str, list[int]]:
    """The items that stand outside the draw, for the hash."""
    return {
        "qualification": list(parts.qualification),
        "calibration": list(parts.norming),
        "attention": list(parts.attention),
    }


def compute_text_hashes(study: StudyRecord) -> dict[str, Any]:
    """What annotators go by, for the plan's hash."""
    return {
        "title": study.title,
        "notice": study.notice,
        "codebook": study.codebook_hash,
        "guideline": compute_content_hash(study.guideline),
    }


def assign_queues(
    session: Session,
    items: Sequence[int],
    annotator_ids: Mapping[str, int],
    sampling_plan: SamplingPlan,
    parts: StudyParts,
    rng: random.Random,
) -> int:
    """Make everybody's queue; returns the number of assignments. In a shared queue, the pool is taken later."""
    is_shared = sampling_plan.rules.queue == "shared"
    loads = compute_balanced_loads(items, annotator_ids.values(), sampling_plan.overlap, rng)
    n_made = 0
    for person, load in loads.items():
        n_made += assign_onboarding(session, person, parts, rng)
        if is_shared:
            n_made += assign_attention_checks(session, person, parts, len(load), rng)
            continue
        queue_positions = build_main_queue(
            load, parts.attention, sampling_plan.repeats, sampling_plan.repeat_gap, rng
        )
        n_made += store_assignments(session, person, queue_positions, parts.main_from)
    return n_made
