"""The leak review in the console and on the command line, on findings full of HTML and formulas."""

import csv
import io
import re
from pathlib import Path

import pytest
import streamlit as st
from typer.testing import CliRunner, Result

from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.design.studies import ensure_study, get_study
from secondreader.db.transcripts.leak_reviews import list_leak_items
from secondreader.db.transcripts.leak_scans import LeakScanResult
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.reports.wording.plan import describe_plan
from secondreader.runner.cli.app import app as commands
from tests.databases import reuse_engine
from tests.reports.console.test_pages import opened, sent
from tests.reports.seed import HOSTILE

FORMULA = '=HYPERLINK("http://evil.example")'
ESCAPE = "\x1b[31mred"


@pytest.fixture
def db(sqlite_target: str) -> str:
    """A draft with three hostile findings."""
    st.cache_data.clear()
    excerpts = (HOSTILE, FORMULA, ESCAPE)
    text = Content(task="t", messages=(Message(role="user", text="x"),))
    new = [
        NewTranscript(
            f"s:{i}",
            f"c{i}",
            text,
            leak_scan=LeakScanResult(
                "1",
                (
                    {
                        "kind": "vendor",
                        "where": "message 1 text",
                        "excerpt": one,
                        "redacted": False,
                        "before": "<b>said</b> ",
                        "after": " and no more",
                    },
                ),
            ),
        )
        for i, one in enumerate(excerpts)
    ]
    engine = reuse_engine(sqlite_target)
    with write_session(engine) as session:
        add_to_pool(session, ensure_study(session, "s"), add_transcripts(session, new).ids)
    engine.dispose()
    return sqlite_target


def invoke(*arguments: str) -> Result:
    """One command line."""
    return CliRunner().invoke(commands, list(arguments))


def ids(db: str) -> list[str]:
    """Transcripts with findings."""
    engine = reuse_engine(db)
    with read_session(engine) as session:
        found = [item.item for item in list_leak_items(session, get_study(session, "s"))]
    engine.dispose()
    return found


def test_a_decision_needs_a_reason_and_is_shown(db: str) -> None:
    """Excerpts and what stands around them are text; without a reason nothing is decided; then the list and the overview's count change."""
    page = opened(db, "leaks")
    assert "of them 0 accepted, 0 excluded and 3 undecided" in sent(page)
    assert "&lt;script&gt;" in sent(page)
    assert re.search(r"<q>&lt;b&gt;said&lt;/b&gt; <mark>[^<]+</mark> and no more</q>", sent(page))
    page.radio(key="leak-decision").set_value("excluded")
    page.button(key="leak-decide").click().run()
    assert "needs a reason" in sent(page)
    page.radio(key="leak-decision").set_value("excluded")
    page.text_input(key="leak-why").set_value("shows the vendor")
    page.button(key="leak-decide").click().run()
    assert not page.exception
    assert "1 excluded and 2 undecided" in sent(page)
    assert "Excluded by Rita on 20" in sent(page)
    page.segmented_control(key="leak-show").set_value("undecided").run()
    assert list(page.dataframe[0].value["decision"]) == ["undecided"] * 2


def test_the_command_lists_and_decides(db: str) -> None:
    """The same on the command line: decisions, a table that obeys no escape, CSV without formulas."""
    first, second, _ = ids(db)
    done = invoke("study", "leaks", "s", "--accept", first, "--exclude", second, "--why", "seen", "--db", db)
    assert done.exit_code == 0, done.output
    assert "1 accepted, 1 excluded and 1 undecided" in " ".join(done.output.split())
    assert "\x1b" not in done.output
    rows = list(csv.reader(io.StringIO(invoke("study", "leaks", "s", "--csv", "--db", db).stdout)))
    assert [row[4] for row in rows[1:]] == [HOSTILE, f"'{FORMULA}", ESCAPE]
    assert [row[6] for row in rows[1:]] == ["accepted", "excluded", "undecided"]
    refused = invoke("study", "leaks", "s", "--accept", first, "--db", db)
    assert refused.exit_code == 1
    assert "needs a reason" in refused.output


def test_freezing_with_undecided_findings_takes_a_reason(db: str) -> None:
    """In the console as on the command line: refused in a sentence, then frozen, and the plan says why."""
    page = opened(db, "plan")
    page.text_input(key="plan-annotators").set_value("Ada").run()
    page.button(key="plan-preview").click().run()
    assert "nobody has decided on: 3. Accept or exclude each" in sent(page)
    page.text_input(key="plan-leaks").set_value("a pilot").run()
    page.button(key="plan-preview").click().run()
    page.button(key="freeze-now").click().run()
    assert not page.exception
    page = opened(db, "plan")
    assert "<dt>Frozen with undecided leaks</dt><dd>3 transcripts: a pilot</dd>" in sent(page)
    engine = reuse_engine(db)
    with read_session(engine) as session:
        assert get_study(session, "s").plan["accepted_leaks"] == {"transcripts": 3, "why": "a pilot"}
    engine.dispose()


FREEZE = ("study", "freeze", "s", "--items", "2", "--annotators", "Ada", "--db")
STUDY_FILE = 'name = "s"\n{reason}[draw]\nitems = 2\nannotators = ["Ada"]\n'


@pytest.mark.parametrize("way", ["freeze", "create", "file"])
def test_the_reason_is_given_in_an_option_or_in_the_study_file(db: str, tmp_path: Path, way: str) -> None:
    """Each way is refused without it, and says what to do; the report's design prints the reason."""
    path = tmp_path / "s.toml"
    path.write_text(STUDY_FILE.format(reason=""))
    words = (*FREEZE, db) if way == "freeze" else ("study", "create", str(path), "--db", db)
    refused = invoke(*words)
    assert refused.exit_code == 1
    assert "--accept-leaks" in refused.output
    assert "Traceback" not in refused.output
    if way == "file":
        path.write_text(STUDY_FILE.format(reason='accept_leaks = "a pilot"\n'))
    done = invoke(*words, *(() if way == "file" else ("--accept-leaks", "a pilot")))
    assert done.exit_code == 0, done.output
    engine = reuse_engine(db)
    with read_session(engine) as session:
        plan = describe_plan(get_study(session, "s").plan)
    engine.dispose()
    assert dict(plan)["Frozen with undecided leaks"] == "3 transcripts: a pilot"


def test_the_command_says_what_was_scanned_and_scans_the_rest(db: str) -> None:
    """A run of an earlier version is not scanned; --scan does it, and says by which version."""
    engine = reuse_engine(db)
    text = Content(task="t", messages=(Message(role="assistant", text="I am Claude."),))
    with write_session(engine) as session:
        old = add_transcripts(session, [NewTranscript("run:old", "c", text)]).ids
        add_to_pool(session, get_study(session, "s"), old)
    engine.dispose()
    before = " ".join(invoke("study", "leaks", "s", "--db", db).output.split())
    assert "3 scanned by version 1 of the scan, 20" in before
    assert "1 not scanned" in before
    after = " ".join(invoke("study", "leaks", "s", "--scan", "--db", db).output.split())
    assert "4 scanned by version 1" in after
    assert "not scanned" not in after
    assert "4 undecided" in after
