"""What imports store, once, whatever the file repeats."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import select

from secondreader.db.core.content import Content, Message, ToolCall
from secondreader.db.core.engine import write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import update_study
from secondreader.db.core.tables import Label, Run, Scenario, Transcript, Verdict, utc_now
from secondreader.db.design.studies import ensure_annotator, ensure_study
from secondreader.db.transcripts.imported_labels import ImportedLabel, add_imported_labels
from secondreader.db.transcripts.pool import add_to_pool, list_pool_keys, load_content_hashes
from secondreader.db.transcripts.runs import ensure_judge_prompt, ensure_run, ensure_scenario
from secondreader.db.transcripts.transcripts import (
    NewTranscript,
    add_transcripts,
    find_stored_ids,
    list_called_tools,
)
from secondreader.db.transcripts.verdicts import (
    NewVerdict,
    add_verdicts,
    find_judgeable_transcripts,
    find_judged_ids,
    load_original_content,
)
from tests.db.shared_study import memory_engine

TEXT = Content(messages=(Message(role="user", text="hi"),))


def call_tools(*names: str) -> Content:
    """A transcript in which the agent calls these tools."""
    calls = tuple(ToolCall(name=name) for name in names)
    return Content(messages=(Message(role="assistant", tool_calls=calls),))


@pytest.mark.parametrize(
    ("content", "attribute"),
    [
        (None, {}),
        (TEXT, {}),
        (call_tools("pay", "mail", "pay"), {"tools": "mail, pay"}),
        (call_tools("send money"), {"tools": "send_money"}),
        (call_tools("a,b", "a b"), {"tools": "a_b"}),
        (call_tools("", "  "), {}),
        (call_tools("x\0"), {"tools": "x\ufffd"}),
    ],
)
def test_called_tools_are_listed_once(content: Content | None, attribute: dict[str, str]) -> None:
    """Neither a comma nor white space in a name makes two slices of one tool."""
    assert list_called_tools(content) == attribute


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c\0"]), st.booleans()), max_size=8))
def test_each_transcript_is_stored_once(keys: list[tuple[str, bool]]) -> None:
    """A key has one row with text and one without at the most; ids answer the file's rows in its order."""
    engine = memory_engine()
    new = [NewTranscript(key, "c", TEXT if has_text else None) for key, has_text in keys]
    with write_session(engine) as session:
        first, second = add_transcripts(session, new), add_transcripts(session, new)
        assert (first.n_added, first.n_known) == (len(set(keys)), len(keys) - len(set(keys)))
        assert (second.n_added, second.ids) == (0, first.ids)
        assert len(session.exec(select(Transcript)).all()) == len(set(keys))
        texts = find_stored_ids(session, [key for key, _ in keys])
        assert set(texts) == {key for key, has_text in keys if has_text}
    engine.dispose()


def test_a_verdict_is_stored_once(sqlite_engine: Engine) -> None:
    """The judge's key, not its name, says which verdict it is; another repeat is another verdict."""
    with write_session(sqlite_engine) as session:
        (row_id,) = add_transcripts(session, [NewTranscript("k", "c", TEXT)]).ids
        one = NewVerdict(row_id, "j", "key", "parsed", {"q": "yes"})
        renamed = NewVerdict(row_id, "judge", "key", "parsed", {"q": "no"})
        repeat = NewVerdict(row_id, "j", "key", "parsed", {"q": "no"}, repeat=2)
        other = NewVerdict(row_id, "j", "key2", "error")
        stored = add_verdicts(session, [one, renamed, repeat, other])
        assert (stored.n_added, stored.n_known) == (3, 1)
        assert stored.ids[0] == stored.ids[1]
        assert add_verdicts(session, [renamed]).ids == stored.ids[:1]
        assert session.get_one(Verdict, stored.ids[0]).answers == {"q": "yes"}
        assert find_judged_ids(session, "key") == find_judged_ids(session, "key", 2) == {row_id}
        assert find_judged_ids(session, "key2", 2) == set()
        assert add_verdicts(session, []).ids == ()


def test_verdicts_survive_hostile_replies(sqlite_engine: Engine) -> None:
    """NUL and lone surrogates of a judge's reply are stored as replacement characters."""
    with write_session(sqlite_engine) as session:
        (row_id,) = add_transcripts(session, [NewTranscript("k", "c", None)]).ids
        verdict = NewVerdict(row_id, "j\0", "key", "unparsed", raw="\ud800{", rationale=None)
        (verdict_id,) = add_verdicts(session, [verdict]).ids
        row = session.get_one(Verdict, verdict_id)
        assert (row.judge, row.raw, row.rationale) == ("j\ufffd", "\ufffd{", None)


def test_only_text_can_be_judged(sqlite_engine: Engine) -> None:
    """Transcripts without text are counted, not offered; with `drawn_only`, what was not sampled is left out."""
    redacted = Content(messages=(Message(role="user", text="I am X"),))
    with write_session(sqlite_engine) as session:
        study = ensure_study(session, "s")
        new = [NewTranscript("a", "c", TEXT, original=redacted), NewTranscript("b", "c", None)]
        ids = add_transcripts(session, new).ids
        add_to_pool(session, study, ids)
        judgeable = find_judgeable_transcripts(session, study)
        assert (judgeable.ids, judgeable.n_without_text) == (ids[:1], 1)
        drawn = find_judgeable_transcripts(session, study, drawn_only=True)
        assert (drawn.ids, drawn.n_without_text) == ((), 0)
        assert load_original_content(session, ids[0]) == redacted
        assert load_original_content(session, ids[1]) is None
        assert load_original_content(session, 999) is None


