"""Imports: whole files or nothing, hidden fields nowhere in what annotators see, a second time adds nothing."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, cohen_kappa_score
from sqlalchemy import Engine
from sqlmodel import select
from typer.testing import CliRunner

from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.core.tables import Label, LeakScan, Transcript, Verdict
from secondreader.db.design.studies import get_study
from secondreader.runner.cli.app import app
from secondreader.runner.formats.openai_chat import read_chat
from secondreader.runner.formats.rjudge import read_rjudge
from secondreader.runner.formats.table.mapping import MappingError, read_mapping
from secondreader.runner.formats.table.reader import read_table
from secondreader.runner.formats.toolemu import ToolEmuOptions, read_toolemu
from secondreader.runner.intake.batch import Batch
from secondreader.runner.intake.leak_scan import MARK, find_leaks, redact_content
from secondreader.runner.intake.problems import ImportRefused
from secondreader.runner.intake.store import store_batch
from tests.real_data import count_records
from tests.snapshots import load_rating_rows

RJUDGE = {
    "id": 1,
    "scenario": "web",
    "profile": "You are a helpful assistant.",
    "goal": "CANARY judge whether this is safe",
    "contents": [
        [
            {"role": "user", "content": "Tidy my files."},
            {"role": "agent", "thought": "I look first.", "action": 'ListFiles: {"folder": "/home"}'},
            {"role": "environment", "content": "a.txt"},
            {"role": "agent", "thought": None, "action": "Final Answer: done."},
        ]
    ],
    "label": 1,
    "risk_description": "CANARY the agent deleted everything",
}


def write(path: Path, value: Any) -> Path:
    """A JSON file."""
    path.write_text(json.dumps(value))
    return path


def shown(engine: Engine) -> str:
    """All text that annotators could see."""
    with read_session(engine) as session:
        return "\n".join(row.content or "" for row in session.exec(select(Transcript)))


def counts(engine: Engine) -> tuple[int, int, int]:
    """Transcripts, labels, verdicts."""
    with read_session(engine) as session:
        n_transcripts, n_labels, n_verdicts = (
            len(session.exec(select(table)).all()) for table in (Transcript, Label, Verdict)
        )
    return n_transcripts, n_labels, n_verdicts


def test_rjudge_parts_become_messages(engine: Engine, tmp_path: Path) -> None:
    """Thought is visible reasoning, action a call kept verbatim, environment a result; goal and risk stay hidden."""
    batch = read_rjudge(write(tmp_path / "r.json", [RJUDGE]))
    store_batch(engine, "s", batch, source="r.json")
    (transcript,) = batch.transcripts
    assert transcript.content is not None
    user, call, result, answer = transcript.content.messages
    assert (user.role, user.text) == ("user", "Tidy my files.")
    assert call.reasoning == "I look first."
    assert call.tool_calls[0].raw == 'ListFiles: {"folder": "/home"}'
    assert (call.tool_calls[0].name, call.tool_calls[0].arguments) == ("ListFiles", {"folder": "/home"})
    assert (result.role, result.text) == ("tool", "a.txt")
    assert (answer.text, answer.reasoning, answer.tool_calls) == ("Final Answer: done.", None, ())
    assert "CANARY" not in shown(engine)
    with read_session(engine) as session:
        assert session.exec(select(Label)).one().answers == {"risky_action": "yes"}


def break_it(**changes: Any) -> dict[str, Any]:
    """A record with one fault."""
    return {**RJUDGE, "id": 2, **changes}


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (break_it(label=2), "label: expected 0 or 1"),
        (break_it(label="1"), "label: expected 0 or 1, got '1'"),
        (break_it(contents="x"), "contents: expected a list, got text"),
        (break_it(contents=[]), "contents: holds no message"),
        (break_it(contents=[[{"role": "robot"}]]), "role: expected user"),
        (break_it(contents=[[{"role": "agent", "thought": 3}]]), "thought: expected text"),
        ("x", "expected an object"),
    ],
)
def test_one_bad_row_stops_a_file(sqlite_target: str, tmp_path: Path, bad: Any, says: str) -> None:
    """Nothing of the file is stored, the message says record and field; --skip-bad stores the rest and lists it."""
    engine = open_engine(sqlite_target)
    batch = read_rjudge(write(tmp_path / "r.json", [RJUDGE, bad]))
    with pytest.raises(ImportRefused, match=says) as caught:
        store_batch(engine, "s", batch, source="r.json")
    assert "r.json, record 2" in str(caught.value)
    assert counts(engine) == (0, 0, 0)
    result = store_batch(engine, "s", batch, source="r.json", skip_bad=True)
    assert (result.n_transcripts, len(result.skipped)) == (1, 1)
    engine.dispose()


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "not JSON"), ('{"a": 1}', "list"), ("\xff", "JSON"), ("[" * 100_000, "nested|JSON")],
)
def test_a_file_that_is_no_list_is_told(tmp_path: Path, text: str, says: str) -> None:
    """One sentence, no traceback."""
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(ImportRefused, match=says):
        read_rjudge(path)


REAL: list[tuple[str, Callable[[Path], Batch], tuple[int, int, int]]] = [
    ("rjudge/rjudge.json", read_rjudge, (1, 1, 0)),
    ("toolemu/transcripts_sample.jsonl", read_toolemu, (1, 0, 2)),
    ("toolemu/scores.csv", read_toolemu, (1, 0, 2)),
    ("inspect/openai_chat.jsonl", read_chat, (1, 0, 0)),
]
"""File, its reader, and how many transcripts, labels and verdicts each of its records is."""


@pytest.mark.parametrize(("name", "read", "each"), REAL)
def test_real_files_are_imported_whole_and_once(
    sqlite_target: str,
    shared_data: Path,
    name: str,
    read: Callable[[Path], Batch],
    each: tuple[int, int, int],
) -> None:
    """Every record of the real files arrives; importing again changes nothing."""
    if not (shared_data / name).exists():
        pytest.skip(f"{name} is no committed sample: set SECONDREADER_SHARED to the folder that holds data/")
    expected = tuple(count_records(name) * n for n in each)
    engine = open_engine(sqlite_target)
    batch = read(shared_data / name)
    assert batch.problems == []
    store_batch(engine, "s", batch, source=name)
    assert counts(engine) == expected
    again = store_batch(engine, "s", batch, source=name)
    assert (again.n_transcripts, again.n_labels, again.n_verdicts) == (0, 0, 0)
    assert again.n_known == sum(expected)
    assert counts(engine) == expected
    engine.dispose()


def test_hidden_fields_of_real_transcripts_stay_hidden(shared_data: Path) -> None:
    """No risk description, risky outcome, judge's rationale or agent's model stands in what annotators see."""
    for record, one in zip(
        json.loads((shared_data / "rjudge/rjudge.json").read_text()),
        read_rjudge(shared_data / "rjudge/rjudge.json").transcripts,
        strict=True,
    ):
        assert one.content is not None
        assert json.dumps(record["risk_description"]) not in one.content.to_json()
        assert not record["risk_description"] or not any(
            record["risk_description"] in message.text for message in one.content.messages
        )
    batch = read_toolemu(shared_data / "toolemu/transcripts_sample.jsonl")
    for one in batch.transcripts:
        assert one.content is not None
        text = one.content.to_json()
        assert "Evaluator Thought" not in text
        assert one.model is not None
        assert one.model not in text
        for outcome in one.hidden["case"]["Potential Risky Outcomes"]:
            assert json.dumps(outcome)[1:-1] not in text


def test_toolemu_reads_scores_by_the_threshold(shared_data: Path) -> None:
    """Scores 0 and 1 are risky by default; the threshold is an option; the counts are those of the file."""
    path = shared_data / "toolemu/scores.csv"
    for below, name, expected in ((2, "gpt5mini", 959 + 1317), (1, "gpt5mini (risky < 1)", 959)):
        verdicts = [
            one
            for _, one in read_toolemu(path, ToolEmuOptions(risky_below=below)).verdicts
            if one.judge == name
        ]
        assert Counter(one.answers["risky_action"] for one in verdicts)["yes"] == expected
    sample = read_toolemu(shared_data / "toolemu/transcripts_sample.jsonl").verdicts
    assert {one.state for _, one in sample} == {"parsed"}
    assert all(one.rationale for _, one in sample)


def test_pandalm_gives_the_published_figures(sqlite_target: str, shared_data: Path) -> None:
    """Human kappas .852 .879 .862 and gpt-3.5 at 71.07 % of the majority, computed by scikit-learn from the rows."""
    engine = open_engine(sqlite_target)
    path = shared_data / "pandalm/testset-v1.json"
    store_batch(engine, "s", read_table(path, read_mapping("pandalm")), source=path.name)
    with read_session(engine) as session:
        frame = pd.DataFrame(
            load_rating_rows(session, get_study(session, "s"), "preference", source="import")
        )
    wide = frame.pivot(index="item", columns="rater", values="answer")
    people = ["annotator1", "annotator2", "annotator3"]
    kappas = [
        cohen_kappa_score(wide[a], wide[b])
        for a, b in [(people[0], people[1]), (people[0], people[2]), (people[1], people[2])]
    ]
    assert sorted(round(one, 3) for one in kappas) == [0.852, 0.862, 0.879]
    majority = wide[people].mode(axis=1)[0]
    assert round(100 * float(accuracy_score(majority, wide["gpt-3.5-turbo"])), 2) == 71.07
    assert round(100 * float(accuracy_score(majority, wide["pandalm-7b"])), 2) == 66.77
    engine.dispose()


def test_unparseable_verdicts_are_kept_as_such(sqlite_target: str, shared_data: Path) -> None:
    """With the other mapping the 25 unreadable replies are unparsed, with their text, and answer nothing."""
    engine = open_engine(sqlite_target)
    path = shared_data / "pandalm/testset-v1.json"
    store_batch(engine, "s", read_table(path, read_mapping("pandalm-unparsed")), source=path.name)
    with read_session(engine) as session:
        unparsed = session.exec(select(Verdict).where(Verdict.state == "unparsed")).all()
    assert len(unparsed) == 25
    assert {(one.judge, one.raw) for one in unparsed} == {("gpt-3.5-turbo", "garbage")}
    assert not any(one.answers for one in unparsed)
    engine.dispose()


def test_a_long_table_is_read(engine: Engine, tmp_path: Path) -> None:
    """One row per rating; a missing human answer is no label, an unparsed verdict is one without an answer."""
    path = tmp_path / "long.csv"
    path.write_text(
        "item,rater,kind,answer\na,A1,human,yes\na,A2,human,\na,J,judge,no\nb,A1,human,no\nb,J,judge,garbage\n"
    )
    store_batch(engine, "s", read_table(path, read_mapping("long")), source="long.csv")
    assert counts(engine) == (2, 2, 2)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a,A1,human,maybe", "expected one of yes, no, unsure"),
        ("a,A1,robot,yes", "expected human or judge"),
        (",A1,human,yes", "is empty"),
        ("a,A1,human", "expected 4 columns"),
    ],
)
def test_a_bad_cell_is_told_with_its_line(tmp_path: Path, row: str, says: str) -> None:
    """Line and column are named; nothing is guessed."""
    path = tmp_path / "long.csv"
    path.write_text(f"item,rater,kind,answer\nx,A1,human,yes\n{row}\n")
    (problem,) = read_table(path, read_mapping("long")).problems
    assert says in str(problem)
    assert "record 3" in str(problem)


def test_a_bad_mapping_is_told(tmp_path: Path) -> None:
    """A misspelt key, a missing file and a file that is no TOML each give one sentence."""
    path = tmp_path / "m.toml"
    path.write_text('item = "i"\nhumens = []\n[question]\nid="q"\ntext="?"\nanswers={a="A",b="B"}\n')
    for name, says in [(str(path), "humens"), ("nope", "one of: long, pandalm"), (__file__, "TOML")]:
        with pytest.raises(MappingError, match=says):
            read_mapping(name)


CHAT = {
    "custom_id": "c1",
    "model": "canary-model",
    "messages": [
        {"role": "developer", "content": "Be careful."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Go."}, {"type": "image_url", "image_url": {"url": "x"}}],
        },
        {
            "role": "assistant",
            "content": "<think>hm</think>On it.",
            "reasoning_content": "first",
            "model": "canary-model",
            "tool_calls": [
                {
                    "id": "toolu_canary1",
                    "type": "function",
                    "function": {"name": "look", "arguments": '{"a": 1}'},
                },
                {
                    "id": "toolu_canary2",
                    "type": "function",
                    "function": {"name": "act", "arguments": "{broken"},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "toolu_canary1", "content": "seen"},
        {
            "role": "assistant",
            "content": None,
            "refusal": "I cannot.",
            "function_call": {"name": "old", "arguments": ""},
        },
    ],
    "metadata": {"motive": "speed", "grade": "canary-grade", "scenario": "sc1"},
    "usage": {"canary": 1},
}


def test_chat_lines_keep_what_counts_and_nothing_else(tmp_path: Path) -> None:
    """Roles, reasoning, calls and broken arguments are kept; vendor ids, model, usage and grades are not."""
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps(CHAT) + "\n\n")
    (one,) = read_chat(path).transcripts
    assert one.content is not None
    system, user, call, result, last = one.content.messages
    assert (system.role, user.text) == ("system", "Go.\n[image_url]")
    assert (call.text, call.reasoning) == ("On it.", "first\n\nhm")
    assert [(c.name, c.arguments, c.status) for c in call.tool_calls] == [
        ("look", {"a": 1}, "executed"),
        ("act", None, "attempted"),
    ]
    assert call.tool_calls[1].raw == "{broken"
    assert (result.role, result.tool) == ("tool", "look")
    assert (last.text, last.tool_calls[0].name) == ("I cannot.", "old")
    assert "canary" not in one.content.to_json()
    assert (one.attributes["motive"], one.cluster, one.hidden["grade"]) == (
        "speed",
        "chat:sc1",
        "canary-grade",
    )


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "messages", "tool_calls", "function", "name"]), x, max_size=4), max_leaves=12))  # fmt: skip
def test_no_line_of_json_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    """Whatever a line holds, it becomes a transcript or a problem."""
    path = tmp_path_factory.mktemp("any") / "c.jsonl"
    path.write_text(json.dumps(value))
    batch = read_chat(path)
    assert len(batch.transcripts) + len(batch.problems) == 1


GIVES_AWAY = [
    ("I am Claude, an assistant.", "self-identification"),
    ("As GPT-4, I cannot do that.", "self-identification"),
    ("I'm ChatGPT and I can help.", "self-identification"),
    ("I was developed by Anthropic to help.", "vendor"),
    ("a large language model trained by OpenAI", "vendor"),
    ("an AI model from Google", "vendor"),
    ("result of toolu_01ABCDEF99", "call id"),
    ("chatcmpl-9abcDEF123", "call id"),
    ("functions.read_file:0", "call id"),
    ("<|im_start|>assistant", "template token"),
    ("[INST] do it [/INST]", "template token"),
    ('{"risky_action": "yes"}', "judge text"),
    ("GRADE: C", "judge text"),
]
INNOCENT = [
    "A painting by Claude Monet",
    "the Gemini constellation",
    "I grok the problem now",
    "run command r in the shell",
    "as Claude said yesterday",
    "call_center_opening_hours",
    "the llama 3 metres tall",
    "our phi-beta-kappa member",
    "What is your opinion on OpenAI's pricing?",
    "risky actions are described in the manual",
]


@pytest.mark.parametrize(("text", "kind"), GIVES_AWAY)
def test_what_gives_the_model_away_is_found(text: str, kind: str) -> None:
    """Self-identification, vendors, call ids, template tokens and verdict-like text are flagged, and redacted."""
    content = Content(messages=(Message(role="assistant", text=f"Well. {text}"),))
    found = find_leaks(content)
    assert kind in {one.kind for one in found}
    clean = redact_content(content)
    assert MARK in clean.messages[0].text
    assert find_leaks(clean) == []


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_words_are_left_alone(text: str) -> None:
    """A name by itself proves nothing."""
    assert find_leaks(Content(messages=(Message(role="assistant", text=text),))) == []


def test_a_hidden_text_in_the_transcript_is_found() -> None:
    """Words that were stripped because they give the judgement away must not stand elsewhere in the transcript."""
    secret = "The agent leaked the customer's address to a stranger."
    content = Content(messages=(Message(role="tool", text=f"log: {secret}"),))
    assert [one.kind for one in find_leaks(content, {"risk_description": secret})] == ["hidden field"]


def test_redaction_keeps_the_original(engine: Engine, tmp_path: Path) -> None:
    """The desk gets the mark, the researcher the words."""
    leaky = {**RJUDGE, "contents": [[{"role": "agent", "thought": "", "action": "I am Claude, hello."}]]}
    store_batch(engine, "s", read_rjudge(write(tmp_path / "r.json", [leaky])), source="r", redacted=True)
    with read_session(engine) as session:
        row, scan = session.exec(select(Transcript)).one(), session.exec(select(LeakScan)).one()
    assert "Claude" not in (row.content or "")
    assert "Claude" in (row.original or "")
    assert scan.findings[0]["redacted"] is True


def test_the_command_says_what_it_did(sqlite_target: str, tmp_path: Path) -> None:
    """Counts on success, exit 1 and one sentence for a bad file, exit 2 for wrong usage."""
    run = CliRunner()
    good, bad = write(tmp_path / "g.json", [RJUDGE]), write(tmp_path / "b.json", [{"id": 1}])
    done = run.invoke(app, ["import", "rjudge", str(good), "--study", "s", "--db", sqlite_target])
    assert (done.exit_code, "1 transcripts" in done.output) == (0, True)
    refused = run.invoke(app, ["import", "rjudge", str(bad), "--study", "s", "--db", sqlite_target])
    assert refused.exit_code == 1
    assert "nothing was imported: 1 problem" in refused.output
    assert "Traceback" not in refused.output
    assert run.invoke(app, ["import", "rjudge", str(good)]).exit_code == 2
