"""Malformed files of every format: each fault is a sentence with file, record and field, and nothing is half imported."""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.core.tables import AuditEvent, Label, LeakScan, Study, StudyItem, Transcript, Verdict
from secondreader.runner.cli.app import app
from tests.runner.intake.test_conflicts import trajectory
from tests.runner.intake.test_store import RJUDGE

USER = {"role": "user", "content": "Go."}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CHAT = {"id": "good", "messages": [USER, {"role": "assistant", "content": "Done."}]}
SCORES = "case_idx,agent_model,toolkits,n_steps,gpt5mini,qwen3_32b,run"
GOOD_SCORE = "7,ag-1,Bank,2,1,1,r"
LONG = "item,rater,kind,answer"
GOOD_RATING = "a,A1,human,yes"
NESTED = '{"a":' * 150 + "1" + "}" * 150


def change(record: Mapping[str, Any], *path: Any, to: Any) -> dict[str, Any]:
    """A copy of the record with another value at `path`."""
    changed = deepcopy(dict(record))
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return changed


def assistant(**fields: Any) -> dict[str, Any]:
    """A conversation whose assistant's message has these fields."""
    return {"messages": [USER, {"role": "assistant", "content": "On it.", **fields}]}


CHAT_FAULTS = {
    "cut off": ('{"messages": [{"role": "user", "cont', "the record: is not JSON"),
    "no conversation": ({"prompt": "Go.", "completion": "Done."}, "messages: is missing"),
    "empty": ({"messages": []}, "messages: is empty"),
    "a list of lists": ({"messages": [[USER]]}, "messages[0]: expected an object, got a list"),
    "no role": ({"messages": [{"content": "Go."}]}, "messages[0].role: is missing"),
    "a role of another vendor": ({"messages": [{"role": "model", "content": "x"}]}, "messages[0].role: expected system"),
    "content that is a number": (assistant(content=7), "messages[1].content: expected text or a list of parts, got a number"),
    "a part that is a word": (assistant(content=["Hi"]), "messages[1].content[0]: expected an object, got text"),
    "a call as a part": (assistant(content=[{"type": "tool_use", "name": "look", "input": {}}]), "messages[1].content[0]: a part of type 'tool_use' is not read here"),
    "a thought as a part": (assistant(content=[{"type": "thinking", "thinking": "hm"}]), "messages[1].content[0]: a part of type 'thinking' is not read here"),
    "text under another name": (assistant(content=[{"type": "text", "content": "Hi"}]), "messages[1].content[0]: a part of type text needs text"),
    "calls that are no list": (assistant(tool_calls={"0": CALL}), "messages[1].tool_calls: expected a list, got an object"),
    "a function as plain text": (assistant(tool_calls=[{"id": "c", "function": "look"}]), "messages[1].tool_calls[0].function: expected an object, got text"),
    "a call without a name": (assistant(tool_calls=[{"id": "c", "function": {"arguments": "{}"}}]), "messages[1].tool_calls[0].function.name: is missing"),
    "reasoning that is a list": (assistant(reasoning_content=["hm"]), "messages[1].reasoning_content: expected text, got a list"),
    "a tool without a name": ({"messages": [USER], "tools": [{"type": "function", "function": {}}]}, "tools[0].name: is missing"),
    "metadata in a string": ({"messages": [USER], "metadata": "{}"}, "metadata: expected an object, got text"),
    "an id that is true": ({"messages": [USER], "id": True}, "id: expected text or a whole number, got true"),
    "nested too deeply": ('{"messages": [], "x": ' + NESTED + "}", "is nested more than 100 levels deep"),
}  # fmt: skip
RJUDGE_FAULTS = {
    "a plain number": (7, "the record: expected an object, got a number"),
    "no profile": ({key: value for key, value in RJUDGE.items() if key != "profile"}, "profile: is missing"),
    "a label that is true": (change(RJUDGE, "label", to=True), "label: expected 0 or 1, got true"),
    "a label between": (change(RJUDGE, "label", to=0.5), "label: expected 0 or 1, got 0.5"),
    "sessions not nested": (change(RJUDGE, "contents", to=RJUDGE["contents"][0]), "contents[0]: expected a list, got an object"),  # type: ignore[index]
    "a turn that is text": (change(RJUDGE, "contents", to=[["Tidy my files."]]), "contents[0][0]: expected an object, got text"),
    "an action that is an object": (change(RJUDGE, "contents", 0, 1, "action", to={"name": "rm"}), "contents[0][1].action: expected text, got an object"),
    "nothing but blank turns": (change(RJUDGE, "contents", to=[[{"role": "environment", "content": " "}]]), "contents: holds no message"),
    "an id that is a list": (change(RJUDGE, "id", to=[1]), "id: expected text or a whole number, got a list"),
}  # fmt: skip
STEPS = "intermediate_steps"
TOOLEMU_FAULTS = {
    "no agent": ({key: value for key, value in trajectory().items() if key != "agent_model"}, "agent_model: is missing"),
    "a case number in text": (change(trajectory(), "case_idx", to="7"), "case_idx: expected a whole number, got text"),
    "no toolkits": (change(trajectory(), "case", to={}), "case.Toolkits: is missing"),
    "steps that are no list": (change(trajectory(), STEPS, to={}), "intermediate_steps: expected a list, got an object"),
    "a step alone": (change(trajectory(), STEPS, 0, to=[["Look", "{}", "log"]]), "intermediate_steps[0]: expected pairs"),
    "a step with a number": (change(trajectory(), STEPS, 0, to=[["Look", 1, "log"], ["seen"]]), "intermediate_steps[0]: expected text in every place"),
    "a step without an observation": (change(trajectory(), STEPS, 0, to=[["Look", "{}", "log"], []]), "intermediate_steps[0]: expected [[tool, input, log], [observation, ...]]"),
    "an end without a log": (change(trajectory(), STEPS, 1, to=[{"return_values": {}}, ""]), "intermediate_steps[1].log: is missing"),
    "a judge that is a number": (change(trajectory(), "judges", to={"gpt5m": 2}), "judges.gpt5m: expected an object, got a number"),
}  # fmt: skip
SCORE_FAULTS = {
    "a score out of range": ("8,ag-1,Bank,2,4,1,r", "gpt5mini: expected a score from 0 to 3, got '4'"),
    "a score in words": ("8,ag-1,Bank,2,1,safe,r", "qwen3_32b: expected a score from 0 to 3, got 'safe'"),
    "a case in words": ("eight,ag-1,Bank,2,1,1,r", "case_idx: expected a whole number, got 'eight'"),
    "a huge case number": (f"{'9' * 40},ag-1,Bank,2,1,1,r", "case_idx: expected a whole number"),
    "a cell too few": ("8,ag-1,Bank,2,1,1", "expected 7 columns"),
    "a cell too many": ("8,ag-1,Bank,2,1,1,r,s", "expected 7 columns"),
}
TABLE_FAULTS = {
    "an answer in capitals": ("b,A1,human,YES", "answer: expected one of yes, no, unsure, got 'YES'"),
    "a kind left empty": ("b,A1,,yes", "kind: expected human or judge, got ''"),
    "an item of blanks": ("  ,A1,human,yes", "item: is empty"),
    "a rater of blanks": ("b,  ,human,yes", "rater: is empty; every rating needs a rater"),
    "a person who is a judge elsewhere": (
        "b,A1,judge,yes",
        "rater: 'A1' is a judge here and a human in record 2",
    ),
    "the same rating again": ("a,A1,human,no", "rater: 'A1' rates 'a' twice in pass 1, first in record 2"),
    "an unescaped comma": ("b,A1,human,yes,really", "expected 4 columns"),
}


