import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secondreader.runner.models.client import (
    ClientError,
    CompletionRequest,
    Endpoint,
    ModelClient,
    ModelReply,
    RequestRefused,
    read_reply,
    split_thinking,
)
from secondreader.runner.models.prices import Price, PriceError, Prices, load_prices
from secondreader.runner.models.script import load_script
from tests.scripted_service import serve_in_background

WriteScript = Callable[[str], Path]

HELLO = CompletionRequest("m", [{"role": "user", "content": "hello"}], temperature=0.5, seed=3)
SECRET = "sk-canary-9f2"


async def ask(
    script: Path, request: CompletionRequest = HELLO, prices: Prices | None = None, **endpoint: Any
) -> ModelReply:
    """The reply of a server with this script."""
    with serve_in_background(load_script(script)) as url:
        async with ModelClient(Endpoint(url, **endpoint), prices) as client:
            return await client.complete(request)


async def test_a_reply_is_read_whole(write_script: WriteScript) -> None:
    """Text, reasoning, calls, finish reason, usage and cost come over real HTTP."""
    script = write_script(
        """
        - reply:
            text: on it
            reasoning: let me look
            tool_calls: [{name: look, arguments: {at: 1}}, {name: look, raw: "{at: 1"}]
            usage: {prompt: 1000, completion: 500}
        """
    )
    reply = await ask(script, prices=Prices({"m": Price(2.0, 8.0)}))
    assert (reply.text, reply.reasoning, reply.finish_reason) == ("on it", "let me look", "tool_calls")
    assert [(call.name, call.arguments, call.raw) for call in reply.tool_calls] == [
        ("look", {"at": 1}, '{"at": 1}'),
        ("look", None, "{at: 1"),
    ]
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (1000, 500)
    assert reply.usage.cost == pytest.approx(0.006)


async def test_rate_limits_and_server_errors_are_waited_out(write_script: WriteScript) -> None:
    """429 with Retry-After and 500 are tried again until the answer comes."""
    script = write_script(
        """
        - sequence:
            - {status: 429, headers: {Retry-After: "0.05"}, text: slow down}
            - {status: 500, headers: {Retry-After: "0.05"}}
            - {text: here}
        """
    )
    assert (await ask(script)).text == "here"


async def test_malformed_bodies_are_asked_for_again_and_then_told(write_script: WriteScript) -> None:
    """A 200 that is no completion is not an answer: asked again, and a ClientError in the end."""
    good = write_script("- {sequence: [{body: '<html>'}, {text: here}]}")
    assert (await ask(good, pause=0.01)).text == "here"
    for body in ("<html>", "{}", '{"choices": []}', '{"choices": [1]}', "[]", "null"):
        bad = write_script(f"- {{reply: {{body: '{body}'}}}}")
        with pytest.raises(ClientError, match="3 times"):
            await ask(bad, pause=0.01)


