"""A database that an earlier version made opens, migrates and gives the same figures."""

import gzip
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select
from typer.testing import CliRunner

from secondreader.db.adjudication.items import list_adjudication_queue
from secondreader.db.core.audit_log import find_first_broken_event
from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.core.tables import Annotator, Draft
from secondreader.db.design.studies import get_study
from secondreader.db.desk.queue_entries import list_queue
from secondreader.db.migrations import NEWEST
from secondreader.runner.cli.app import app
from tests.snapshots import hash_data, load_rating_rows

DATABASES = Path(__file__).parent / "data" / "databases"
EXPECTED: dict[str, Any] = json.loads((DATABASES / "3458e93.json").read_text("utf-8"))
CHANGED: list[dict[str, Any]] = json.loads((DATABASES / "3458e93-changed.json").read_text("utf-8"))
"""Groups of figures that are computed otherwise on purpose: {"why": a sentence, "people" or "judges": {figure: values}}."""
RATING_COLUMNS = (
    "item",
    "rater",
    "kind",
    "answer",
    "cluster",
    "stratum",
    "inclusion_probability",
    "seconds",
    "position",
    "pass_no",
    "state",
    "score",
)
LABEL_COLUMNS = (
    "id, study_id, transcript_id, annotator_id, assignment_id, pass_no, revision, client_token, answers, evidence, "
    "confidence, note, contested, active_seconds, position, codebook_hash, created_at"
)

Figures = dict[str, list[Any]]
"""Figure (section, judge, two raters, policy for unsure, name) -> value, low, high, items, scenarios."""


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A copy of the old database, not opened yet."""
    file = tmp_path / "study.db"
    file.write_bytes(gzip.decompress((DATABASES / "3458e93.db.gz").read_bytes()))
    return str(file)


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    """A session that reads the copy, which is migrated as it is opened."""
    engine = open_engine(database)
    with read_session(engine) as made:
        yield made
    engine.dispose()


def run(*words: str) -> str:
    """One command line that succeeds; returns what it prints."""
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def load_figures(database: str, *options: str) -> Figures:
    """The figures of the sample study that are not of a slice."""
    sizes = ("--resamples", "200", "--permutations", "199")
    printed = json.loads(run("agree", "--study", "sample", "--json", "--db", database, *sizes, *options))
    return {
        " | ".join(figure[name] for name in ("section", "judge", "one", "two", "unsure", "name")): [
            figure[name] for name in ("value", "low", "high", "n", "n_clusters")
        ]
        for figure in printed["figures"]
        if not figure["slice_name"] and figure["section"] != "slice test"
    }


def is_same(now: list[Any] | None, then: list[Any]) -> bool:
    """Whether a figure's values are those of then, up to the last digits, which are the processor's."""
    if now is None:
        return False
    return all(
        a == b or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12))
        for a, b in zip(now, then, strict=True)
    )


def check_figures(now: Figures, kind: str) -> None:
    """Every figure of then is there, with its values or with those that are listed as changed."""
    then: Figures = EXPECTED[kind]
    changed: Figures = {name: values for group in CHANGED for name, values in group.get(kind, {}).items()}
    differing = {
        name: now.get(name)
        for name, values in then.items()
        if not is_same(now.get(name), changed.get(name, values))
    }
    assert not differing, json.dumps(differing, indent=1)


def test_it_migrates_to_the_newest_schema(session: Session) -> None:
    """The file was made with schema 0003; opening it brings it to the newest."""
    assert session.connection().scalar(text("SELECT version_num FROM alembic_version")) == NEWEST


def test_every_label_is_there_as_it_was(session: Session) -> None:
    """Label rows, revisions among them, are the same column by column."""
    rows = session.connection().execute(text(f"SELECT {LABEL_COLUMNS} FROM label ORDER BY id"))
    assert [list(row) for row in rows] == EXPECTED["labels"]


def test_the_long_frame_is_the_same(session: Session) -> None:
    """Ratings of people and judge, with stratum and probability, and the hash over all that figures come from."""
    study = get_study(session, "sample")
    rows = [[row[name] for name in RATING_COLUMNS] for row in load_rating_rows(session, study)]
    assert rows == EXPECTED["ratings"]
    assert hash_data(session, study) == EXPECTED["data_hash"]
    assert study.plan_hash == EXPECTED["plan_hash"]


def test_verdicts_are_counted_alike(session: Session) -> None:
    """As many verdicts a study, judge and state, those on transcripts without text too."""
    statement = (
        "SELECT study.name, judge, state, count(*) FROM verdict "
        "JOIN study_item ON study_item.transcript_id = verdict.transcript_id "
        "JOIN study ON study.id = study_item.study_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    assert [list(row) for row in session.connection().execute(text(statement))] == EXPECTED["verdicts"]


def test_queues_keep_their_order_and_tokens(session: Session) -> None:
    """Each annotator goes on where they were: tokens, positions, what is labelled; a draft waits."""
    people = {name: row_id for name, row_id in session.exec(select(Annotator.name, Annotator.id)) if row_id}
    queues = {
        name: [
            [entry.token, entry.position, entry.is_labelled, entry.part]
            for entry in list_queue(session, people[name])
        ]
        for name in EXPECTED["queues"]
    }
    assert queues == EXPECTED["queues"]
    entries = list_adjudication_queue(session, people["Dora"])
    assert [[entry.token, entry.state] for entry in entries] == EXPECTED["adjudications"]
    assert [draft.body["note"] for draft in session.exec(select(Draft))] == ["to be looked at again"]


def test_the_audit_log_holds(session: Session) -> None:
    """Each event's hash follows from its content and the one before."""
    assert find_first_broken_event(session) is None


def test_people_agree_as_before(database: str) -> None:
    """What may be seen before unblinding: agreement between people and the quality of their labels."""
    check_figures(load_figures(database, "--people"), "people")


def test_the_judge_is_compared_as_before(database: str) -> None:
    """The same, and the judge's figures, once the study is closed and unblinded by this version."""
    run("study", "close", "sample", "--db", database)
    run("study", "unblind", "sample", "--why", "The labels are in.", "--db", database)
    figures = load_figures(database)
    check_figures(figures, "people")
    check_figures(figures, "judges")


def test_changed_figures_are_of_then_and_have_a_reason() -> None:
    """What is listed as changed existed then, had other values, and says why."""
    for group in CHANGED:
        assert group["why"].endswith(".")
        for kind in ("people", "judges"):
            for name, values in group.get(kind, {}).items():
                assert not is_same(values, EXPECTED[kind][name]), f"{name} is as it was"


def test_scores_without_text_are_known_again(database: str) -> None:
    """The file of scores that was imported then adds nothing now: keys of transcripts without text still match."""
    scores = str(DATABASES / "scores.csv")
    again = run("import", "toolemu", scores, "--study", "scores", "--db", database)
    assert "0 transcripts, 0 verdicts and 0 labels are new" in again
