"""Imports that do not fit: hostile chat lines, double ratings, two mappings, two codebooks, two orders of one source."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import select
from typer.testing import CliRunner

from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.tables import Transcript, Verdict
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import get_study
from secondreader.db.transcripts.pool import list_pool_keys
from secondreader.db.transcripts.transcripts import NewTranscript
from secondreader.db.transcripts.verdicts import NewVerdict
from secondreader.runner.cli.app import app
from secondreader.runner.formats.openai_chat import read_chat
from secondreader.runner.formats.rjudge import read_rjudge
from secondreader.runner.formats.table.mapping import MappingError, TableMapping, read_mapping
from secondreader.runner.formats.table.reader import read_table
from secondreader.runner.formats.toolemu import ToolEmuOptions, read_toolemu
from secondreader.runner.intake.batch import Batch, NewLabel
from secondreader.runner.intake.store import ImportConflict, store_batch
from tests.real_data import count_records
from tests.snapshots import load_rating_rows

USER = {"role": "user", "content": "hi"}


def calling(arguments: Any) -> dict[str, Any]:
    """An assistant's message with one call."""
    call = {"id": "x", "type": "function", "function": {"name": "f", "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def chat(tmp_path: Path, line: str) -> Batch:
    """The batch of one chat line."""
    path = tmp_path / "c.jsonl"
    path.write_text(line + "\n")
    return read_chat(path)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"messages": [USER], "tools": 5}, "tools: expected a list, got a number"),
        ({"messages": [USER], "model": ["a"]}, "model: expected text, got a list"),
        ({"messages": [USER], "custom_id": ["a"]}, "custom_id: expected text or a whole number, got a list"),
        ({"messages": [USER], "metadata": {"a": float("nan")}}, "holds NaN"),
        ({"messages": [USER, {"role": []}]}, "messages[1].role: expected system, developer, user, assistant, tool or function, got a list"),
        ({"messages": [calling("{}") | {"tool_calls": [{"id": [], "function": {"name": "f"}}]}]}, "messages[0].tool_calls[0].id: expected text, got a list"),
    ],
)  # fmt: skip
def test_a_chat_field_of_a_wrong_type_is_told(tmp_path: Path, record: Any, says: str) -> None:
    """File, record and field are named; there is no traceback."""
    (problem,) = chat(tmp_path, json.dumps(record)).problems
    assert says in str(problem)


@pytest.mark.parametrize(
    "arguments", ['{"x": NaN}', '{"x": 1e999}', '{"a":' * 600 + "1" + "}" * 600, "[" * 100_000, "[1]"]
)
def test_arguments_that_are_no_json_object_stay_text(engine: Engine, tmp_path: Path, arguments: str) -> None:
    """They are shown verbatim, and stored by both engines."""
    batch = chat(tmp_path, json.dumps({"messages": [USER, calling(arguments)]}))
    assert store_batch(engine, "s", batch, source="c").n_transcripts == 1
    assert batch.transcripts[0].content is not None
    (call,) = batch.transcripts[0].content.messages[1].tool_calls
    assert (call.arguments, call.raw) == (None, arguments)


@pytest.mark.parametrize(
    "line",
    [
        '{"custom_id": "\\ud800", "metadata": {"scenario": "\\ud800"}, "messages": [{"role": "user", "content": "x"}]}',
        '{"custom_id": "a\\u0000", "model": "m\\u0000", "metadata": {"scenario": "\\u0000"}, "messages": [{"role": "user", "content": "\\u0000"}]}',
        '{"messages": [{"role": "user", "content": "x", "tool_call_id": ["a"]}]}',
    ],
)
def test_nul_and_lone_surrogates_are_stored_by_both_engines(
    engine: Engine, tmp_path: Path, line: str
) -> None:
    """Text columns hold U+FFFD instead; a second import knows them."""
    batch = chat(tmp_path, line)
    assert store_batch(engine, "s", batch, source="c").n_transcripts == 1
    assert store_batch(engine, "s", batch, source="c").n_known == 1


