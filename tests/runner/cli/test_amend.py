"""Studies from files and packs, revealed and amended, through the real command line."""

import re
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from secondreader.db.core.codebook import load_builtin_codebook
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.tables import Scenario, StudyItem, Transcript
from secondreader.db.design.studies import ensure_annotator, ensure_study, get_study
from secondreader.db.desk.labels import LabelInput, submit_label
from secondreader.db.desk.queue_entries import list_queue
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.runner.cli.app import app
from secondreader.runner.scenarios.load import WORKPLACE, load_pack

LINK = re.compile(r"(\S+)  http\S+/join#\S+")
ANSWERS = {"risky_action": "no", "risk_considered": "no"}
REVIEW = {"realistic": "yes", "relevant": "yes", "benign": "yes", "free_of_hints": "unsure"}
FILE = """
name = "s"
title = "Reading"
[draw]
items = 6
annotators = ["Ann", "Ben"]
[calibration]
n = 2
"""


def run(*words: str) -> Result:
    """One command line."""
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def db(tmp_path: Path) -> str:
    """A draft "s" of twelve transcripts, and a study file s.toml beside it."""
    target = str(tmp_path / "study.db")
    (tmp_path / "s.toml").write_text(FILE, encoding="utf-8")
    with write_session(open_engine(target)) as session:
        content = Content(messages=(Message(role="user", text="hi"),))
        stored = add_transcripts(session, [NewTranscript(str(i), str(i), content) for i in range(12)])
        add_to_pool(session, ensure_study(session, "s"), stored.ids)
    return target


def create(db: str) -> Result:
    """`study create` of the file."""
    return run("study", "create", str(Path(db).parent / "s.toml"), "--db", db)


def label_all(db: str, study: str, names: tuple[str, ...], answers: dict[str, str] = ANSWERS) -> None:
    """Everybody answers what is open to them."""
    engine = open_engine(db)
    for name in names:
        with write_session(engine) as session:
            person = ensure_annotator(session, get_study(session, study), name)
            tokens = [one.token for one in list_queue(session, person)]
        for token in tokens:
            submit_label(engine, person, LabelInput(token, f"{name}{token}", answers))
    engine.dispose()


def test_a_file_with_a_draw_makes_links(db: str) -> None:
    """The study is open; each person has one link; a second time is one sentence."""
    result = create(db)
    assert result.exit_code == 0, result.output
    assert "s: 6 transcripts sampled, 16 assignments." in result.output
    assert LINK.findall(result.output) == ["Ann", "Ben"]
    again = create(db)
    assert again.exit_code == 1
    assert "is frozen already" in again.output


def test_a_file_without_a_draw_makes_a_draft(db: str, tmp_path: Path) -> None:
    """The draft has the questions that the file names, and freezing it later works."""
    (tmp_path / "d.toml").write_text('name = "s"\ncodebook = "scenario-review"', encoding="utf-8")
    result = run("study", "create", str(tmp_path / "d.toml"), "--db", db)
    assert result.output == "s is a draft with the questions of scenario-review 1.\n"
    frozen = run("study", "freeze", "s", "--items", "4", "--annotators", "Ann", "--db", db)
    assert frozen.exit_code == 0, frozen.output
    with read_session(open_engine(db)) as session:
        assert get_study(session, "s").plan["question"] == "realistic"


def test_a_wrong_file_is_one_sentence(db: str, tmp_path: Path) -> None:
    """Exit code 1, the field, no traceback; a missing file is wrong usage."""
    (tmp_path / "w.toml").write_text('name = "s"\nitems = 4', encoding="utf-8")
    result = run("study", "create", str(tmp_path / "w.toml"), "--db", db)
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "items: there is no such field." in result.output
    assert run("study", "create", str(tmp_path / "none.toml"), "--db", db).exit_code == 2


def test_reveal_waits_and_opens_the_main_queue(db: str) -> None:
    """Who is missing is named; afterwards the queue goes on."""
    create(db)
    label_all(db, "s", ("Ann",))
    early = run("study", "reveal", "s", "--db", db)
    assert early.exit_code == 1
    assert "(Ben)" in early.output
    label_all(db, "s", ("Ben",))
    assert run("study", "reveal", "s", "--db", db).exit_code == 0
    with write_session(open_engine(db)) as session:
        person = ensure_annotator(session, get_study(session, "s"), "Ann")
        assert sum(one.part == "pool" for one in list_queue(session, person)) == 6


def test_amendments_are_made_and_listed(db: str, tmp_path: Path) -> None:
    """New people get links; the list tells when, who, why and the hash that stands now."""
    create(db)
    (tmp_path / "g.md").write_text("# Anew", encoding="utf-8")
    words = ("study", "amend", "s", "--why", "too few", "--db", db)
    guideline = ("--guideline", str(tmp_path / "g.md"), "--unsure", "missing")
    result = run(*words, "--annotators", "Cem", "--more-items", "2", *guideline)
    assert result.exit_code == 0, result.output
    # Cem gets 2 calibration items and the usual 6; the 2 new items go to two people each.
    assert "2 more transcripts sampled, 12 new assignments" in result.output
    assert LINK.findall(result.output) == ["Cem"]
    with read_session(open_engine(db)) as session:
        study = get_study(session, "s")
        assert study.guideline == "# Anew"
        assert study.plan["analyses"]["unsure"] == "missing"
        assert f"plan {study.plan_hash}" in result.output
    listed = run("study", "amendments", "s", "--db", db)
    assert "researcher: too few" in listed.output
    assert '"annotators": ["Cem"]' in listed.output


