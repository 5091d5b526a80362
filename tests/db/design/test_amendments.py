"""Amendments: a closed list of changes to a frozen study, on record, with exact probabilities afterwards."""

from collections import Counter

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlmodel import col, select

from secondreader.db.core.audit_log import find_first_broken_event
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import execute, read_session, select_columns, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.records import update_study
from secondreader.db.core.tables import Assignment, AuditEvent, StudyItem, utc_now
from secondreader.db.design.amendments import StudyChange, amend_study, load_amendments
from secondreader.db.design.studies import ensure_annotator, ensure_study, get_study
from secondreader.db.desk.shared_queue import take_next
from secondreader.db.research.items import load_item_records
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from tests.db.parted_study import entries, label_all, parted_study
from tests.snapshots import list_drawn_items


def change(engine: Engine, **what: object) -> object:
    """Amend the study "s"."""
    with write_session(engine) as session:
        return amend_study(
            session,
            get_study(session, "s"),
            StudyChange(**what),
            actor="researcher",
            why="because",
        )


def plan_of(engine: Engine) -> tuple[str, dict[str, object]]:
    """Hash and body of the plan."""
    with read_session(engine) as session:
        study = get_study(session, "s")
        assert study.plan_hash is not None
        return study.plan_hash, study.plan


def test_texts_change_on_record(engine: Engine) -> None:
    """Title, notice and guideline are new; the record holds the guideline's hash, who, why and the new plan's hash."""
    parted_study(engine)
    before, _ = plan_of(engine)
    change(engine, title="New", notice="Paid by the hour.", guideline="# Anew")
    after, plan = plan_of(engine)
    with read_session(engine) as session:
        study = get_study(session, "s")
        (row,) = load_amendments(session, study)
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "study amended")).one()
        assert find_first_broken_event(session) is None
        assert (study.title, study.notice, study.guideline) == ("New", "Paid by the hour.", "# Anew")
    assert after != before
    assert after == compute_content_hash(plan)
    assert (plan["amended"], plan["guideline"]) == (before, compute_content_hash("# Anew"))
    assert (row.actor, row.why, row.plan_hash) == ("researcher", "because", after)
    assert row.what == {
        "title": "New",
        "notice": "Paid by the hour.",
        "guideline": compute_content_hash("# Anew"),
    }
    assert event.detail["plan"] == after


def test_an_extended_draw_is_one_sample(engine: Engine) -> None:
    """Strata are those of the first draw though verdicts came later; all items of a stratum have (n1 + n2) / N."""
    people = parted_study(
        engine, strata="verdict", judge="j", qualification=(), attention=(), n_calibration=0
    )
    with write_session(engine) as session:
        pool = load_item_records(session, get_study(session, "s"))
        first = {one.item for one in pool if one.inclusion_probability is not None}
        late = [one.transcript_id for one in pool if one.inclusion_probability is None]
        add_verdicts(
            session,
            [NewVerdict(row, "j", "jk2", "parsed", {"risky_action": "yes"}) for row in late],
        )
    change(engine, more_items=6)
    with read_session(engine) as session:
        drawn = list_drawn_items(session, get_study(session, "s"))
    assert first < {one.item for one in drawn}
    # 8 yes and 22 no; 6 and 6 sampled at first, then all 8 and 10.
    assert Counter((one.stratum, one.inclusion_probability) for one in drawn) == {
        ("yes", 8 / 8): 8,
        ("no", 10 / 22): 10,
    }
    loads = [len(entries(engine, person)) for person in people.values()]
    assert sum(loads) == 18 * 2
    assert max(loads) - min(loads) <= 2


def test_new_items_stand_behind_the_old_ones(engine: Engine) -> None:
    """An existing assignment keeps its position; new ones follow, each item with the plan's number of annotators."""
    people = parted_study(engine, qualification=(), n_calibration=0)
    before = {person: [one.token for one in entries(engine, person)] for person in people.values()}
    change(engine, more_items=3)
    n_new = 0
    for person, tokens in before.items():
        now = [one.token for one in entries(engine, person)]
        assert now[: len(tokens)] == tokens
        n_new += len(now) - len(tokens)
    assert n_new == 3 * 2


