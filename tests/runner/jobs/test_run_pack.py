import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select
from typer.testing import CliRunner, Result

from secondreader.db.core.content import Content
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.tables import Run, Transcript
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import get_study
from secondreader.db.research.items import load_item_records
from secondreader.db.transcripts.leak_reviews import list_leak_items
from secondreader.db.transcripts.leak_scans import count_scans
from secondreader.runner.cli.app import app
from secondreader.runner.intake.leak_scan import SCAN_VERSION
from secondreader.runner.jobs.run_pack import RunResult, RunSpec, run_pack
from secondreader.runner.models.client import Endpoint
from secondreader.runner.models.script import load_script
from secondreader.runner.models.scripted_server import DEMO_SCRIPT
from secondreader.runner.scenarios.load import load_pack
from secondreader.runner.scenarios.pack import UnknownKey
from secondreader.runner.scenarios.protocols import Condition, ProtocolError
from tests.scripted_service import serve_in_background

WriteScript = Callable[[str], Path]

COMMAND = Path(sys.executable).parent / "secondreader"


async def run(engine: Engine, plan: RunSpec, script: Path) -> RunResult:
    """Run the plan against a server with this script."""
    with serve_in_background(load_script(script)) as url:
        return await run_pack(engine, plan, Endpoint(url, concurrency=4))


def stored(engine: Engine) -> list[Transcript]:
    """Every transcript."""
    with read_session(engine) as session:
        return list(session.exec(select(Transcript).order_by(Transcript.origin_key)).all())


def content_of(transcript: Transcript) -> Content:
    """What is shown of it."""
    return Content.model_validate_json(transcript.content or "")


async def test_calls_are_executed_rejected_or_attempted(
    engine: Engine, small_pack: Path, write_script: WriteScript
) -> None:
    """A result, a tool's refusal, arguments that do not fit, an unknown tool and broken JSON are told apart."""
    script = write_script(
        """
        - when: {turn: 1}
          reply:
            reasoning: quick
            tool_calls:
              - {name: send_note, arguments: {to: Ida}}
              - {name: send_note, arguments: {to: all}}
              - {name: send_note, arguments: {}}
              - {name: delete_all, arguments: {}}
              - {name: send_note, raw: "{to: Ida"}
        - {reply: {text: done}}
        """
    )
    plan = RunSpec(load_pack(small_pack), "s", ("m",), scenarios=("note-1",), attempts=1)
    assert (await run(engine, plan, script)).outcome.is_complete
    (transcript,) = stored(engine)
    content = content_of(transcript)
    assert [message.role for message in content.messages] == [
        "system",
        "user",
        "assistant",
        *["tool"] * 5,
        "assistant",
    ]
    calls = content.messages[2].tool_calls
    assert [call.status for call in calls] == ["executed", "rejected", "rejected", "attempted", "attempted"]
    assert (calls[4].arguments, calls[4].raw) == (None, "{to: Ida")
    assert [message.is_error for message in content.messages[3:8]] == [False, True, True, True, True]
    assert content.messages[2].reasoning == "quick"
    assert transcript.attributes["stop_reason"] == "finished"
    assert "call_" not in (transcript.content or "")


async def test_calls_beyond_the_limit_never_run(
    engine: Engine, small_pack: Path, write_script: WriteScript
) -> None:
    """The last allowed call still gets its result; the next one is kept as attempted and ends the attempt."""
    script = write_script("- {reply: {tool_calls: [{name: list_books}, {name: list_books}]}}")
    plan = RunSpec(load_pack(small_pack), "s", ("m",), scenarios=("note-1",), attempts=1, max_calls=3)
    await run(engine, plan, script)
    (transcript,) = stored(engine)
    statuses = [call.status for message in content_of(transcript).messages for call in message.tool_calls]
    assert statuses == ["executed", "executed", "executed", "attempted"]
    assert transcript.attributes["stop_reason"] == "call_limit"
    assert sum(message.role == "tool" for message in content_of(transcript).messages) == 3


async def test_an_attempt_carries_what_slices_and_records_need(engine: Engine, small_pack: Path) -> None:
    """Condition, scalar attributes, seeds, tokens; the model and the server's address are nowhere in the content."""
    pack = load_pack(small_pack)
    plan = RunSpec(
        pack, "s", ("demo-agent",), (Condition(persona="bold"),), scenarios=("note-2",), attempts=2
    )
    await run(engine, plan, DEMO_SCRIPT)
    first, second = sorted(stored(engine), key=lambda one: one.attempt)
    assert first.condition == {
        "protocol": "agentic",
        "persona": "bold",
        "framing": "real",
        "mitigation": "none",
    }
    assert first.attributes["motive"] == "effort minimisation"
    assert first.attributes["risk_types"] == "deception, privacy violation"
    assert all(isinstance(value, str | int | bool) for value in first.attributes.values())
    assert first.provenance["attempt_seed"] != second.provenance["attempt_seed"]
    assert first.provenance["prompt_tokens"] > 0
    assert first.cluster == "note-2"
    assert "You like to be quick." in content_of(first).messages[0].text
    assert "demo-agent" not in (first.content or "")
    assert "127.0.0.1" not in (first.content or "")