def test_nul_in_verdicts_and_readers_is_stored_by_both_engines(engine: Engine) -> None:
    """Judge, rationale, raw text and annotator too."""
    batch = Batch(
        transcripts=[NewTranscript("k", "c", None)],
        verdicts=[("k", NewVerdict(0, "j\0", "h", "unparsed", rationale="\0", raw="\0", model="\0"))],
        labels=[NewLabel("k", "A\0", {"risky_action": "yes"})],
    )
    result = store_batch(engine, "s", batch, source="x")
    assert (result.n_verdicts, result.n_labels) == (1, 1)
    with read_session(engine) as session:
        (verdict,) = session.exec(select(Verdict))
    assert (verdict.judge, verdict.raw) == ("j\ufffd", "\ufffd")


def long_table(tmp_path: Path, rows: str) -> Batch:
    """The batch of a long table with these rows."""
    path = tmp_path / "long.csv"
    path.write_text("item,rater,kind,answer\n" + rows)
    return read_table(path, read_mapping("long"))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("1,H,human,yes\n1,H,human,no\n", "'H' rates '1' twice in pass 1, first in record 2"),
        ("1,J,judge,yes\n1,J,judge,yes\n", "'J' rates '1' twice in pass 1, first in record 2"),
        ("1,H,human,yes\n2, H,human,no\n", "' H' and 'H' in record 2 differ by white space alone"),
        ("1,H,human,yes\n1 ,G,human,no\n", "'1 ' and '1' in record 2 differ by white space alone"),
        ("1,H,human,yes\n2,,human,no\n", "every rating needs a rater"),
        ("1,H,human,yes\n2,H,judge,no\n", "is a judge here and a human in record 2"),
    ],
)
def test_two_ratings_by_one_rater_are_reported(tmp_path: Path, rows: str, says: str) -> None:
    """Both records are named; nothing is merged."""
    (problem,) = long_table(tmp_path, rows).problems
    assert says in str(problem)
    assert problem.record == 3


def test_an_item_with_two_texts_is_told(tmp_path: Path) -> None:
    """A long table's item has one text, cluster and slice."""
    path = tmp_path / "long.csv"
    path.write_text("item,rater,kind,answer,text\n1,H,human,yes,a\n1,G,human,no,b\n")
    mapping = TableMapping.model_validate(read_mapping("long").model_dump() | {"text": {"text": ""}})
    (problem,) = read_table(path, mapping).problems
    assert "has another text, cluster or slice in record 2" in str(problem)


def test_two_mappings_of_one_table_do_not_meet(engine: Engine, tmp_path: Path) -> None:
    """In two studies each reads by its own mapping; in one study the second is refused."""
    path = tmp_path / "w.csv"
    path.write_text("id,judge\n1,yes\n2,garbage\n")
    question = {"id": "q", "text": "?", "answers": {"yes": "Yes", "no": "No"}}
    shared = {"item": "id", "question": question, "judges": [{"column": "judge", "name": "j"}]}
    as_no = TableMapping.model_validate(shared | {"answers": {"garbage": "no"}})
    unread = TableMapping.model_validate(shared | {"unparsed": ["garbage"]})
    for study, mapping, expected in (
        ("a", as_no, ["parsed", "parsed"]),
        ("b", unread, ["parsed", "unparsed"]),
    ):
        store_batch(engine, study, read_table(path, mapping), source="w")
        with read_session(engine) as session:
            rows = load_rating_rows(session, get_study(session, study), "q", source="import")
        assert sorted(row["state"] for row in rows) == expected
    with pytest.raises(ImportConflict, match="by another mapping"):
        store_batch(engine, "a", read_table(path, unread), source="w")


def test_two_readers_of_one_name_are_refused(tmp_path: Path) -> None:
    """A mapping must not give two columns to one rater."""
    path = tmp_path / "m.toml"
    path.write_text('item="i"\nhumens=[]\n'.replace("humens=[]", 'humans=[{column="a"},{column="b",name="a"}]') + '[question]\nid="q"\ntext="?"\nanswers={a="A",b="B"}\n')  # fmt: skip
    with pytest.raises(MappingError, match="two raters are named 'a'"):
        read_mapping(str(path))


def test_another_codebook_is_refused(engine: Engine, tmp_path: Path) -> None:
    """A study asks one set of questions: neither a table's nor a source's other answers get in."""
    question = {"id": "q", "text": "?", "answers": {"1": "One", "2": "Two"}}
    mapping = TableMapping.model_validate({"item": "id", "question": question, "humans": [{"column": "h"}]})
    path = tmp_path / "w.csv"
    path.write_text("id,h\n1,2\n")
    store_batch(engine, "table", read_table(path, mapping), source="w")
    store_batch(engine, "default", Batch(), source="nothing")
    with pytest.raises(ImportConflict, match="has another codebook"):
        store_batch(engine, "default", read_table(path, mapping), source="w")
    risky = Batch([NewTranscript("k", "c", None)], labels=[NewLabel("k", "A", {"risky_action": "yes"})])
    with pytest.raises(ImportConflict, match="no answer 'yes' to risky_action"):
        store_batch(engine, "table", risky, source="r")


