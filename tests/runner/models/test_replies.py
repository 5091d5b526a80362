"""How bodies of chat completions become replies: odd contents, reasoning fields, calls, token counts, and addresses."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondreader.runner.models.client import (
    ClientError,
    CompletionRequest,
    Endpoint,
    MalformedReply,
    TokenUsage,
    content_to_text,
    extract_reasoning,
    read_calls,
    read_reply,
    read_usage,
    remove_unstorable,
    split_thinking,
)
from secondreader.runner.models.prices import Price, Prices

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def make_body(message: Any, **fields: Any) -> str:
    """A chat completion with this message."""
    return json.dumps({"choices": [{"message": message, **fields}]})


@pytest.mark.parametrize("text", ["", "<html>busy</html>", "{", '{"choices": [', "[" * 100_000])
def test_a_body_that_is_no_json_is_malformed(text: str) -> None:
    """A proxy's page, a cut body and one that exhausts the parser give one sentence."""
    with pytest.raises(MalformedReply, match="not JSON"):
        read_reply(text, "m", Prices())


@pytest.mark.parametrize(
    "body",
    [
        "null",
        "[]",
        "{}",
        '{"choices": null}',
        '{"choices": []}',
        '{"choices": {}}',
        '{"choices": [{}]}',
        '{"choices": [null]}',
        '{"choices": ["hello"]}',
        '{"choices": [{"message": null}]}',
        '{"choices": [{"message": "hello"}]}',
        '{"choices": [{"message": ["hello"]}]}',
    ],
)
def test_a_body_without_a_message_is_malformed(body: str) -> None:
    """JSON alone is not enough: a choice and its message must be objects."""
    with pytest.raises(MalformedReply, match="holds no message"):
        read_reply(body, "m", Prices())


@given(
    message=st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=4),
    finish=JSON_VALUES,
    usage=JSON_VALUES,
)
def test_any_message_is_read(message: dict[str, Any], finish: Any, usage: Any) -> None:
    """Whatever values a server puts into the known fields, a reply of text comes out and nothing is raised."""
    names = ("content", "tool_calls", "reasoning", "reasoning_details", "refusal")
    message |= dict(zip(names, message.values(), strict=False))
    body = json.dumps({"choices": [{"message": message, "finish_reason": finish}], "usage": usage})
    reply = read_reply(body, "m", Prices())
    assert isinstance(reply.text, str)
    assert reply.finish_reason
    assert reply.reasoning is None or reply.reasoning.strip()
    assert min(reply.usage.prompt_tokens, reply.usage.completion_tokens) >= 0


@pytest.mark.parametrize("reason", [None, "", 0])
def test_a_missing_finish_reason_counts_as_stop(reason: Any) -> None:
    """Some servers leave it out of complete answers."""
    assert (
        read_reply(make_body({"content": "a"}, finish_reason=reason), "m", Prices()).finish_reason == "stop"
    )
    assert read_reply(make_body({"content": "a"}), "m", Prices()).finish_reason == "stop"


def test_a_finish_reason_is_kept() -> None:
    """`length` tells that the reply was cut off."""
    assert (
        read_reply(make_body({"content": "a"}, finish_reason="length"), "m", Prices()).finish_reason
        == "length"
    )


@pytest.mark.parametrize(
    ("refusal", "expected"), [("I will not.", "I will not."), (None, None), (7, None), ("a\x00", "a\ufffd")]
)
def test_only_a_refusal_in_text_counts(refusal: Any, expected: str | None) -> None:
    """Null is the usual value where nothing was refused."""
    assert read_reply(make_body({"content": "", "refusal": refusal}), "m", Prices()).refusal == expected


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("hello", "hello"),
        (None, ""),
        (12, ""),
        ({"type": "text", "text": "a"}, ""),
        ([], ""),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
        ([{"type": "image_url", "text": "a"}, {"type": "text", "text": "b"}], "b"),
        ([{"type": "text"}, "loose", None], ""),
        ([{"type": "text", "text": 5}], "5"),
    ],
)
def test_the_text_parts_of_a_content_are_joined(content: Any, text: str) -> None:
    """Parts of other types and entries that are no objects add nothing."""
    assert content_to_text(content) == text


