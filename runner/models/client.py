"""The one network seam: chat completions of any OpenAI-compatible server, as typed replies."""

import asyncio
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import openai

from secondreader.db.core.text import clean_text
from secondreader.runner.models.prices import Prices
from secondreader.runner.scenarios.tool_results import parse_arguments

KEY_VARIABLE = "OPENAI_API_KEY"
NO_KEY = "none"
"""Sent where the environment holds no key: servers on one's own machine want none."""
MALFORMED_TRIES = 3
# Tags count only at the start of a line, a lone closing one only at the end of one: inside a JSON string, where
# a model may quote a transcript, there is neither.
THINK = re.compile(r"^[ \t]*<think(?:ing)?>(.*?)</think(?:ing)?>", re.DOTALL | re.IGNORECASE | re.MULTILINE)
THINK_UNCLOSED = re.compile(r"\s*<think(?:ing)?>(.*)", re.DOTALL | re.IGNORECASE)
# Chat templates that write the opening tag into the prompt leave only the closing one in the reply.
THINK_UNOPENED = re.compile(r"(.*?)</think(?:ing)?>[ \t]*(?:\n|\Z)", re.DOTALL | re.IGNORECASE)


class ClientError(Exception):
    """A request that brought no usable reply, in one sentence without any key."""


class RequestRefused(ClientError):
    """The server understood the request and will not answer one of this shape.

    HTTP 400, 404 or 422; llama.cpp's Python server says 500 and names the field.
    """


@dataclass(frozen=True, slots=True)
class CallText:
    """One tool call as the model wrote it."""

    id: str
    """The server's id, to send back with the result; never stored."""
    name: str
    arguments: dict[str, Any] | None
    """None where the text is not a JSON object."""
    raw: str
    """The arguments' text, verbatim."""


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """What replies took."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    """In the price table's currency; None without a table or a price for the model."""

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        """Both together; a cost that is unknown on one side counts nothing there."""
        # a price missing for one of two models must not hide what the other one cost
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return TokenUsage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            sum(costs) if costs else None,
        )


@dataclass(frozen=True, slots=True)
class ModelReply:
    """One answer of a model."""

    text: str
    """What it said, without its visible reasoning."""
    reasoning: str | None
    """Visible reasoning: the server's reasoning field or <think> tags; None where there is none."""
    tool_calls: tuple[CallText, ...]
    finish_reason: str
    refusal: str | None
    usage: TokenUsage


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """One chat completion to ask for."""

    model: str
    messages: list[dict[str, Any]]
    temperature: float | None = None
    seed: int | None = None
    tools: list[dict[str, Any]] = field(default_factory=list)
    response_format: dict[str, Any] | None = None
    max_tokens: int | None = None

    def build_body(self) -> dict[str, Any]:
        """The request's fields; those that are not set are left to the server."""
        fields = {
            "model": self.model,
            "messages": self.messages,
            "temperature": self.temperature,
            "seed": self.seed,
            "tools": self.tools or None,
            "response_format": self.response_format,
            "max_tokens": self.max_tokens,
        }
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, and how patiently."""

    base_url: str
    key_variable: str = KEY_VARIABLE
    """Environment variable that holds the key; the key itself goes nowhere but into the request's header."""
    timeout: float = 120.0
    """Seconds to wait for one answer."""
    retries: int = 4
    """Further tries after 408, 409, 429 and 5xx answers and lost connections; Retry-After is heeded."""
    concurrency: int = 8
    """Requests under way at once."""
    pause: float = 0.5
    """Seconds before a malformed answer is asked for again; doubled each time."""

    def __post_init__(self) -> None:
        """Refuse an address that is none, or that carries a secret into logs and database."""
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ClientError(
                f"{self.get_public_url()!r} is not a base URL; write one such as http://localhost:8000/v1."
            )
        # the address is stored with each run and shown in errors: nothing secret may stand in it
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ClientError(
                f"The base URL may hold no user, password or query; put the key into {self.key_variable}."
            )

    def get_public_url(self) -> str:
        """The base URL without whatever may be secret in it."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")

    @property
    def host(self) -> str:
        """The server's name without port: what tells one provider from another."""
        return urlsplit(self.base_url).hostname or ""


class ModelClient:
    """Asks one server. Use as an async context manager; connections are closed at its end."""

    def __init__(self, endpoint: Endpoint, prices: Prices | None = None) -> None:
        self.endpoint = endpoint
        self.prices = prices or Prices()
        self.key = os.environ.get(endpoint.key_variable) or NO_KEY
        # one semaphore for all requests of this client: retries of the SDK hold their slot too
        self.slots = asyncio.Semaphore(endpoint.concurrency)
        self.sdk = openai.AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=self.key,
            timeout=endpoint.timeout,
            max_retries=endpoint.retries,
        )
        # Read from OPENAI_ORG_ID and OPENAI_PROJECT_ID, they would go to whatever server is named.
        self.sdk.organization = self.sdk.project = None

    async def __aenter__(self) -> Self:
        """Nothing to do: connections are made when they are needed."""
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Close the connections."""
        await self.sdk.close()

    async def complete(self, request: CompletionRequest) -> ModelReply:
        """The model's answer. Raises ClientError, and Refused where asking again in another shape may help."""
        for tried in range(MALFORMED_TRIES):
            text = await self.post_request(request)
            try:
                return read_reply(text, request.model, self.prices)
            except MalformedReply as error:
                problem = str(error)
                if tried + 1 < MALFORMED_TRIES:
                    await asyncio.sleep(self.endpoint.pause * 2**tried)
        raise ClientError(f"{self.endpoint.get_public_url()} {problem}, {MALFORMED_TRIES} times.")

    async def post_request(self, request: CompletionRequest) -> str:
        """The body of a successful answer. Raises ClientError."""
        shown = self.endpoint.get_public_url()
        try:
            async with self.slots:
                # the raw body, not the SDK's models: a malformed answer is ours to describe and to ask for again
                answer = await self.sdk.chat.completions.with_raw_response.create(**request.build_body())
            return str(answer.text)
        # before APIConnectionError, of which it is a subclass
        except openai.APITimeoutError:
            raise ClientError(f"{shown} did not answer within {self.endpoint.timeout:g} s.") from None
        except openai.APIConnectionError as error:
            raise ClientError(f"{shown} cannot be reached: {error.__cause__ or error}.") from None
        except openai.APIStatusError as error:
            kind = RequestRefused if is_refusal(error) else ClientError
            # servers quote the key that they refuse, and this text goes to logs and reports
            message = self.mask_key(describe_status_error(error))
            raise kind(f"{shown} answered {error.status_code}: {message}") from None

    def mask_key(self, text: str) -> str:
        """`text` with the key blanked: servers quote the key that they refuse."""
        return text.replace(self.key, "***") if self.key != NO_KEY else text