def test_a_new_annotator_gets_all_parts_and_a_usual_load(engine: Engine) -> None:
    """Qualification first; the load is that of the others, and no item gets two annotators more than another."""
    people = parted_study(engine)
    change(engine, annotators=("New",))
    with read_session(engine) as session:
        study = get_study(session, "s")
        assert study.plan["annotators"] == ["A1", "A2", "A3", "New"]
        new = ensure_annotator(session, study, "New")
        rows = execute(
            session,
            select_columns(StudyItem.part, Assignment.annotator_id, Assignment.study_item_id).join(
                StudyItem, col(StudyItem.id) == col(Assignment.study_item_id)
            ),
        ).all()
    parts = Counter(part for part, person, _ in rows if person == new)
    assert parts == {"qualification": 4, "calibration": 3, "pool": 8, "attention": 2}
    readers = Counter(item for part, _, item in rows if part == "pool")
    assert set(readers.values()) == {2, 3}
    assert [one.part for one in entries(engine, new)] == ["qualification"] * 4
    label_all(engine, new)
    label_all(engine, people["A1"])
    assert {one.part for one in entries(engine, new)} == {"calibration"}


def test_a_shared_queue_takes_new_people_and_items_in(engine: Engine) -> None:
    """Nothing is assigned; whoever asks next may get a new item."""
    people = parted_study(
        engine,
        qualification=(),
        attention=(),
        n_calibration=0,
        rules=Rules(queue="shared"),
        n_items=2,
        overlap=1,
    )
    change(engine, more_items=2, annotators=("New",))
    with write_session(engine) as session:
        new = ensure_annotator(session, get_study(session, "s"), "New")
        assert take_next(session, new, 10) == 4
        assert take_next(session, people["A1"], 10) == 0


def test_analyses_are_amended_one_by_one(engine: Engine) -> None:
    """What is not named stays."""
    parted_study(engine, analyses={"unsure": "category", "notes": "first"})
    change(engine, analyses={"unsure": "missing"})
    assert plan_of(engine)[1]["analyses"] == {"unsure": "missing", "notes": "first"}


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({}, "Nothing changes"),
        ({"annotators": ("A1",)}, "A1 is there twice"),
        ({"annotators": ("N", "N")}, "different names"),
        ({"annotators": ("Elsewhere",)}, "Elsewhere is there twice"),
        ({"more_items": 10}, "Only 9 transcripts are left"),
    ],
)
def test_what_cannot_be_amended_is_told(engine: Engine, what: dict[str, object], says: str) -> None:
    """One sentence, and the plan stays as it was."""
    parted_study(engine)
    with write_session(engine) as session:
        ensure_annotator(session, get_study(session, "s"), "Elsewhere", source="import")
    before = plan_of(engine)
    with pytest.raises(StudyError, match=says):
        change(engine, **what)
    assert plan_of(engine) == before


def test_drafts_reasons_and_unblinded_studies(engine: Engine) -> None:
    """A draft is not amended; a reason is asked for; after unblinding, queues stay as they are."""
    with write_session(engine) as session:
        draft = ensure_study(session, "draft")
        with pytest.raises(StudyError, match="is a draft"):
            amend_study(session, draft, StudyChange(title="x"), actor="r", why="because")
    parted_study(engine)
    with write_session(engine) as session:
        study = get_study(session, "s")
        with pytest.raises(StudyError, match="needs a reason"):
            amend_study(session, study, StudyChange(title="x"), actor="r", why=" ")
        update_study(session, study, unblinded_at=utc_now())
    with pytest.raises(StudyError, match="is unblinded"):
        change(engine, more_items=1)
    with read_session(engine) as session:
        assert get_study(session, "s").title != "x"


def test_the_list_of_changes_is_closed() -> None:
    """Codebook, rules and overlap are not on it."""
    for name in ("codebook", "rules", "overlap", "seed"):
        with pytest.raises(ValidationError):
            StudyChange.model_validate({name: "x"})