@pytest.mark.parametrize(
    ("message", "reasoning"),
    [
        ({}, None),
        ({"reasoning_content": " first ", "reasoning": "second"}, "first"),
        ({"reasoning_content": "  ", "reasoning": "second"}, "second"),
        ({"reasoning_content": 3, "reasoning": ["x"]}, None),
        ({"reasoning_details": [{"text": "a"}, {"summary": "b"}]}, "a\nb"),
        ({"reasoning_details": [{"text": "", "summary": "b"}, {"data": "encrypted"}, "loose"]}, "b"),
        ({"reasoning_details": [{"data": "encrypted"}]}, None),
        ({"reasoning_details": {"text": "a"}}, None),
        ({"reasoning": "whole", "reasoning_details": [{"text": "part"}]}, "whole"),
    ],
)
def test_reasoning_is_taken_from_the_first_field_with_text(
    message: dict[str, Any], reasoning: str | None
) -> None:
    """Blank fields and encrypted details are no visible reasoning."""
    assert extract_reasoning(message) == reasoning


def test_a_reasoning_field_outranks_tags() -> None:
    """The tags are taken out of the text all the same."""
    reply = read_reply(make_body({"content": "<think>tag</think>done", "reasoning": "field"}), "m", Prices())
    assert (reply.text, reply.reasoning) == ("done", "field")


@pytest.mark.parametrize(
    ("text", "said", "thought"),
    [
        ("plain", "plain", None),
        ("  spaced  ", "  spaced  ", None),
        ("<think></think>done", "done", None),
        ("<think>a</think>\n<think>b</think>\ndone", "done", "a\n\nb"),
        ("<THINKING>a</THINKING> done", "done", "a"),
        ("hidden start</think>\ndone", "done", "hidden start"),
        ("<think>cut off", "", "cut off"),
        ("a </think> b", "a </think> b", None),
    ],
)
def test_thinking_is_split_from_what_is_said(text: str, said: str, thought: str | None) -> None:
    """Several blocks are joined; a lone closing tag in the middle of a line is text."""
    assert split_thinking(text) == (said, thought)


@given(text=st.text(alphabet=st.characters(exclude_characters="<"), max_size=60))
def test_text_without_tags_is_untouched(text: str) -> None:
    """Not even white space is stripped where nothing was thought."""
    assert split_thinking(text) == (text, None)


@given(text=st.text(max_size=40))
def test_what_is_stored_has_neither_nul_nor_half_pairs(text: str) -> None:
    """The result can be encoded, and cleaning it again changes nothing."""
    clean = remove_unstorable(text + "\x00\ud800")
    assert "\x00" not in clean
    assert clean.encode("utf-8").decode("utf-8") == clean
    assert remove_unstorable(clean) == clean


@pytest.mark.parametrize("raw", [None, {}, "call", 3, []])
def test_what_is_no_list_of_calls_holds_none(raw: Any) -> None:
    """Servers send null, or leave the field out."""
    assert read_calls(raw) == ()


@pytest.mark.parametrize(
    ("call", "name", "arguments", "raw"),
    [
        ({"function": {"name": "look", "arguments": '{"at": 1}'}}, "look", {"at": 1}, '{"at": 1}'),
        ({"function": {"name": "look", "arguments": {"at": 1}}}, "look", {"at": 1}, '{"at": 1}'),
        ({"function": {"name": "look"}}, "look", {}, "{}"),
        ({"function": {"name": "look", "arguments": None}}, "look", {}, "{}"),
        ({"function": {"name": "look", "arguments": "[1]"}}, "look", None, "[1]"),
        ({"function": {"name": None, "arguments": "{"}}, "", None, "{"),
        ({"function": "look"}, "", {}, "{}"),
        ("look", "", {}, "{}"),
        (None, "", {}, "{}"),
    ],
)
def test_a_call_keeps_what_the_model_wrote(call: Any, name: str, arguments: Any, raw: str) -> None:
    """Arguments that are no object stay as text; a call without a name is still a call."""
    (read,) = read_calls([call])
    assert (read.name, read.arguments, read.raw) == (name, arguments, raw)


