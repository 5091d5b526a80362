"""Which label is used for what: it must say what the statistics are really fed."""

from collections import Counter
from itertools import product

import pandas as pd
import pytest
from sqlalchemy import Engine
from sqlmodel import select

from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.tables import StudyItem
from secondreader.db.design.studies import ensure_annotator, get_study
from secondreader.db.desk.norming_round import reveal_norming_ratings
from secondreader.db.research.label_usage import (
    AGREEMENT,
    GOLD,
    INTRA_RATER,
    USAGE_COLUMNS,
    UsageRow,
    build_csv_row,
    list_label_usage,
)
from secondreader.db.transcripts.imported_labels import ImportedLabel, add_imported_labels
from secondreader.judge.data.frame import read_frame
from tests.db.parted_study import NO, YES, entries, label, label_all, parted_study
from tests.snapshots import load_rating_rows

UNSURE = {"risky_action": "unsure", "risk_considered": "no"}


@pytest.fixture
def study(engine: Engine) -> Engine:
    """Qualification, norming, attention, repeats, corrections, an unsure answer and imported labels: all there is."""
    people = parted_study(engine, repeats=0.4, repeat_gap=2)
    for person in people.values():
        label_all(engine, person)
        label_all(engine, person)
    with write_session(engine) as session:
        reveal_norming_ratings(session, get_study(session, "s"), actor="R", why="all are done")
    for number, person in enumerate(people.values()):
        label_all(engine, person, [UNSURE, YES, YES, NO] if number else [NO])
        correct(engine, person)
    with write_session(engine) as session:
        row = get_study(session, "s")
        reader = ensure_annotator(session, row, "elsewhere", source="import")
        items = session.exec(select(StudyItem).where(StudyItem.study_id == row.id)).all()
        new = [ImportedLabel(one.transcript_id, reader, YES, f"i{one.id}") for one in items]
        add_imported_labels(session, row, new)
    return engine


def correct(engine: Engine, person: int) -> None:
    """Change one's mind about the last assignment."""
    label(engine, person, entries(engine, person)[-1].token, YES, "again")


def usage(engine: Engine, question: str = "risky_action", source: str | None = None) -> list[UsageRow]:
    """All rows."""
    with read_session(engine) as session:
        return list_label_usage(session, get_study(session, "s"), question, source=source)


def frame(engine: Engine, question: str, source: str) -> pd.DataFrame:
    """What the statistics are fed, people only."""
    with read_session(engine) as session:
        rows = pd.DataFrame(load_rating_rows(session, get_study(session, "s"), question, source=source))
    return rows[rows["kind"] == "human"]


QUESTIONS = ("risky_action", "risk_considered", "loss_of_control")


def test_it_says_what_the_statistics_are_fed(study: Engine) -> None:
    """A label is used in agreement exactly if it is a first rating in the frame, a repeat if it is a second one."""
    for question, source in product(QUESTIONS, ("desk", "import")):
        fed, rows = frame(study, question, source), usage(study, question, source)
        first, second = fed[fed["pass_no"] == 1], fed[fed["pass_no"] == 2]
        assert used(rows, AGREEMENT) == list_cells(first)
        pairs = set(zip(first["item"], first["rater"], strict=True))
        assert used(rows, INTRA_RATER) == [one for one in list_cells(second) if one[:2] in pairs]
        n_coded = (read_frame(fed, positive=fed["answer"].iloc[0]).human >= 0).sum()
        assert n_coded == len(used(rows, GOLD)) > 0


def used(rows: list[UsageRow], use: str) -> list[tuple[str, str, str | None]]:
    """(item, annotator, answer) of the labels that are used so."""
    return sorted((one.item, one.annotator, one.answer) for one in rows if use in one.used_in)


def list_cells(fed: pd.DataFrame) -> list[tuple[str, str, str]]:
    """The same of rows of the frame."""
    return sorted(zip(fed["item"], fed["rater"], fed["answer"], strict=True))


def test_every_revision_of_everybody_is_there_with_a_reason(study: Engine) -> None:
    """Nothing is left out, and whatever is not used says why."""
    rows = usage(study)
    assert len(rows) == len({one.label_id for one in rows})
    assert all(one.why for one in rows if not one.is_used)
    why = Counter(one.why.split(":")[0] for one in rows)
    assert why["superseded by a later answer of the same person"] == 3
    assert why["a qualification item"] == 3 * 4
    assert why["a norming item"] == 3 * 3
    assert why["an attention check"] == 3 * 2
    assert why["given elsewhere or here"] == 30
    assert why["a repeat"] > 0
    assert (
        why[
            "unsure counts as the plan says; by the standard it is an answer of its own between people, and scores no judge"
        ]
        > 0
    )


def test_a_question_that_was_not_asked_uses_no_label(study: Engine) -> None:
    """The class of loss of control belongs to risky actions alone."""
    rows = usage(study, "loss_of_control")
    assert {one.answer for one in rows if one.is_used} == {"malfunction"}
    assert any(one.why == "the question was not asked or left open" for one in rows)


def test_imported_labels_count_where_the_desk_has_none(engine: Engine) -> None:
    """As in the analyses: whose labels are used is the same choice."""
    parted_study(engine)
    with write_session(engine) as session:
        row = get_study(session, "s")
        reader = ensure_annotator(session, row, "elsewhere", source="import")
        item = session.exec(select(StudyItem).where(StudyItem.part == "pool")).first()
        assert item is not None
        add_imported_labels(session, row, [ImportedLabel(item.transcript_id, reader, YES, "i")])
    (only,) = usage(engine)
    assert only.used_in == (AGREEMENT, GOLD)


def test_a_csv_row_has_every_column(study: Engine) -> None:
    """And nothing else."""
    assert all(len(build_csv_row(one)) == len(USAGE_COLUMNS) for one in usage(study))