class MalformedReply(ValueError):
    """A body that is no chat completion; the message goes on after the server's name."""


def is_refusal(error: openai.APIStatusError) -> bool:
    """Whether another shape of the request may be answered."""
    names_field = error.status_code == 500 and "response_format" in error.response.text
    return error.status_code in {400, 404, 422} or names_field


def describe_status_error(error: openai.APIStatusError) -> str:
    """What the server said about its refusal, shortened."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    # proxies answer with a page of their own, without OpenAI's error object
    text = message if isinstance(message, str) and message else error.response.text
    return " ".join(text.split())[:300] or "no explanation."


def read_reply(text: str, model: str, prices: Prices) -> ModelReply:
    """A chat completion's body as a reply. Raises MalformedReply."""
    try:
        body = json.loads(text)
        choice = body["choices"][0]
        message = choice["message"]
    # a body of many thousand brackets exhausts the parser instead of failing to parse
    except (ValueError, RecursionError):
        raise MalformedReply("answered with something that is not JSON") from None
    except (KeyError, IndexError, TypeError):
        raise MalformedReply("answered with JSON that holds no message") from None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise MalformedReply("answered with JSON that holds no message")
    said, thought = split_thinking(remove_unstorable(content_to_text(message.get("content"))))
    return ModelReply(
        text=said,
        reasoning=extract_reasoning(message) or thought,
        tool_calls=read_calls(message.get("tool_calls")),
        finish_reason=str(choice.get("finish_reason") or "stop"),
        refusal=remove_unstorable(refusal) if isinstance(refusal := message.get("refusal"), str) else None,
        usage=read_usage(body.get("usage"), model, prices),
    )


def remove_unstorable(text: str) -> str:
    """`text` without what no store takes: half character pairs, and NUL, which PostgreSQL refuses."""
    return clean_text(text).replace("\x00", "\ufffd")


def content_to_text(content: Any) -> str:
    """The text of a message's content: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(
        str(part["text"])
        for part in parts
        if isinstance(part, dict) and part.get("type") == "text" and "text" in part
    )


def extract_reasoning(message: Mapping[str, Any]) -> str | None:
    """Visible reasoning from the fields that servers use: reasoning_content, reasoning, reasoning_details."""
    for name in ("reasoning_content", "reasoning"):
        if isinstance(found := message.get(name), str) and found.strip():
            return remove_unstorable(found.strip())
    details = message.get("reasoning_details")
    parts = [
        str(part.get("text") or part.get("summary") or "")
        for part in (details if isinstance(details, list) else [])
        if isinstance(part, dict)
    ]
    return remove_unstorable("\n".join(part for part in parts if part).strip()) or None


def split_thinking(text: str) -> tuple[str, str | None]:
    """What was said, and what stood in <think> tags; text after an opening tag that never closes is all thinking."""
    thoughts = THINK.findall(text)
    said = THINK.sub("", text)
    # whole blocks are gone by now: a tag that is left has lost its partner
    for pattern in (THINK_UNCLOSED, THINK_UNOPENED):
        if hit := pattern.match(said):
            thoughts.append(hit[1])
            said = said[hit.end() :]
    thought = "\n\n".join(part.strip() for part in thoughts if part.strip())
    return (said.strip() if thoughts else said), thought or None


def read_calls(raw_calls: Any) -> tuple[CallText, ...]:
    """The tool calls of a message; entries without a function name are kept under an empty name."""
    calls = []
    for position, call in enumerate(raw_calls if isinstance(raw_calls, list) else []):
        function = call.get("function") if isinstance(call, dict) else None
        function = function if isinstance(function, dict) else {}
        arguments = function.get("arguments")
        raw = (
            arguments
            if isinstance(arguments, str)
            else json.dumps(arguments if arguments is not None else {})
        )
        call_id = call.get("id") if isinstance(call, dict) else None
        calls.append(
            CallText(
                # the result has to name its call, also where the server gave none
                id=call_id if isinstance(call_id, str) and call_id else f"call{position}",
                name=remove_unstorable(str(function.get("name") or "")),
                arguments=parse_arguments(raw),
                raw=remove_unstorable(raw),
            )
        )
    return tuple(calls)


def read_usage(raw_usage: Any, model: str, prices: Prices) -> TokenUsage:
    """Token counts and their cost; zeros where the server tells none."""
    usage = raw_usage if isinstance(raw_usage, dict) else {}
    prompt, completion = (
        count if isinstance(count := usage.get(name), int) and count > 0 else 0
        for name in ("prompt_tokens", "completion_tokens")
    )
    return TokenUsage(prompt, completion, prices.compute_cost(model, prompt, completion))