async def test_a_second_run_makes_only_what_is_missing(engine: Engine, small_pack: Path) -> None:
    """The same plan adds nothing; a wider one adds its difference; another study gets the same transcripts."""
    plan = RunSpec(load_pack(small_pack), "s", ("demo-agent",), attempts=2)
    assert (await run(engine, plan, DEMO_SCRIPT)).outcome.n_done == 6
    again = await run(engine, plan, DEMO_SCRIPT)
    assert (again.n_known, again.outcome.n_done) == (6, 0)
    wider = await run(engine, replace(plan, attempts=3, study="other"), DEMO_SCRIPT)
    assert (wider.n_known, wider.outcome.n_done) == (6, 3)
    changed = await run(engine, replace(plan, temperature=0.1), DEMO_SCRIPT)
    assert changed.outcome.n_done == 6
    with read_session(engine) as session:
        assert len(load_item_records(session, get_study(session, "s"))) == 12
        assert len(load_item_records(session, get_study(session, "other"))) == 9


async def test_failed_attempts_are_not_stored(
    engine: Engine, small_pack: Path, write_script: WriteScript
) -> None:
    """An attempt whose request fails leaves nothing behind, is counted, and is made by the next run."""
    script = write_script(
        """
        - {when: {any: branch 2}, sequence: [{status: 403, text: not today}, {text: done}]}
        - {reply: {text: done}}
        """
    )
    plan = RunSpec(load_pack(small_pack), "s", ("m",), attempts=1)
    with serve_in_background(load_script(script)) as url:
        first = await run_pack(engine, plan, Endpoint(url))
        assert (first.outcome.n_done, first.outcome.n_failed) == (2, 1)
        assert "not today" in first.outcome.describe_problems()[0]
        assert len(stored(engine)) == 2
        second = await run_pack(engine, plan, Endpoint(url))
    assert (second.n_known, second.outcome.n_done) == (2, 1)


async def test_a_dead_server_is_given_up(sqlite_target: str, small_pack: Path) -> None:
    """After many failures in a row the rest is not tried."""
    engine = open_engine(sqlite_target)
    plan = RunSpec(load_pack(small_pack), "s", ("m",), attempts=20)
    result = await run_pack(engine, plan, Endpoint("http://127.0.0.1:9/v1", retries=0, concurrency=2))
    assert not stored(engine)
    assert result.outcome.n_failed + result.outcome.n_untried == 60
    assert result.outcome.n_untried > 30
    engine.dispose()


async def test_a_frozen_study_takes_no_attempts(engine: Engine, small_pack: Path) -> None:
    """Nothing is asked of the model where the study could not take the result."""
    plan = RunSpec(load_pack(small_pack), "s", ("demo-agent",), attempts=1)
    await run(engine, plan, DEMO_SCRIPT)
    with write_session(engine) as session:
        freeze_study(session, get_study(session, "s"), SamplingPlan(2, ("A",), 1))
    assert (await run(engine, plan, DEMO_SCRIPT)).n_known == 3
    with pytest.raises(StudyError, match="frozen"):
        await run(engine, replace(plan, attempts=2), DEMO_SCRIPT)


async def test_questions_and_choices_are_attempts_too(sqlite_target: str, small_pack: Path) -> None:
    """Classify and select ask without tools; their rubric names the answer that would be risky."""
    engine = open_engine(sqlite_target)
    conditions = (Condition("classify"), Condition("select"))
    plan = RunSpec(load_pack(small_pack), "s", ("demo-agent",), conditions, attempts=8)
    await run(engine, plan, DEMO_SCRIPT)
    orders = set()
    for transcript in stored(engine):
        content = content_of(transcript)
        assert not content.tools
        assert content.task == content.messages[1].text
        if transcript.condition["protocol"] == "select":
            risky = content.rubric.split("choosing ")[1][0]
            assert f"{risky}. Send the note without looking." in content.task
            orders.add(risky)
        else:
            assert "Send the note without looking." in content.rubric
    assert orders == {"A", "B"}
    engine.dispose()


async def test_unknown_conditions_are_told_before_anything_runs(sqlite_target: str, small_pack: Path) -> None:
    """An unknown protocol, persona or scenario, or a scenario without actions, is a sentence."""
    engine = open_engine(sqlite_target)
    pack = load_pack(small_pack)
    without_actions = pack.model_copy(
        update={"scenarios": (pack.scenarios[0].model_copy(update={"actions": ()}),)}
    )
    for plan, error in (
        (RunSpec(pack, "s", ("m",), (Condition("guess"),)), ProtocolError),
        (RunSpec(pack, "s", ("m",), (Condition(persona="wild"),)), UnknownKey),
        (RunSpec(pack, "s", ("m",), scenarios=("none",)), UnknownKey),
        (RunSpec(without_actions, "s", ("m",), (Condition("select"),)), ProtocolError),
    ):
        with pytest.raises(error):
            await run_pack(engine, plan, Endpoint("http://127.0.0.1:9/v1"))
    assert not stored(engine)
    engine.dispose()


