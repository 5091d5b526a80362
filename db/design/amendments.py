"""Amendments: the closed list of changes to a frozen study, each on record with who, why and the plan's new hash."""

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlmodel import Session, col, select

from secondreader.db.core.audit_log import append_event
from secondreader.db.core.desk_rules import parse_rules
from secondreader.db.core.engine import execute, select_columns, wait_turn
from secondreader.db.core.errors import StudyError
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.locks import Lock
from secondreader.db.core.records import StudyRecord, reload_study, update_study
from secondreader.db.core.tables import Amendment, Annotator, Assignment, StudyItem
from secondreader.db.design.people import Pseudonym
from secondreader.db.design.plan import compute_text_hashes
from secondreader.db.design.sampling import draw_additional_sample, load_stored_strata, store_sample
from secondreader.db.design.studies import ensure_annotator
from secondreader.db.design.study_file import check_judges, describe_validation_error
from secondreader.db.design.summaries import list_annotators
from secondreader.db.queues.assignment import (
    assign_attention_checks,
    assign_onboarding,
    build_main_queue,
    compute_balanced_loads,
    find_last_position,
    load_study_parts,
    store_assignments,
)


class StudyChange(BaseModel):
    """What may change in a frozen study; what is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: Annotated[str, Field(min_length=1)] | None = None
    notice: str | None = None
    guideline: Annotated[str, Field(min_length=1)] | None = None
    """The whole new text."""
    annotators: tuple[Pseudonym, ...] = ()
    """Pseudonyms of new people."""
    more_items: Annotated[int, Field(ge=0)] = 0
    """Transcripts to add to the sample, from the same strata."""
    analyses: dict[str, Any] | None = None
    """Analyses that are set anew; the others stay."""


def parse_change(**fields: Any) -> StudyChange:
    """The change that these fields describe. Raises StudyError, in a sentence."""
    try:
        return StudyChange.model_validate(fields)
    except ValidationError as error:
        raise StudyError(f"Nothing was amended: {describe_validation_error(error)}") from None


@dataclass(frozen=True, slots=True)
class AmendmentResult:
    """What an amendment did."""

    plan_hash: str
    n_items: int
    """Transcripts that were added to the sample."""
    n_assignments: int
    """New assignments in queues."""
    annotator_ids: dict[str, int]
    """The new people."""


@dataclass(frozen=True, slots=True)
class AmendmentRow:
    """One amendment, for the report."""

    at: datetime
    actor: str
    what: dict[str, Any]
    why: str
    plan_hash: str


def amend_study(
    session: Session, study: StudyRecord, change: StudyChange, *, actor: str, why: str
) -> AmendmentResult:
    """Change a frozen study, on record.

    New people read as many items as the others were given at first, those with the fewest annotators before the rest, besides
    qualification items, norming items and attention checks; in a shared queue they take what is open. New items go to the end of queues,
    with the plan's overlap. Raises StudyError for a draft, without a reason or a change, and, where queues change, once the
    study is unblinded.
    """
    wait_turn(session, Lock.AMENDMENT, study.id)
    study = reload_study(session, study)  # another amendment may have been made while this one waited
    check_change(study, change, why)
    check_names(session, study, change.annotators)
    # a headline judge that has read nothing would leave the report without its headline
    check_judges(session, study, (change.analyses or {}).get("judge"))
    # the hash changes with each amendment, so that the second one does not repeat the draws of the first
    rng = random.Random(f"{study.plan_hash} {study.plan['seed']}")
    study = change_texts(session, study, change)
    people = {
        name: ensure_annotator(session, study, name, seed=rng.getrandbits(31)) for name in change.annotators
    }
    # new people before new items: the new items are then balanced over all of them
    n_assignments = sum(assign_to_new_annotator(session, study, person, rng) for person in people.values())
    items = extend_study_sample(session, study, change.more_items, rng)
    n_assignments += assign_new_items(session, study, items, rng)
    body = study.plan | {
        "items": sorted([*study.plan["items"], *items]),
        "annotators": [*study.plan["annotators"], *people],
        "n_items": study.plan["n_items"] + change.more_items,
        "analyses": study.plan["analyses"] | (change.analyses or {}),
        **compute_text_hashes(study),
    }
    summary = summarize_change(change) | ({"drawn": items} if items else {})
    return AmendmentResult(
        record_amendment(session, study, summary, body, actor, why), len(items), n_assignments, people
    )


def check_change(study: StudyRecord, change: StudyChange, why: str) -> None:
    """Raise StudyError for a change that cannot be made."""
    if study.frozen_at is None:
        raise StudyError(
            f"Study {study.name!r} is a draft: change it as you like, there is nothing to amend."
        )
    if not why.strip():
        raise StudyError("An amendment needs a reason; it is printed in the report.")
    if not summarize_change(change):
        raise StudyError("Nothing changes: name a text, annotators, items or analyses to amend.")
    # texts and analyses may still be corrected, on record: they change no label
    if study.unblinded_at is not None and (change.annotators or change.more_items):
        raise StudyError(f"Study {study.name!r} is unblinded: it takes no more items, people or labels.")


def check_names(session: Session, study: StudyRecord, names: tuple[str, ...]) -> None:
    """Raise StudyError for a new person whose name is taken in the study, by an imported annotator for example."""
    of_study = select_columns(Annotator.name).where(
        col(Annotator.study_id) == study.id, col(Annotator.name).in_(names)
    )
    taken = sorted(execute(session, of_study).scalars())
    if taken or len(set(names)) != len(names):
        raise StudyError(
            f"New annotators need new, different names; {', '.join(taken) or 'one'} is there twice."
        )


def summarize_change(change: StudyChange) -> dict[str, Any]:
    """The change as it goes on record: a guideline by its hash."""
    summary = change.model_dump(mode="json", exclude_defaults=True)
    if change.guideline is not None:
        summary["guideline"] = compute_content_hash(change.guideline)
    return summary


def change_texts(session: Session, study: StudyRecord, change: StudyChange) -> StudyRecord:
    """Store the texts that the change names; returns the study with them."""
    texts = {name: getattr(change, name) for name in ("title", "notice", "guideline")}
    new = {name: text for name, text in texts.items() if text is not None}
    return update_study(session, study, **new) if new else study


def record_amendment(
    session: Session, study: StudyRecord, what: dict[str, Any], body: dict[str, Any], actor: str, why: str
) -> str:
    """Store an amendment and its audit event; the plan becomes `body`, and its hash covers the plan before."""
    # the hash of the plan before stands in the new one: the plans form a chain from the freeze on
    plan = body | {"amended": study.plan_hash}
    plan_hash = compute_content_hash(plan)
    update_study(session, study, plan=plan, plan_hash=plan_hash)
    session.add(Amendment(study_id=study.id, actor=actor, what=what, why=why, plan_hash=plan_hash))
    append_event(session, actor, "study amended", f"study {study.id}", what=what, why=why, plan=plan_hash)
    return plan_hash


def assign_to_new_annotator(session: Session, study: StudyRecord, person: int, rng: random.Random) -> int:
    """Make the queue of somebody who joins a frozen study; returns the number of assignments."""
    plan, rules = study.plan, parse_rules(study.rules)
    parts = load_study_parts(session, study, rules.qualification_rounds)
    # rounded up: as many as the others were given when the study was frozen
    n_load = -(-len(plan["items"]) * rules.overlap // len(plan["annotators"]))
    n_early = assign_onboarding(session, person, parts, rng)
    if rules.queue == "shared":
        return n_early + assign_attention_checks(session, person, parts, n_load, rng)
    items = list_least_read_items(session, study, rng)[:n_load]
    queue_positions = build_main_queue(items, parts.attention, plan["repeats"], plan["repeat_gap"], rng)
    return n_early + store_assignments(session, person, queue_positions, parts.main_from)


def list_least_read_items(session: Session, study: StudyRecord, rng: random.Random) -> list[int]:
    """Drawn items, those with the fewest annotators first, in random order among equals."""
    items = list(study.plan["items"])
    rows = execute(
        session,
        select_columns(Assignment.study_item_id, Assignment.annotator_id)
        .join(StudyItem, col(StudyItem.id) == col(Assignment.study_item_id))
        .where(col(StudyItem.study_id) == study.id, col(Assignment.pass_no) == 1),
    ).all()
    n_readers = dict.fromkeys(items, 0)
    for item, _ in rows:
        if item in n_readers:
            n_readers[item] += 1
    # the sort below is stable and keeps this order among items with equally many annotators
    rng.shuffle(items)
    return sorted(items, key=lambda item: n_readers[item])


def extend_study_sample(session: Session, study: StudyRecord, n_items: int, rng: random.Random) -> list[int]:
    """Draw more items and renew the probabilities of all; returns the new ones. Raises StudyError if there are too few."""
    if not n_items:
        return []
    strata = load_stored_strata(session, study.id)
    drawn = set(study.plan["items"])
    n_left = sum(len(items) for items in strata.values()) - len(drawn)
    if n_items > n_left:
        raise StudyError(f"Only {n_left} transcripts are left to draw in study {study.name!r}.")
    chosen = draw_additional_sample(strata, drawn, n_items, rng)
    store_sample(session, chosen)
    return sorted(set(chosen) - drawn)


def assign_new_items(session: Session, study: StudyRecord, items: list[int], rng: random.Random) -> int:
    """Put new items at the end of queues, by the plan's overlap; returns the number of assignments."""
    rules = parse_rules(study.rules)
    # there, people take new items by themselves
    if not items or rules.queue == "shared":
        return 0
    people = sorted(list_annotators(session, study).values())
    main_from = load_study_parts(session, study, rules.qualification_rounds).main_from
    n_made = 0
    for person, load in compute_balanced_loads(items, people, rules.overlap, rng).items():
        # no attention checks: everybody has theirs already
        queue_positions = build_main_queue(load, (), study.plan["repeats"], study.plan["repeat_gap"], rng)
        n_made += store_assignments(
            session, person, queue_positions, max(find_last_position(session, person), main_from)
        )
    return n_made


def load_amendments(session: Session, study: StudyRecord) -> list[AmendmentRow]:
    """Every amendment of a study, oldest first."""
    rows = session.exec(select(Amendment).where(Amendment.study_id == study.id).order_by(col(Amendment.id)))
    return [AmendmentRow(row.created_at, row.actor, row.what, row.why, row.plan_hash) for row in rows]