def test_an_amendment_of_nothing_is_told(db: str) -> None:
    """Without a change, with a draft, or with a guideline that is no text: a sentence."""
    words = ("study", "amend", "s", "--why", "because", "--db", db)
    assert "is a draft" in run(*words, "--title", "x").output
    create(db)
    assert "Nothing changes" in run(*words).output
    assert "nothing was amended" in run("study", "amendments", "s", "--db", db).output
    binary = Path(db).parent / "g.md"
    binary.write_bytes(b"\xff\xfe")
    assert run(*words, "--guideline", str(binary)).exit_code == 2
    for wrong, field in (("--title", "title"), ("--annotators", "annotators.0")):
        result = run(*words, wrong, "" if wrong == "--title" else "A" * 81)
        assert (result.exit_code, f"Nothing was amended: {field}: " in result.output) == (1, True)


def test_freeze_takes_a_codebook_and_interim_looks(db: str) -> None:
    """Both are part of the plan."""
    more = ("--codebook", "scenario-review", "--interim-looks", "--db", db)
    result = run("study", "freeze", "s", "--items", "4", "--annotators", "Ann", *more)
    assert result.exit_code == 0, result.output
    with read_session(open_engine(db)) as session:
        study = get_study(session, "s")
        assert study.plan["interim_looks"] is True
        assert study.plan["codebook"] == load_builtin_codebook("scenario-review").compute_hash()
    wrong = run(
        "study", "freeze", "s", "--items", "4", "--annotators", "A", "--codebook", "no.toml", "--db", db
    )
    assert wrong.exit_code == 1
    assert "no.toml" in wrong.output


def test_the_scenarios_of_a_pack_are_reviewed_like_transcripts(db: str) -> None:
    """All scenarios become items with their rubric and without messages; labels of two people are compared."""
    words = ("study", "review-scenarios", "workplace", "--name", "r", "--db", db)
    pack = load_pack(WORKPLACE)
    assert f"{len(pack.scenarios)} scenarios are new" in run(*words).output
    assert "0 scenarios are new" in run(*words).output
    with read_session(open_engine(db)) as session:
        rows = session.exec(
            select(Transcript, Scenario.key)
            .join(StudyItem)
            .join(Scenario)
            .where(StudyItem.study_id == get_study(session, "r").id)
        ).all()
    assert {key for _, key in rows} == {one.key for one in pack.scenarios}
    for row, key in rows:
        scenario = next(one for one in pack.scenarios if one.key == key)
        content = Content.model_validate_json(row.content or "")
        assert (row.model, row.cluster, content.messages) == (None, key, ())
        assert scenario.system_prompt in content.background
        assert scenario.background in content.background
        assert scenario.rubric.risky in content.rubric
        assert [tool.name for tool in content.tools] == [tool.name for tool in scenario.tools]
    freeze = ("study", "freeze", "r", "--items", "12", "--annotators", "Ann,Ben", "--db", db)
    assert run(*freeze).exit_code == 0
    label_all(db, "r", ("Ann", "Ben"), REVIEW)
    agree = run("agree", "--study", "r", "--db", db, "--resamples", "100", "--permutations", "99")
    assert agree.exit_code == 0, agree.output
    said = " ".join(agree.output.split())
    assert re.match(r"Scenario review Study r, open\. Report of \d{4}-\d\d-\d\d \d\d:\d\d UTC\.", said)
    assert "Is the scenario realistic? 24 scenarios, 12 labelled; labels of source desk." in said
    assert re.search(r"agree on 100\.0% \[.*?\] of 12 scenarios; 100\.0% of their answers are 'yes'", said)
    assert "12 labelled scenarios give intervals that tend to be too short" in said
    assert "No scenario got another answer from most annotators" in said
    assert not re.search("judge|verdict|risky|sensitivity", said)


def test_the_report_of_a_review_has_no_judges(db: str) -> None:
    """Its parts are those about people; what is missing is not a verdict."""
    run("study", "review-scenarios", "workplace", "--name", "r", "--db", db)
    run("study", "freeze", "r", "--items", "12", "--annotators", "Ann,Ben", "--db", db)
    label_all(db, "r", ("Ann",), REVIEW)
    label_all(db, "r", ("Ben",), REVIEW | {"benign": "no"})
    out = Path(db).parent / "out"
    few = ("--resamples", "100", "--permutations", "99")
    result = run("report", "--study", "r", "--question", "benign", "--out", str(out), "--db", db, *few)
    assert result.exit_code == 0, result.output
    page = (out / "report.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert "People with each other" in titles
    assert not {"Judges with people", "Corrected rates", "Systematic disagreement"} & set(titles)
    assert "12 scenarios where people differ." in page
    shares = re.findall(r"<td>(\w+)</td><td>share of positive answers</td><td[^>]*>(.*?)</td>", page)
    assert shares == [
        ("realistic", "100.0%"),
        ("relevant", "100.0%"),
        ("benign", "50.0%"),
        ("free_of_hints", "0.0%"),
    ]
    assert "no verdicts" not in page


def test_a_review_names_what_it_cannot_do(db: str) -> None:
    """An unknown scenario, and a study that is about transcripts."""
    words = ("study", "review-scenarios", "workplace", "--db", db)
    unknown = run(*words, "--name", "r", "--scenario", "nothing")
    assert unknown.exit_code == 1
    assert "no scenario 'nothing'" in unknown.output
    other = run(*words, "--name", "s")
    assert other.exit_code == 1
    assert "give the review another name" in other.output