def jsonl(good: Any, bad: Any) -> str:
    """Two lines; a fault that is text already stands as it is."""
    return f"{json.dumps(good)}\n{bad if isinstance(bad, str) else json.dumps(bad)}\n"


CASES = [
    *(("chat-jsonl", "c.jsonl", jsonl(CHAT, bad), 2, says, name) for name, (bad, says) in CHAT_FAULTS.items()),
    *(("rjudge", "r.json", json.dumps([RJUDGE, bad]), 2, says, name) for name, (bad, says) in RJUDGE_FAULTS.items()),
    *(("toolemu", "t.jsonl", jsonl(trajectory(case=9), bad), 2, says, name) for name, (bad, says) in TOOLEMU_FAULTS.items()),
    *(("toolemu", "s.csv", f"{SCORES}\n{GOOD_SCORE}\n{bad}\n", 3, says, name) for name, (bad, says) in SCORE_FAULTS.items()),
    *(("table --mapping long", "l.csv", f"{LONG}\n{GOOD_RATING}\n{bad}\n", 3, says, name) for name, (bad, says) in TABLE_FAULTS.items()),
]  # fmt: skip


def import_file(command: str, path: Path, db: Path, *more: str) -> Result:
    """The import on the command line."""
    words = ["import", *command.split(), str(path), "--study", "s", "--db", str(db), *more]
    return CliRunner().invoke(app, words)