def test_a_frozen_pool_takes_nothing_new(sqlite_engine: Engine) -> None:
    """Importing again what is there stays possible; the draw refers to the pool as it was."""
    with write_session(sqlite_engine) as session:
        study = ensure_study(session, "s")
        ids = add_transcripts(session, [NewTranscript(key, "c", TEXT) for key in "abc"]).ids
        assert add_to_pool(session, study, [ids[1], ids[0], ids[1]]) == 2
        assert set(list_pool_keys(session, study)) == {"a", "b"}
        update_study(session, study, frozen_at=utc_now())
        assert add_to_pool(session, study, ids[:2]) == 0
        with pytest.raises(StudyError, match="'s' is frozen; import into a new study"):
            add_to_pool(session, study, ids)


def test_content_hashes_are_of_the_original(sqlite_engine: Engine) -> None:
    """A redaction that changes between versions does not make another transcript; no text has no hash."""
    original = Content(messages=(Message(role="user", text="I am X"),))
    with write_session(sqlite_engine) as session:
        new = [NewTranscript("a", "c", TEXT, original=original), NewTranscript("b", "c", None)]
        ids = add_transcripts(session, new).ids
        assert load_content_hashes(session, [*ids, 999]) == {ids[0]: original.compute_hash(), ids[1]: None}
        assert load_content_hashes(session, []) == {}


def test_an_imported_label_is_stored_once(sqlite_engine: Engine) -> None:
    """A token's second time adds nothing, in the same file or in a later import; the first answer stays."""
    with write_session(sqlite_engine) as session:
        study = ensure_study(session, "s")
        (row_id,) = add_transcripts(session, [NewTranscript("a", "c", TEXT)]).ids
        person = ensure_annotator(session, study, "X", source="import")
        labels = [ImportedLabel(row_id, person, {"q": answer}, "t1") for answer in ("yes", "no")]
        assert add_imported_labels(session, study, labels) == 1
        assert add_imported_labels(session, study, labels) == 0
        assert add_imported_labels(session, study, []) == 0
        assert session.exec(select(Label.answers)).all() == [{"q": "yes"}]


def test_one_annotator_labels_a_transcript_once(sqlite_engine: Engine) -> None:
    """Two labels of one annotator, transcript and pass are refused in a sentence, and neither is stored."""
    with write_session(sqlite_engine) as session:
        study = ensure_study(session, "s")
        (row_id,) = add_transcripts(session, [NewTranscript("a", "c", TEXT)]).ids
        person = ensure_annotator(session, study, "X", source="import")
    labels = [ImportedLabel(row_id, person, {"q": "yes"}, token) for token in ("t1", "t2")]
    with (
        pytest.raises(StudyError, match="imported or from the desk"),
        write_session(sqlite_engine) as session,
    ):
        add_imported_labels(session, study, labels)
    with write_session(sqlite_engine) as session:
        assert session.exec(select(Label)).all() == []
        second_pass = ImportedLabel(row_id, person, {"q": "no"}, "t2", pass_no=2)
        assert add_imported_labels(session, study, [labels[0], second_pass]) == 2


def test_the_same_work_continues_its_run(sqlite_engine: Engine) -> None:
    """Key order of the configuration makes no difference; kind, name and values do."""
    with write_session(sqlite_engine) as session:
        first = ensure_run(session, "judge", "r", {"a": 1, "b": 2})
        assert ensure_run(session, "judge", "r", {"b": 2, "a": 1}) == first
        others = [
            ("import", "r", {"a": 1, "b": 2}),
            ("judge", "x", {"a": 1, "b": 2}),
            ("judge", "r", {"a": 1}),
        ]
        assert len({first, *(ensure_run(session, *other) for other in others)}) == 4
        assert len(session.exec(select(Run)).all()) == 4


@pytest.mark.parametrize("missing", ["key", "title", "motive", "risk_types"])
def test_a_scenario_needs_its_facts(sqlite_engine: Engine, missing: str) -> None:
    """One version is stored once; a body without one of the facts is refused and stores nothing."""
    body: dict[str, Any] = {
        "key": "k",
        "title": "T",
        "motive": "greed",
        "risk_types": ["money"],
        "memory": [],
    }
    with write_session(sqlite_engine) as session:
        first = ensure_scenario(session, "pack", body)
        assert ensure_scenario(session, "another pack", dict(body)) == first
        assert ensure_scenario(session, "pack", body | {"title": "U"}) != first
        with pytest.raises(KeyError, match=missing):
            ensure_scenario(session, "pack", {name: value for name, value in body.items() if name != missing})
        assert len(session.exec(select(Scenario)).all()) == 2


def test_a_prompt_is_known_by_its_hash(sqlite_engine: Engine) -> None:
    """Another name of the same text is the same prompt."""
    with write_session(sqlite_engine) as session:
        first = ensure_judge_prompt(session, "risk", "v1", "hash", "text")
        assert ensure_judge_prompt(session, "renamed", "v2", "hash", "text") == first
        assert ensure_judge_prompt(session, "risk", "v1", "hash2", "text 2") != first
