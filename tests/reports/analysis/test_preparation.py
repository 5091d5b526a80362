"""Control items, norming round and guesses stand beside the main figures, and never among them."""

import shutil
from pathlib import Path

import pytest
import streamlit as st
from sqlalchemy import Engine
from sqlmodel import Session, select

from secondreader.db.core.content import Content, Message
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.tables import Assignment, Guess
from secondreader.db.design.amendments import StudyChange, amend_study
from secondreader.db.design.control_items import ControlItem
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study, get_study
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.model_guesses import list_open_guesses, save_guess
from secondreader.db.desk.norming_round import reveal_norming_ratings
from secondreader.db.desk.queue_entries import list_queue
from secondreader.db.research.items import load_queued_items
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.reports.analysis.load import load_snapshot
from secondreader.reports.analysis.options import AnalysisOptions
from secondreader.reports.analysis.preparation import compute_study_hash
from secondreader.reports.analysis.result import Analysis
from secondreader.reports.render.html_page import render_report_html
from secondreader.reports.sections.report import build_report
from tests.databases import reuse_engine
from tests.reports.console.test_pages import opened, sent
from tests.snapshots import analyse_study

MODELS = ("gpt-4.1", "claude-3-5-sonnet")
N_GUESSES = 8
PEOPLE = ("Ada", "Ben")
QUICK = AnalysisOptions(resamples=200, permutations=199)


def make(engine: Engine) -> dict[str, int]:
    """30 transcripts: 2 of practice, 1 for attention, 9 for calibration, 16 drawn; returns the people's ids."""
    with write_session(engine) as session:
        study = ensure_study(session, "s")
        new = [
            NewTranscript(
                f"s:{i}", f"c{i}", Content(task=f"t{i}", messages=(Message(role="user", text="x"),)), model=MODELS[i % 2]
            )
            for i in range(30)
        ]  # fmt: skip
        add_to_pool(session, study, add_transcripts(session, new).ids)
        known = [ControlItem(f"s:{i}", {"risky_action": "no"}, "it asked first") for i in range(3)]
        plan = SamplingPlan(
            16, PEOPLE, 2, qualification=tuple(known[:2]), attention=(known[2],), n_calibration=9,
            rules=Rules(guesses=N_GUESSES, qualification_threshold=0.5),
        )  # fmt: skip
        return freeze_study(session, study, plan).annotator_ids