def test_a_key_twice_in_a_file_is_known_the_second_time(engine: Engine) -> None:
    """One row is added, one is known; two answers or two texts under one key are refused."""
    texts = [Content(messages=(Message(role="user", text=one),)) for one in "ab"]
    twice = Batch([NewTranscript("k", "c", texts[0])] * 2)
    result = store_batch(engine, "s", twice, source="x")
    assert (result.n_transcripts, result.n_known) == (1, 1)
    with pytest.raises(ImportConflict, match="stored with another text"):
        store_batch(engine, "s", Batch([NewTranscript("k", "c", texts[1])]), source="x")
    labels = [NewLabel("k", "A", {"risky_action": one}) for one in ("yes", "no")]
    with pytest.raises(ImportConflict, match="twice, and differently"):
        store_batch(engine, "s", Batch(list(twice.transcripts), labels=labels), source="x")


LOG = (
    "Done soon.\nAction: Pay\nAction Input: {\"sum\": 5}\nObservation: {\"ok\": true}\nFinal Answer: All paid."
)  # fmt: skip


def trajectory(output: str = ": All paid.", log: str = LOG, case: int = 7) -> dict[str, Any]:
    """A ToolEmu record with one executed step and an end."""
    judges = {
        name: {"Overall Quantitative Score": "1", "Evaluator Thought": "why"} for name in ("gpt5m", "q32")
    }
    return {
        "agent_model": "ag-1",
        "case_idx": case,
        "case": {"Toolkits": ["Bank"]},
        "input": "Pay.",
        "output": output,
        "judges": judges,
        "intermediate_steps": [
            [["Look", '{"a": 1}', 'I look.\nAction: Look\nAction Input: {"a": 1}'], ["seen"]],
            [{"return_values": {"output": output}, "log": log}, ""],
        ],
    }


def write_toolemu(tmp_path: Path) -> tuple[Path, Path]:
    """One trajectory as text and as a row of scores."""
    text, scores = tmp_path / "t.jsonl", tmp_path / "s.csv"
    text.write_text(json.dumps(trajectory()) + "\n")
    scores.write_text("case_idx,agent_model,toolkits,n_steps,gpt5mini,qwen3_32b,run\n7,ag-1,Bank,2,1,1,r\n")
    return text, scores


def test_the_agents_last_words_are_kept_and_the_frameworks_are_not(tmp_path: Path) -> None:
    """Made-up calls are attempted, made-up results are text, no stray colon or tag; a stop is provenance."""
    path = tmp_path / "t.jsonl"
    stopped = trajectory("Agent stopped: token limit", "<think>plan <think>more</think>On it.", case=8)
    cut = trajectory(": Only here.", "Fine.", case=9)
    path.write_text("\n".join(json.dumps(one) for one in (trajectory(), stopped, cut)))
    one, two, three = read_toolemu(path).transcripts
    assert one.content is not None
    assert two.content is not None
    assert three.content is not None
    last = one.content.messages[-1]
    assert (last.text, last.reasoning) == (LOG, None)
    assert [(call.name, call.arguments, call.status) for call in last.tool_calls] == [("Pay", {"sum": 5}, "attempted")]  # fmt: skip
    assert (one.attributes["n_calls"], one.attributes["n_attempted"], one.attributes["last_tool"]) == (1, 1, "Look")  # fmt: skip
    assert "Agent stopped" not in two.content.to_json()
    assert two.provenance["stopped"] == "Agent stopped: token limit"
    assert (two.content.messages[-1].text, two.content.messages[-1].reasoning) == ("On it.", "plan more")
    assert three.content.messages[-1].text == "Fine.\n\nOnly here."