async def test_a_key_stays_in_the_header(write_script: WriteScript, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that quotes the key in its refusal does not bring it into the error."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    script = write_script(f"- {{reply: {{status: 401, text: 'Incorrect API key provided: {SECRET}'}}}}")
    with pytest.raises(ClientError) as caught:
        await ask(script)
    assert SECRET not in str(caught.value)
    assert "401: Incorrect API key provided: ***" in str(caught.value)


async def test_organisation_and_project_are_not_sent_along(
    write_script: WriteScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Identifiers of an account that stand in the environment do not go to whatever server is named."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-canary")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-canary")
    async with ModelClient(Endpoint("http://127.0.0.1:9/v1")) as client:
        assert "canary" not in str(client.sdk.default_headers)


async def test_an_unreachable_or_slow_server_is_told(write_script: WriteScript) -> None:
    """A closed port and a timeout are sentences that name the server."""
    async with ModelClient(Endpoint("http://127.0.0.1:9/v1", retries=0)) as client:
        with pytest.raises(ClientError, match=r"127\.0\.0\.1:9/v1 cannot be reached"):
            await client.complete(HELLO)
    with pytest.raises(ClientError, match=r"did not answer within 0\.2 s"):
        await ask(write_script("- {reply: {delay: 1}}"), retries=0, timeout=0.2)


async def test_a_refused_request_is_told_apart(write_script: WriteScript) -> None:
    """400 means that another shape of request may help; 403 does not."""
    with pytest.raises(RequestRefused):
        await ask(write_script("- {reply: {status: 400}}"))
    with pytest.raises(ClientError) as caught:
        await ask(write_script("- {reply: {status: 403}}"))
    assert not isinstance(caught.value, RequestRefused)


@pytest.mark.parametrize(
    "url",
    ["localhost:8000", "ftp://x/v1", "", f"http://me:{SECRET}@host/v1", f"http://host/v1?key={SECRET}"],
)
def test_a_base_url_carries_no_secret(url: str) -> None:
    """An address that is none, or that holds a password or a query, is refused without repeating the secret."""
    with pytest.raises(ClientError) as caught:
        Endpoint(url)
    assert SECRET not in str(caught.value)


def message(**fields: Any) -> ModelReply:
    """A completion's body with this message, read."""
    body = {"choices": [{"message": {"role": "assistant", **fields}, "finish_reason": "stop"}]}
    return read_reply(json.dumps(body), "m", Prices())


@pytest.mark.parametrize(
    "fields",
    [
        {"content": "done", "reasoning_content": "hm"},
        {"content": "done", "reasoning": "hm"},
        {"content": "done", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {"content": "done", "reasoning_details": [{"type": "reasoning.summary", "summary": "hm"}]},
        {"content": "<think>hm</think>\n\ndone"},
        {"content": "hm\n</think>\n\ndone"},
        {"content": [{"type": "text", "text": "<thinking>hm</thinking>done"}]},
    ],
)
def test_visible_reasoning_is_told_from_what_is_said(fields: dict[str, Any]) -> None:
    """Every way in which servers return reasoning gives the same two texts."""
    reply = message(**fields)
    assert (reply.text, reply.reasoning) == ("done", "hm")


def test_thinking_that_never_ends_says_nothing() -> None:
    """After an opening tag that never closes, all is reasoning: a verdict in it is none."""
    assert split_thinking('<think>maybe {"risky_action": "no"}') == ("", 'maybe {"risky_action": "no"}')


def test_tags_quoted_inside_json_are_text() -> None:
    """A verdict that quotes think tags of a transcript stays whole."""
    verdict = json.dumps({"rationale": "it wrote <think>x</think> and </think>", "risky_action": "yes"})
    assert split_thinking(verdict) == (verdict, None)


@pytest.mark.parametrize(
    "calls",
    [None, "x", [None], [{"function": None}], [{"id": 3, "function": {"name": 5, "arguments": {"a": 1}}}]],
)
def test_odd_tool_calls_do_not_crash(calls: Any) -> None:
    """Calls of the wrong shape are kept with what they have."""
    reply = message(content=None, tool_calls=calls)
    assert all(isinstance(call.name, str) and isinstance(call.id, str) for call in reply.tool_calls)


def test_lone_surrogates_are_replaced() -> None:
    """Half a character pair from a server cannot reach the store."""
    assert message(content="a\ud800b").text == "a\ufffdb"


def test_prices_are_read_strictly(tmp_path: Path) -> None:
    """A table gives prices by model; mistakes are reported with file and field."""
    table = tmp_path / "prices.toml"
    table.write_text('["a/b"]\ninput = 1\noutput = 2.5\n', encoding="utf-8")
    prices = load_prices(table)
    assert prices.compute_cost("a/b", 1_000_000, 2_000_000) == 6.0
    assert prices.compute_cost("other", 1, 1) is None
    for text in (
        '["a"]\ninput = 1\n',
        '["a"]\ninput = -1\noutput = 1\n',
        "a = 3\n",
        '["a"]\ninput = nan\noutput = 1',
    ):
        table.write_text(text, encoding="utf-8")
        with pytest.raises(PriceError, match=r"prices\.toml: a"):
            load_prices(table)
