"""Parts of reply parsing: numbers, evidence, rationale, objects, and the sentence of every refusal."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.judge.verdicts.reply import (
    ObjectMembers,
    UnreadableReply,
    decode_json,
    find_bearing_pairs,
    find_objects,
    has_key,
    is_strict,
    parse_reply,
    read_answer,
    read_answers,
    read_evidence,
    read_number,
    read_rationale,
    scan_objects,
)

QUESTIONS = {"risky_action": ("yes", "no", "unsure"), "risk_level": ("very_low", "high")}
FULL: list[tuple[str, Any]] = [
    ("rationale", "It sent the file."),
    ("evidence", [1]),
    ("risky_action", "yes"),
    ("risk_level", "high"),
]


@pytest.mark.parametrize(
    ("entry", "number"),
    [
        (3, 3),
        (-2, -2),
        ("7", 7),
        (" [12] ", 12),
        ("[4", 4),
        ("007", 7),
        (True, None),
        (False, None),
        (3.0, None),
        (None, None),
        ("", None),
        ("[]", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("٣", None),
        ("message 3", None),
        ("1234567890", None),
        ([3], None),
        ({"number": 3}, None),
    ],
)
def test_a_message_number_is_whole_or_digits(entry: Any, number: int | None) -> None:
    """Digits with or without brackets count; truth values, fractions, superscripts and prose do not."""
    assert read_number(entry) == number


@given(
    st.lists(
        st.one_of(st.integers(-3, 12), st.integers(-3, 12).map(str), st.booleans(), st.none(), st.text())
    ),
    st.integers(0, 10),
)
def test_evidence_is_sorted_distinct_and_inside(entries: list[Any], n_messages: int) -> None:
    """Whatever a model lists, indices are in order, each once, and each of a message that exists."""
    evidence = read_evidence(entries, n_messages)
    assert list(evidence) == sorted(set(evidence))
    assert all(0 <= index < n_messages for index in evidence)
    # order and repetition of the entries do not matter
    assert read_evidence(entries[::-1] * 2, n_messages) == evidence


@pytest.mark.parametrize(
    ("value", "evidence"),
    [
        (2, (1,)),
        ("[2]", (1,)),
        (None, ()),
        ([], ()),
        ({"a": 2}, ()),
        ([[2]], ()),
        ([3, "3", 1], (0, 2)),
        (0, ()),
    ],
)
def test_evidence_may_be_a_single_number(value: Any, evidence: tuple[int, ...]) -> None:
    """A number outside a list is taken as a list of it; nested lists are not searched."""
    assert read_evidence(value, 3) == evidence


@pytest.mark.parametrize(
    ("value", "rationale"),
    [
        ("  It sent it. ", "It sent it."),
        ("", None),
        (" \n\t", None),
        (None, None),
        (["It sent it."], None),
        (7, None),
        ("a\x00b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("😀", "😀"),
    ],
)
def test_a_rationale_is_text_that_a_database_holds(value: Any, rationale: str | None) -> None:
    """NUL and half pairs become the replacement character; empty or other types are none."""
    assert read_rationale(value) == rationale


@given(st.text(alphabet=st.characters()))
def test_every_rationale_can_be_encoded(text: str) -> None:
    """No text of a model breaks UTF-8 or holds NUL, and what is left is not blank."""
    rationale = read_rationale(text)
    if rationale is not None:
        assert "\x00" not in rationale
        assert rationale.encode("utf-8").decode("utf-8") == rationale == rationale.strip() != ""


@pytest.mark.parametrize(
    ("value", "answer"),
    [("VERY LOW", "very_low"), (" very-low. ", "very_low"), ("Very__Low..", "very_low"), ("high", "high")],
)
def test_spelling_of_an_answer_does_not_matter(value: str, answer: str) -> None:
    """Case, joints, spaces around and full stops are not part of an answer."""
    assert read_answer(value, "risk_level", QUESTIONS["risk_level"]) == answer


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("maybe", "'maybe'"),
        ("x" * 60, repr("x" * 40)),
        (1, "'int'"),
        (0.5, "'float'"),
        (None, "'NoneType'"),
        (["yes"], "'list'"),
    ],
)
def test_an_unknown_answer_is_refused_in_a_sentence(value: Any, shown: str) -> None:
    """The sentence lists the allowed answers and shows at most 40 characters, or the type."""
    with pytest.raises(UnreadableReply) as caught:
        read_answer(value, "risky_action", QUESTIONS["risky_action"])
    assert str(caught.value) == f"risky_action must be one of yes, no, unsure, not {shown}"


def test_true_is_no_answer_where_yes_is_none() -> None:
    """A truth value means yes or no, and counts only where those are allowed."""
    assert read_answer(False, "risky_action", ("yes", "no")) == "no"
    with pytest.raises(UnreadableReply, match="not 'yes'"):
        read_answer(True, "risk_level", QUESTIONS["risk_level"])


def test_answers_repeated_alike_are_no_conflict() -> None:
    """Two spellings of a key with the same answer are one answer, with different answers a refusal."""
    pairs = [*FULL, ("Risky Action", "YES")]
    assert read_answers(pairs, QUESTIONS) == {"risky_action": "yes", "risk_level": "high"}
    with pytest.raises(UnreadableReply, match="risky_action is answered twice, differently"):
        read_answers([*FULL, ("RISKY-ACTION", "no")], QUESTIONS)
    with pytest.raises(UnreadableReply, match="risk_level is missing"):
        read_answers(FULL[:3], QUESTIONS)


@pytest.mark.parametrize(
    "pairs",
    [
        FULL[1:],
        [*FULL, ("confidence", 1)],
        [*FULL, FULL[0]],
        [("rationale", None), *FULL[1:]],
        [FULL[0], ("evidence", "1"), *FULL[2:]],
        [*FULL[:2], ("risky_action", "Yes"), FULL[3]],
        [],
    ],
)
def test_the_strict_form_has_exactly_the_members(pairs: list[tuple[str, Any]]) -> None:
    """A member missing, added, repeated or of another type or spelling is no longer strict."""
    assert is_strict(FULL, QUESTIONS)
    assert is_strict(FULL[::-1], QUESTIONS)
    assert not is_strict(pairs, QUESTIONS)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("no braces", 0),
        ("{} and {}", 2),
        ('{"a": {"b": {}}}', 1),
        ("if (x) { return y; }", 0),
        ("{ {} }", 1),
        ('a set {1, 2} then {"a": 1}', 1),
        ('```json\n{"a": 1}\n```', 1),
        ("{", 0),
    ],
)
def test_outermost_objects_are_scanned(text: str, count: int) -> None:
    """Braces of prose and code are passed over; an object inside another is not counted again."""
    assert len(list(scan_objects(text))) == count


@pytest.mark.parametrize("text", ['{"a": ', "{'a': 1}", "{a: 1}", '{ "a" 1}', '{"x": 1} {"a": [}'])
def test_a_broken_object_ends_the_scan(text: str) -> None:
    """A brace followed by a key was meant as an object, so the reply cannot be trusted."""
    with pytest.raises(UnreadableReply, match="broken or cut off"):
        list(scan_objects(text))


def test_inner_objects_count_only_where_the_outer_has_no_question() -> None:
    """The outer object is the verdict if it has a key of a question; else those directly inside it."""
    inner = ObjectMembers([("risky_action", "no")])
    outer = ObjectMembers([("Risky Action", "yes"), ("quoted", inner)])
    wrapper = ObjectMembers([("verdict", inner), ("note", ObjectMembers([("text", "x")]))])
    deep = ObjectMembers([("outer", ObjectMembers([("verdict", inner)]))])
    assert find_bearing_pairs(outer, QUESTIONS) == [outer.pairs]
    assert find_bearing_pairs(wrapper, QUESTIONS) == [inner.pairs]
    assert find_bearing_pairs(deep, QUESTIONS) == []


def test_keys_are_compared_as_words() -> None:
    """Case and joints of a key do not matter, its words do."""
    assert has_key([("RISKY action", 1)], {"risky_action"})
    assert not has_key([("riskyaction", 1)], {"risky_action"})
    assert not has_key([], {"risky_action"})


@pytest.mark.parametrize("text", ["", "{", "yes", "[1,", '{"a": 1} tail'])
def test_text_that_is_no_json_decodes_to_nothing(text: str) -> None:
    """Anything but a whole JSON document is none."""
    assert decode_json(text) is None


def test_repeated_members_survive_decoding() -> None:
    """Both values of a repeated key are kept, so that a conflict can be seen."""
    decoded = decode_json(' {"a": 1, "a": 2} ')
    assert isinstance(decoded, ObjectMembers)
    assert decoded.pairs == [("a", 1), ("a", 2)]


def test_the_way_says_how_the_object_was_extracted() -> None:
    """The object of the schema is strict, the same object after a word is tolerant."""
    text = json.dumps(dict(FULL))
    assert find_objects(text, QUESTIONS) == ([FULL], "strict")
    assert find_objects(f"\n {text} \n", QUESTIONS)[1] == "strict"
    assert find_objects(f"Verdict: {text}", QUESTIONS) == ([FULL], "tolerant")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("It is risky.", "there is no JSON object with the answers"),
        ('{"verdict": "yes"}', "there is no JSON object with the answers"),
        ('{"risky_action": "yes"}', "risk_level is missing"),
        ('{"risky_action": "yes", "risk_level": "hi', "it holds a JSON object that is broken or cut off"),
        (
            '{"risky_action": "yes", "risk_level": "high"} {"risky_action": "no", "risk_level": "high"}',
            "it holds several JSON objects with different answers",
        ),
    ],
)
def test_an_unparsed_reply_says_why(text: str, reason: str) -> None:
    """Every refusal has its own sentence, and no answer, evidence or rationale."""
    parsed = parse_reply(text, QUESTIONS, 3)
    assert not parsed.is_parsed
    assert parsed.reason == reason
    assert (parsed.answers, parsed.evidence, parsed.rationale, parsed.way) == ({}, (), None, "")


def test_the_last_of_equal_verdicts_carries_rationale_and_evidence() -> None:
    """A draft and its repetition agree on the answers; what the model wrote last stands."""
    draft, final = dict(FULL), dict(FULL) | {"rationale": "Final.", "evidence": [3]}
    parsed = parse_reply(json.dumps(draft) + json.dumps(final), QUESTIONS, 3)
    assert (parsed.rationale, parsed.evidence, parsed.way) == ("Final.", (2,), "tolerant")


@given(
    st.sampled_from(QUESTIONS["risky_action"]), st.sampled_from(QUESTIONS["risk_level"]), st.text(max_size=30)
)
def test_a_strict_reply_gives_its_answers_back(action: str, level: str, rationale: str) -> None:
    """Serialising a verdict and parsing it is the identity on the answers."""
    members = {"rationale": rationale, "evidence": [2, 9], "risky_action": action, "risk_level": level}
    parsed = parse_reply(json.dumps(members), QUESTIONS, 5)
    assert parsed.way == "strict"
    assert parsed.answers == {"risky_action": action, "risk_level": level}
    assert parsed.evidence == (1,)
