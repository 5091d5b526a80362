"""The whole loop on real transcripts, and every real transcript at the desk."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page
from sklearn.metrics import cohen_kappa_score
from sqlmodel import select

from secondreader.annotate.session.settings import STREAMLIT_OPTIONS
from secondreader.db.blind.engine import open_blind_engine
from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.core.hashing import format_canonical_json
from secondreader.db.core.tables import Annotator
from secondreader.db.design.studies import get_study
from secondreader.db.desk.items import load_blind_item
from secondreader.db.desk.queue_entries import list_queue
from secondreader.runner.formats.rjudge import read_rjudge
from secondreader.runner.formats.toolemu import read_toolemu
from secondreader.runner.models.script import load_script
from tests.annotate.desks import SharedDesk
from tests.annotate.walk import walked
from tests.browser import REPOSITORY, appears, served
from tests.real_data import count_records
from tests.scripted_service import serve_in_background
from tests.snapshots import load_rating_rows

pytestmark = pytest.mark.browser

JUDGE_SCRIPT = """
name: a judge of mixed opinions
models: [scripted-judge]
rules:
  - name: verdicts
    when: {model: scripted-judge}
    choose:
      - weight: 4
        reply: {text: '{"risky_action": "yes", "risk_considered": "yes", "rationale": "It acted.", "evidence": [1]}'}
      - weight: 5
        reply: {text: '{"risky_action": "no", "risk_considered": "no", "rationale": "It did not act.", "evidence": []}'}
      - weight: 1
        reply: {text: "I would rather not say."}
"""
N_ITEMS = 40


def secondreader(*words: str) -> str:
    """Run the command as a user would and return what it printed."""
    command = [sys.executable, "-W", "ignore", "-m", "secondreader.runner.cli.app", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{words}: {done.stdout[-1500:]}{done.stderr[-1500:]}"
    return done.stdout


def enter(browser: Browser, address: str, token: str) -> Page:
    """A fresh profile at its first transcript."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(f"{address}/join#{token}")
    appears(page, ".desk.styled .body > *")
    if page.locator(".sheet.guideline").count():
        page.keyboard.press("Enter")
    return page


def label_all(page: Page, answers: list[tuple[str, str]]) -> None:
    """Answer every transcript by keyboard, each as soon as it is on the screen."""
    for number, keys in enumerate(answers, start=1):
        page.wait_for_selector(f"h1:text-is('Transcript {number} of {len(answers)}')")
        for key in (*keys, "Enter"):
            page.keyboard.press(key)
    appears(page, f"text={len(answers)} of {len(answers)} labelled")
    appears(page, ".state:text-is('Saved')")


@pytest.mark.long
def test_the_whole_loop_on_real_transcripts(
    browser: Browser, sqlite_target: str, shared_data: Path, tmp_path: Path
) -> None:
    """Import, draw, judge, label in a browser, agree, report: the report's kappas equal an independent computation."""
    db = ("--db", sqlite_target)
    secondreader("import", "rjudge", str(shared_data / "rjudge/rjudge.json"), "--study", "loop", *db)
    printed = secondreader("study", "freeze", "loop", "--items", str(N_ITEMS), "--annotators", "A1,A2", *db)
    tokens = re.findall(r"/join#([\w-]+)", printed)
    assert len(tokens) == 2
    (tmp_path / "judge.yaml").write_text(JUDGE_SCRIPT)
    with serve_in_background(load_script(tmp_path / "judge.yaml")) as url:
        secondreader(
            "judge", "--study", "loop", "--model", "scripted-judge", "--base-url", url, "--drawn-only", *db
        )
    # Two people who often, but not always, agree: neither of the two questions is answered alike throughout.
    people = [[("1" if (i * 7 + who) % 5 < 2 else "2", "5" if (i + who) % 3 else "4") for i in range(N_ITEMS)] for who in (0, 1)]  # fmt: skip
    with served(
        REPOSITORY / "annotate" / "app.py", STREAMLIT_OPTIONS, {"SECONDREADER_DESK_DB": sqlite_target}
    ) as desk:
        for token, answers in zip(tokens, people, strict=True):
            page = enter(browser, desk.address, token)
            label_all(page, answers)
            page.context.close()
    secondreader("study", "close", "loop", *db)
    secondreader("study", "unblind", "loop", "--why", "labelling is over", *db)
    secondreader("report", "--study", "loop", "--out", str(tmp_path / "report"), *db)
    told = json.loads(secondreader("agree", "--study", "loop", "--json", *db))
    check_figures(sqlite_target, told)
    (written,) = (tmp_path / "report").glob("*.json")
    check_figures(sqlite_target, json.loads(written.read_text()))
    (page_file,) = (tmp_path / "report").glob("*.html")
    html = page_file.read_text()
    assert "<script" not in html
    assert not re.search(r"(?:src|href)=[\"']?https?://", html)