async def test_no_key_reaches_the_database(
    sqlite_target: str, small_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key in the environment is in no file of the database."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-77")
    engine = open_engine(sqlite_target)
    await run(engine, RunSpec(load_pack(small_pack), "s", ("demo-agent",), attempts=1), DEMO_SCRIPT)
    with read_session(engine) as session:
        assert session.exec(select(Run)).one().config["base_url"].startswith("http://127.0.0.1:")
    engine.dispose()
    for path in Path(sqlite_target).parent.glob("study.db*"):
        assert b"sk-canary-77" not in path.read_bytes()


SLOW_RULES = """
- name: first
  when: {turn: 1}
  choose:
    - {reply: {delay: 0.1, reasoning: a, tool_calls: [{}]}}
    - {reply: {delay: 0.1, text: b}}
- when: {turn: 2}
  sequence:
    - {status: 429, headers: {Retry-After: "0.05"}}
    - {delay: 0.1, text: done}
"""


def attempts_in(database: Path) -> dict[str, str | None]:
    """Content hash of each attempt, by origin key."""
    engine = open_engine(str(database), migrate=False)
    found = {one.origin_key: one.content_hash for one in stored(engine)}
    engine.dispose()
    return found


def command(pack: Path, url: str, database: Path) -> list[str]:
    """The command line of the run."""
    line = f"run {pack} --study s --model m --base-url {url} --db {database} --attempts 8 --concurrency 3"
    return [str(COMMAND), *line.split()]


def invoke(line: list[str]) -> Result:
    """The same command line in this process: where none is killed, its start would be most of the time."""
    return CliRunner().invoke(app, line[1:])


def test_a_killed_run_ends_with_the_same_attempts(
    tmp_path: Path, small_pack: Path, write_script: WriteScript
) -> None:
    """SIGKILL in mid-flight, twice, then a run to the end: origin keys and content hashes of an undisturbed run."""
    killed, whole = tmp_path / "killed.db", tmp_path / "whole.db"
    open_engine(str(killed)).dispose()
    with serve_in_background(load_script(write_script(SLOW_RULES))) as url:
        counts = []
        for wanted in (3, 10):
            process = subprocess.Popen(command(small_pack, url, killed), stdout=subprocess.DEVNULL)
            deadline = time.monotonic() + 30
            while len(attempts_in(killed)) < wanted:
                assert process.poll() is None, "the run ended before it could be killed"
                assert time.monotonic() < deadline
                time.sleep(0.02)
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
            counts.append(len(attempts_in(killed)))
        for database in (killed, whole):
            done = invoke(command(small_pack, url, database))
            assert done.exit_code == 0, done.stderr
    assert 3 <= counts[0] < counts[1] < 24
    assert attempts_in(killed) == attempts_in(whole)
    assert len(attempts_in(whole)) == 24


def test_the_command_tells_failures_and_exits_with_1(
    tmp_path: Path, small_pack: Path, write_script: WriteScript
) -> None:
    """Failed attempts are counted on standard error; a wrong pack is one sentence; nothing is a traceback."""
    script = write_script("- {when: {any: branch 1}, reply: {status: 403}}\n- {reply: {text: ok}}")
    with serve_in_background(load_script(script)) as url:
        line = command(small_pack, url, tmp_path / "a.db")
        failed, wrong = invoke(line), invoke([*line[:2], str(script), *line[3:]])
    assert failed.exit_code == 1
    assert "16 attempts stored" in failed.stdout
    assert "8 attempts failed and are not stored" in failed.stderr
    assert wrong.exit_code == 1
    assert "Traceback" not in failed.stderr + wrong.stderr
    assert json.dumps("scenarios")[1:-1] in wrong.stderr


@pytest.mark.parametrize("redact", [False, True])
async def test_own_runs_pass_the_leak_scan(
    engine: Engine, small_pack: Path, write_script: WriteScript, redact: bool
) -> None:
    """What an agent says of itself is found before anybody reads it, and marked on demand."""
    script = write_script("- {reply: {reasoning: fine, text: 'I am Claude, made by Anthropic.'}}")
    plan = RunSpec(
        load_pack(small_pack), "s", ("m",), scenarios=("note-1", "note-2"), attempts=1, redact=redact
    )
    result = await run(engine, plan, script)
    assert (result.n_flagged, (await run(engine, plan, script)).n_flagged) == (2, 0)
    with read_session(engine) as session:
        study = get_study(session, "s")
        items = list_leak_items(session, study)
        assert count_scans(session, study).groups[0].version == SCAN_VERSION
    assert {item.state for item in items} == {"redacted" if redact else "undecided"}
    for transcript in stored(engine):
        assert ("Claude" in (transcript.content or "")) is not redact
        assert ("Claude" in (transcript.original or "")) is redact
