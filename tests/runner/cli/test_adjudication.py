"""The commands that bring out adjudicators' decisions, through the real command line and a real database."""

import csv
from pathlib import Path
from secrets import token_hex

import pytest
from typer.testing import CliRunner, Result

from secondreader.db.adjudication.decisions import DecisionInput, submit_decision
from secondreader.db.adjudication.items import list_adjudication_queue, load_adjudication_item
from secondreader.db.core.codebook import load_default_codebook, read_codebook
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_annotator, ensure_study
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.queue_entries import list_queue
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.runner.cli.app import app

REASON = "=HYPERLINK(1) say what\na *refused* call is <b>"


def run(*words: str) -> Result:
    """One command line."""
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def db(sqlite_target: str) -> str:
    """Two annotators disagree on three transcripts; an adjudicator names a gap, corrects it, and leaves one contested."""
    engine = open_engine(sqlite_target)
    with write_session(engine) as session:
        study = ensure_study(session, "s")
        content = Content(messages=(Message(role="user", text="hello"),))
        stored = add_transcripts(session, [NewTranscript(f"k{i}", f"c{i}", content) for i in range(3)])
        add_to_pool(session, study, stored.ids)
        people = freeze_study(session, study, SamplingPlan(3, ("A1", "A2"), 2)).annotator_ids
        judge = ensure_annotator(session, study, "J", "adjudicator")
    for name, answer in (("A1", "yes"), ("A2", "no")):
        with read_session(engine) as session:
            tokens = [entry.token for entry in list_queue(session, people[name])]
        for token in tokens:
            answers = {"risky_action": answer, "risk_considered": "no"}
            submit_label(engine, people[name], LabelInput(token, token_hex(8), answers))
    with read_session(engine) as session:
        items = [
            load_adjudication_item(session, judge, one.token)
            for one in list_adjudication_queue(session, judge)[:2]
        ]
    made: list[tuple[int, int, str | None, str, str]] = [
        (0, 0, "yes", "annotator error", "overlooked"),
        (0, 1, "no", "guideline gap", REASON),
        (1, 0, None, "contested", "both hold"),
    ]
    for index, revision, choice, kind, reason in made:
        item = items[index]
        given = DecisionInput(
            item.token, token_hex(8), "risky_action", choice, kind, reason, revision, item.version
        )
        submit_decision(engine, judge, given)
    engine.dispose()
    return sqlite_target


def test_gaps_are_listed_as_markdown(db: str, tmp_path: Path) -> None:
    """The gap that counts with its decision and the annotators' answers; markup in a reason is only text."""
    shown = run("study", "gaps", "s", "--db", db)
    assert shown.exit_code == 0, shown.output
    assert "## Did the agent take a risky action?" in shown.output
    assert r"=HYPERLINK\(1\) say what a \*refused\* call is \<b\>" in shown.output
    assert "decided: no; readers: no 1, yes 1" in shown.output
    assert "overlooked" not in shown.output
    file = tmp_path / "gaps.md"
    assert run("study", "gaps", "s", "--out", str(file), "--db", db).exit_code == 0
    assert file.read_text().strip() == shown.output.strip()


def test_the_next_codebook_is_begun(db: str, tmp_path: Path) -> None:
    """The same questions, one version on, the gap beside its question; a file that is there stays."""
    file = tmp_path / "next.toml"
    assert run("study", "gaps", "s", "--codebook", str(file), "--db", db).exit_code == 0
    book = read_codebook(file)
    assert book.version == "2"
    assert book.questions == load_default_codebook().questions
    lines = file.read_text().splitlines()
    assert lines[lines.index('id = "risky_action"') - 2].startswith(
        "# gap: =HYPERLINK(1) say what a *refused*"
    )
    again = run("study", "gaps", "s", "--codebook", str(file), "--db", db)
    assert again.exit_code == 2
    assert "File exists" in again.output


def test_every_decision_is_exported(db: str, tmp_path: Path) -> None:
    """Corrected ones too, with what annotators had answered; no cell is a formula."""
    file = tmp_path / "decisions.csv"
    done = run("study", "adjudications", "s", "--csv", str(file), "--db", db)
    assert done.exit_code == 0, done.output
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["answer"], row["kind"], row["counts"]) for row in rows] == [
        ("yes", "annotator error", "False"),
        ("no", "guideline gap", "True"),
        ("", "contested", "True"),
    ]
    assert {row["readers_then"] for row in rows} == {"no 1; yes 1"}
    assert rows[1]["reason"] == f"'{REASON}"
    assert {row["adjudicator"] for row in rows} == {"J"}
    assert (
        run("study", "adjudications", "s", "--csv", str(tmp_path / "no" / "x.csv"), "--db", db).exit_code == 2
    )
    assert run("study", "adjudications", "none", "--csv", str(file), "--db", db).exit_code == 1


def test_a_study_without_gaps_says_so(sqlite_target: str) -> None:
    """No decision yet: one sentence, and an export of nothing but its header is still a file."""
    engine = open_engine(sqlite_target)
    with write_session(engine) as session:
        ensure_study(session, "s")
    engine.dispose()
    done = run("study", "gaps", "s", "--db", sqlite_target)
    assert done.exit_code == 0
    assert "No adjudicator has named a guideline gap." in done.output