def check_figures(target: str, told: dict[str, object]) -> None:
    """Human kappa and the judge's kappa against the majority, computed by scikit-learn from the stored rows."""
    engine = open_engine(target)
    with read_session(engine) as session:
        frame = pd.DataFrame(load_rating_rows(session, get_study(session, "loop")))
    engine.dispose()
    human = frame[frame.kind == "human"].pivot(index="item", columns="rater", values="answer")
    assert human.shape == (N_ITEMS, 2)
    assert not human.isna().any().any()
    judge = frame[frame.kind == "judge"].set_index("item")["answer"]
    agreed = human[human.A1 == human.A2].A1.to_frame("gold").join(judge.rename("judge"), how="left").dropna()
    independent = {
        "pair": cohen_kappa_score(human.A1, human.A2),
        "judge-human": cohen_kappa_score(agreed.gold, agreed.judge),
    }
    figures = told["figures"]
    assert isinstance(figures, list)
    for section, expected in independent.items():
        told_values = [
            row["value"]
            for row in figures
            if row["name"] == "kappa"
            and row["section"] == section
            and row["headline"]
            and not row["slice_name"]
            and not (section == "pair" and row["judge"])
        ]
        assert told_values == [pytest.approx(expected, abs=1e-9)], (section, figures_of(figures, section))


def figures_of(figures: list[dict[str, object]], section: str) -> list[dict[str, object]]:
    """The kappas of a section, for a failure's message."""
    return [row for row in figures if row["section"] == section and row["name"] == "kappa"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "name"),
    [("rjudge", "rjudge/rjudge.json"), ("toolemu", "toolemu/transcripts_sample.jsonl")],
)
def test_every_real_transcript_is_shown(
    browser: Browser, shared_desk: SharedDesk, shared_data: Path, kind: str, name: str
) -> None:
    """All of them, one after the other, in the desk's own page: all messages there, no error, no hidden field."""
    db = ("--db", shared_desk.target)
    secondreader("import", kind, str(shared_data / name), "--study", kind, *db)
    n = count_records(name)
    printed = secondreader("study", "freeze", kind, "--items", str(n), "--annotators", "A1", *db)
    (token,) = re.findall(r"/join#([\w-]+)", printed)
    hidden = hidden_texts(kind, shared_data / name)
    contents = queued(shared_desk.target, kind)
    assert len(contents) == n
    errors: list[str] = []
    page = enter(browser, shared_desk.server.address, token)
    page.on("pageerror", lambda error: errors.append(str(error)))
    for content, seen in zip(contents, walked(page, n, LOOK, ("2", "5")), strict=True):
        text, shown = seen["text"], len(content["messages"])
        assert f"({shown} message" in text
        assert seen["articles"] == shown
        assert not [secret for secret in hidden[format_canonical_json(content)] if secret in text]
    assert page.locator(".count:not(.pace)").inner_text() == f"{n} of {n} labelled"
    page.context.close()
    assert errors == []


LOOK = """
const look = async (shadow, until) => {
  const [, wanted] = shadow.querySelector(".column h2:last-of-type").textContent.match(/[(]([0-9]+) message/);
  const made = () => shadow.querySelectorAll("article").length;
  await until(() => made() >= Number(wanted));
  return { text: shadow.querySelector("section.scroll").innerText, articles: made() };
};
"""


def queued(target: str, study: str) -> list[dict[str, Any]]:
    """The transcripts in the order in which the study's one annotator gets them, as the desk's own connection reads them."""
    owner = open_engine(target)
    with read_session(owner) as session:
        study_id = get_study(session, study).id
        mine = select(Annotator.id).where(Annotator.study_id == study_id, Annotator.name == "A1")
        person = session.exec(mine).one()
    owner.dispose()
    assert person is not None
    blind = open_blind_engine(target)
    with read_session(blind) as session:
        found = [
            load_blind_item(session, person, entry.token).content for entry in list_queue(session, person)
        ]
    blind.dispose()
    return found


def hidden_texts(kind: str, path: Path) -> dict[str, list[str]]:
    """For each transcript, by its stored text: words of its source that no annotator may see."""
    found: dict[str, list[str]] = {}
    for one in (read_rjudge(path) if kind == "rjudge" else read_toolemu(path)).transcripts:
        assert one.content is not None
        secrets = [one.hidden["risk_description"], one.hidden["goal"]] if kind == "rjudge" else []
        if kind == "toolemu":
            case = one.hidden["case"]
            secrets = [
                *case["Potential Risky Actions"],
                *case["Potential Risky Outcomes"],
                "Evaluator Thought",
            ]
            secrets.append(one.model or "")
        found[one.content.to_json()] = [secret for secret in secrets if secret]
    return found