@pytest.mark.parametrize("text_first", [True, False])
def test_text_and_scores_of_one_trajectory_are_one_item(
    engine: Engine, tmp_path: Path, text_first: bool
) -> None:
    """In either order the pool holds the text once, with each judge's verdict once."""
    files = write_toolemu(tmp_path)
    for path in files if text_first else reversed(files):
        store_batch(engine, "s", read_toolemu(path), source="x")
    store_batch(engine, "s", read_toolemu(files[1], ToolEmuOptions(risky_below=1)), source="x")
    with read_session(engine) as session:
        study = get_study(session, "s")
        assert list(list_pool_keys(session, study)) == ["toolemu:7:ag-1"]
        rows = load_rating_rows(session, study, "risky_action", source="import")
        rationales = {row.judge: row.rationale for row in session.exec(select(Verdict)) if row.rationale}
    assert sorted((row["rater"], row["answer"]) for row in rows) == [
        ("gpt5mini", "yes"),
        ("gpt5mini (risky < 1)", "no"),
        ("qwen3_32b", "yes"),
        ("qwen3_32b (risky < 1)", "no"),
    ]
    assert rationales["gpt5mini"] == "why"


def test_verdicts_on_the_scores_alone_follow_to_the_text(engine: Engine, tmp_path: Path) -> None:
    """A second threshold that was imported before the text is there after it."""
    text, scores = write_toolemu(tmp_path)
    store_batch(engine, "s", read_toolemu(scores, ToolEmuOptions(risky_below=1)), source="x")
    store_batch(engine, "s", read_toolemu(text), source="x")
    with read_session(engine) as session:
        rows = load_rating_rows(session, get_study(session, "s"), "risky_action", source="import")
    assert len(rows) == 4
    assert len({row["item"] for row in rows}) == 1


def test_a_frozen_study_keeps_what_it_drew(engine: Engine, tmp_path: Path) -> None:
    """The text of a frozen study's item without text is refused; its scores may be imported again."""
    text, scores = write_toolemu(tmp_path)
    other = Content(messages=(Message(role="user", text="x"),))
    store_batch(engine, "s", Batch([NewTranscript("k", "c", other)]), source="x")
    store_batch(engine, "s", read_toolemu(scores), source="x")
    with write_session(engine) as session:
        freeze_study(session, get_study(session, "s"), SamplingPlan(n_items=1, annotators=("A",), overlap=1))
    with pytest.raises(StudyError, match="frozen"):
        store_batch(engine, "s", read_toolemu(text), source="x")
    store_batch(engine, "t", read_toolemu(text), source="x")
    assert store_batch(engine, "s", read_toolemu(scores), source="x").n_transcripts == 0
    with read_session(engine) as session:
        assert len(session.exec(select(Transcript)).all()) == 3


def test_rjudge_shows_no_empty_turn_and_far_more_arguments(shared_data: Path) -> None:
    """No message without content; of the whole file's 1,121 calls all but 90 have arguments (prose has none), of the sample's 90 all but 5."""
    batch = read_rjudge(shared_data / "rjudge/rjudge.json")
    messages = [one for new in batch.transcripts if new.content for one in new.content.messages]
    calls = [call for one in messages for call in one.tool_calls]
    assert not [one for one in messages if not (one.text.strip() or one.tool_calls or one.reasoning)]
    assert (len(calls), sum(call.arguments is None for call in calls)) == {564: (1121, 90), 47: (90, 5)}[
        count_records("rjudge/rjudge.json")
    ]


def test_real_trajectories_end_without_artefacts(shared_data: Path) -> None:
    """No stray colon, tag or word of the framework in the last turns; the calls in them (323 of 120 transcripts, 8 of 4) never ran."""
    batch = read_toolemu(shared_data / "toolemu/transcripts_sample.jsonl")
    last = [new.content.messages[-1] for new in batch.transcripts if new.content]
    assert len(last) == (n := count_records("toolemu/transcripts_sample.jsonl"))
    assert not [one for one in last if one.text.startswith(":") or "think>" in f"{one.text}{one.reasoning}"]
    assert not [one for one in last if "Agent stopped" in one.text]
    assert {call.status for one in last for call in one.tool_calls} == {"attempted"}
    assert sum(len(one.tool_calls) for one in last) == {120: 323, 4: 8}[n]


def test_a_threshold_that_is_no_number_is_wrong_usage(tmp_path: Path, sqlite_target: str) -> None:
    """NaN compares with nothing, so every verdict would silently be `no`."""
    _, scores = write_toolemu(tmp_path)
    words = ["import", "toolemu", str(scores), "--study", "s", "--db", sqlite_target, "--risky-below", "nan"]
    assert CliRunner().invoke(app, words).exit_code == 2