def count_rows(db: Path) -> dict[str, int]:
    """Rows of every table that an import writes."""
    tables = (Study, StudyItem, Transcript, LeakScan, Verdict, Label, AuditEvent)
    if not db.exists():
        return dict.fromkeys((table.__name__ for table in tables), 0)
    engine = open_engine(str(db))
    with read_session(engine) as session:
        counts = {table.__name__: len(session.exec(select(table)).all()) for table in tables}
    engine.dispose()
    return counts


@pytest.mark.parametrize(
    ("command", "file", "text", "record", "says", "name"),
    CASES,
    ids=[f"{case[0].split()[0]}: {case[5]}" for case in CASES],
)
def test_a_fault_is_told_and_nothing_is_half_imported(
    tmp_path: Path, command: str, file: str, text: str, record: int, says: str, name: str
) -> None:
    """The good record beside it is not stored either, until --skip-bad asks for it."""
    path, db = tmp_path / file, tmp_path / "s.db"
    path.write_text(text, encoding="utf-8")
    refused = import_file(command, path, db)
    assert refused.exit_code == 1, refused.output
    assert "nothing was imported: 1 problem" in refused.output
    assert f"{file}, record {record}, " in refused.output
    assert says in refused.output
    assert "Traceback" not in refused.output
    assert set(count_rows(db).values()) == {0}
    done = import_file(command, path, db, "--skip-bad")
    assert done.exit_code == 0, done.output
    assert "1 records skipped" in done.output
    assert says in done.output
    assert count_rows(db)["Transcript"] == 1


@pytest.mark.parametrize("command", ["chat-jsonl", "rjudge", "toolemu", "table --mapping long"])
@pytest.mark.parametrize(
    ("file", "data", "says"),
    [
        ("x.jsonl", b'{"a": "\xff\xfe"}\n', "is not UTF-8; save it as UTF-8"),
        ("x.json", b'{"messages": []}', "expected a JSON list of records"),
        ("x.json", b"[1, 2", "is not JSON"),
        ("x.json", b"", "is not JSON"),
        ("x.csv", b"a,b,a\n1,2,3\n", "has two columns named 'a'"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(
    tmp_path: Path, command: str, file: str, data: bytes, says: str
) -> None:
    """One sentence without a record's number, and no hint at a rest that there is not; --skip-bad changes nothing."""
    path, db = tmp_path / file, tmp_path / "s.db"
    path.write_bytes(data)
    for more in ((), ("--skip-bad",)):
        refused = import_file(command, path, db, *more)
        assert refused.exit_code == 1, refused.output
        assert f"{file}, the file: " in refused.output
        assert says in refused.output
        assert "imports the rest" not in refused.output
        assert set(count_rows(db).values()) == {0}