def test_calls_without_an_id_are_numbered() -> None:
    """The result must name the call that it answers, whatever the server left out."""
    calls = read_calls([{"id": "x"}, {"id": ""}, {"id": 5}, {}])
    assert [call.id for call in calls] == ["x", "call1", "call2", "call3"]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, (0, 0)),
        ([1, 2], (0, 0)),
        ({"prompt_tokens": 3, "completion_tokens": 4}, (3, 4)),
        ({"prompt_tokens": -3, "completion_tokens": "4"}, (0, 0)),
        ({"prompt_tokens": 2.5, "completion_tokens": None}, (0, 0)),
    ],
)
def test_only_whole_positive_counts_are_token_counts(usage: Any, expected: tuple[int, int]) -> None:
    """A server's nonsense must not become a negative cost."""
    counted = read_usage(usage, "m", Prices({"m": Price(1.0, 1.0)}))
    assert (counted.prompt_tokens, counted.completion_tokens) == expected
    assert counted.cost == pytest.approx(sum(expected) / 1_000_000)


def test_a_model_without_a_price_has_no_cost() -> None:
    """Unknown is not free."""
    assert read_usage({"prompt_tokens": 3}, "other", Prices({"m": Price(1.0, 1.0)})).cost is None


USAGES = st.builds(
    TokenUsage, st.integers(0, 10**6), st.integers(0, 10**6), st.none() | st.integers(0, 99).map(float)
)


@given(first=USAGES, second=USAGES, third=USAGES)
def test_usages_add_up_in_any_order(first: TokenUsage, second: TokenUsage, third: TokenUsage) -> None:
    """Sums are associative and commutative, nothing added changes nothing, and only unknown costs stay unknown."""
    assert first + second == second + first
    assert (first + second) + third == first + (second + third)
    assert first + TokenUsage() == first
    assert ((first + second).cost is None) == (first.cost is None and second.cost is None)


def test_a_request_leaves_unset_fields_to_the_server() -> None:
    """Null and an empty list of tools are refused by several servers; 0 is a value."""
    request = CompletionRequest("m", [{"role": "user", "content": "a"}], temperature=0.0, seed=0)
    assert request.build_body() == {
        "model": "m",
        "messages": [{"role": "user", "content": "a"}],
        "temperature": 0.0,
        "seed": 0,
    }
    tools = [{"type": "function", "function": {"name": "look"}}]
    full = CompletionRequest("m", [], tools=tools, max_tokens=5, response_format={"type": "json_object"})
    assert set(full.build_body()) == {"model", "messages", "tools", "max_tokens", "response_format"}


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://host/v1", "http://", "/v1", "http:///v1"])
def test_what_is_no_base_url_is_refused(url: str) -> None:
    """The sentence shows what a base URL looks like."""
    with pytest.raises(ClientError, match=r"is not a base URL; write one such as http://localhost:8000/v1"):
        Endpoint(url)


@pytest.mark.parametrize(
    ("url", "public", "host"),
    [
        ("http://localhost:8000/v1/", "http://localhost:8000/v1", "localhost"),
        ("https://API.example.org/v1", "https://API.example.org/v1", "api.example.org"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1", "::1"),
    ],
)
def test_an_endpoint_names_its_server(url: str, public: str, host: str) -> None:
    """The host tells providers apart, so its port and its capitals do not count."""
    endpoint = Endpoint(url)
    assert (endpoint.get_public_url(), endpoint.host) == (public, host)