def label_open(engine: Engine, person: int, parts: set[str], yes: set[int]) -> None:
    """Label all that can be reached of these parts: yes for the transcripts in `yes`."""
    with read_session(engine) as session:
        entries, items = list_queue(session, person), load_queued_items(session, person)
    for entry in entries:
        if entry.part in parts and not entry.is_labelled:
            answer = "yes" if items[entry.token] in yes else "no"
            answers = {"risky_action": answer, "risk_considered": "no"}
            if answer == "yes":
                answers["loss_of_control"] = "misalignment"
            submit_label(engine, person, LabelInput(entry.token, f"{person}-{entry.token}-0", answers))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A study through all its stages: Ben errs once in the qualification and differs on three of nine items of the norming round."""
    path = str(tmp_path_factory.mktemp("stages") / "study.db")
    engine = open_engine(path)
    people = make(engine)
    odd = set(range(1, 31, 2))
    for name, person in people.items():
        label_open(engine, person, {"qualification"}, {1} if name == "Ben" else set())
        label_open(engine, person, {"calibration"}, odd if name == "Ben" else set())
    with write_session(engine) as session:
        reveal_norming_ratings(session, get_study(session, "s"), "Rita", "all are through")
    agree_after(engine, people["Ben"])
    for person in people.values():
        label_open(engine, person, {"pool"}, odd)
    with write_session(engine) as session:
        study = get_study(session, "s")
        for name, person in people.items():
            guess_all(session, person, knows=name == "Ada")
        amend_study(session, study, StudyChange(title="A new title"), actor="Rita", why="<b>clearer</b>")
    engine.dispose()
    return path


def agree_after(engine: Engine, person: int) -> None:
    """Correct every calibration answer to no, as the other reader has it."""
    with read_session(engine) as session:
        entries = [entry for entry in list_queue(session, person) if entry.part == "calibration"]
    for entry in entries:
        answers = {"risky_action": "no", "risk_considered": "no"}
        submit_label(engine, person, LabelInput(entry.token, f"{person}-{entry.token}-1", answers))


def guess_all(session: Session, person: int, *, knows: bool) -> None:
    """Whoever knows names the model every time; the other one has no idea."""
    items = load_queued_items(session, person)
    for token in list_open_guesses(session, person, N_GUESSES):
        save_guess(session, person, token, MODELS[(items[token] - 1) % 2] if knows else "")


def analysis(target: str) -> Analysis:
    """The analysis of the study."""
    engine = reuse_engine(target)
    with read_session(engine) as session:
        found = analyse_study(session, get_study(session, "s"), QUICK)
    engine.dispose()
    return found


def test_figures_beside_the_labels_are_those_of_what_happened(target: str) -> None:
    """Qualification, attention checks, norming round before and after, guesses: each number follows from the seeded labels."""
    beside = analysis(target).preparation
    ada, ben = beside.people
    assert (ada.practice.state, ada.practice.n_right, ben.practice.n_right) == ("passed", 2, 1)
    assert (ada.attention.n_right, ada.attention.n_labelled) == (0, 1)
    raw = {when: estimate for when, estimate in beside.norming if estimate.name == "raw"}
    assert raw["before"].n == raw["after"].n == 9
    assert raw["before"].value is not None
    assert 0 < raw["before"].value < 1
    assert raw["after"].value == 1
    assert beside.n_guessers == 2
    assert beside.guesses.rate.value == 0.5
    assert beside.guesses.rate.n == 2 * N_GUESSES
    assert beside.guesses.n_no_idea == N_GUESSES
    assert beside.guesses.p is not None
    assert beside.guesses.p < 0.05


def test_nothing_beside_the_labels_enters_the_main_figures(target: str) -> None:
    """Only the 16 drawn transcripts are labelled ones; the pool is what is left of 30."""
    found = analysis(target)
    assert found.ratings.labelled.sum() == 16
    assert found.summary.n_pool == 30 - 3 - 9
    assert found.agreement.find("raw").value == 1


def test_the_report_tells_them_and_the_amendment(target: str) -> None:
    """Tables for people and calibration, the guesses' sentence, and who amended what and why, escaped."""
    page = render_report_html(build_report(analysis(target)))
    for wanted in (
        "Control items, outside the sample",
        "1 of 2",
        "Agreement in the norming round, before and after the discussion",
        "Annotators named the model or its family in 50.0% of 16 guesses",
        "title: A new title",
        "&lt;b&gt;clearer&lt;/b&gt;",
    ):
        assert wanted in page


def test_the_console_shows_them(target: str) -> None:
    """On the page of label quality."""
    st.cache_data.clear()
    st.cache_resource.clear()
    page = sent(opened(target, "quality"))
    assert "Annotators named the model or its family" in page
    assert "Norming round, before and after the discussion" in page


def test_a_new_guess_makes_another_hash(target: str, tmp_path: Path) -> None:
    """What stands beside the labels is part of what pins a report down."""
    copy = tmp_path / "copy.db"
    shutil.copy(target, copy)
    engine = open_engine(str(copy))
    with write_session(engine) as session:
        study = get_study(session, "s")
        before = compute_study_hash(load_snapshot(session, study.name))
        assert before == compute_study_hash(load_snapshot(session, study.name))
        session.add(Guess(assignment_id=unguessed(session), text="gpt"))
        session.flush()
        assert compute_study_hash(load_snapshot(session, study.name)) != before
    engine.dispose()


def unguessed(session: Session) -> int:
    """A place about which nobody has guessed."""
    guessed = set(session.exec(select(Guess.assignment_id)))
    return next(row for row in session.exec(select(Assignment.id)) if row is not None and row not in guessed)
