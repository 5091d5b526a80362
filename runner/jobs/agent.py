"""The agentic protocol: a model works on a scenario's task with its tools until it is done or out of calls."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from secondreader.db.core.content import Message, ToolCall
from secondreader.runner.models.client import CallText, CompletionRequest, ModelClient, ModelReply, TokenUsage
from secondreader.runner.scenarios.pack import Scenario
from secondreader.runner.scenarios.tool_results import ToolResult, find_tool_result

MAX_CALLS = 10
"""Tool calls that one attempt may run, as in the reference study (arXiv 2601.17344)."""


@dataclass(frozen=True, slots=True)
class AttemptSetup:
    """What one attempt starts from."""

    model: str
    scenario: Scenario
    system: str
    """The system message."""
    user: str
    """The first user message."""
    tools: Sequence[dict[str, Any]]
    """Tools as an OpenAI chat request lists them; none for protocols without tools."""
    temperature: float | None
    seed: int
    max_calls: int = MAX_CALLS
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What one attempt brought."""

    messages: tuple[Message, ...]
    stop_reason: str
    """finished, call_limit, or the server's finish_reason where it cut the last reply (length, content_filter)."""
    n_calls: int
    """Tool calls written, whatever became of them."""
    n_requests: int
    usage: TokenUsage


@dataclass
class Conversation:
    """One attempt under way: as the server is sent it, and as it is kept."""

    setup: AttemptSetup
    sent: list[dict[str, Any]] = field(default_factory=list)
    kept: list[Message] = field(default_factory=list)
    n_calls: int = 0
    n_requests: int = 0
    usage: TokenUsage = field(default_factory=TokenUsage)

    def start(self) -> None:
        """Put in the system and the user message."""
        for role, text in (("system", self.setup.system), ("user", self.setup.user)):
            self.sent.append({"role": role, "content": text})
            self.kept.append(Message.model_validate({"role": role, "text": text}))

    def add_reply(self, reply: ModelReply) -> None:
        """Add a reply and the results of its calls. Calls beyond the limit are kept as attempted and get no result."""
        # a model may write more calls in one message than it has left
        left = max(self.setup.max_calls - self.n_calls, 0)
        results = [answer_call(self.setup.scenario, call) for call in reply.tool_calls[:left]]
        self.keep_reply(reply, results)
        ids = assign_call_ids(reply.tool_calls)
        self.sent.append(make_assistant_message(reply, ids))
        # not strict: calls beyond the limit have no result, and end the attempt
        for call, call_id, result in zip(reply.tool_calls, ids, results, strict=False):
            self.sent.append({"role": "tool", "tool_call_id": call_id, "content": result.text})
            self.kept.append(Message(role="tool", text=result.text, tool=call.name, is_error=result.is_error))
        self.n_calls += len(reply.tool_calls)
        self.n_requests += 1
        self.usage += reply.usage

    def keep_reply(self, reply: ModelReply, results: Sequence[ToolResult]) -> None:
        """Keep the assistant's message with what became of each call."""
        kept = [
            make_kept_call(call, results[position] if position < len(results) else None)
            for position, call in enumerate(reply.tool_calls)
        ]
        text = reply.text or reply.refusal or ""
        self.kept.append(
            Message(role="assistant", text=text, reasoning=reply.reasoning, tool_calls=tuple(kept))
        )

    def find_stop_reason(self, reply: ModelReply) -> str | None:
        """Why the attempt ends after this reply; None while it goes on."""
        if self.n_calls > self.setup.max_calls:
            return "call_limit"
        if reply.tool_calls:
            return None
        return reply.finish_reason if reply.finish_reason in {"length", "content_filter"} else "finished"


async def run_attempt(client: ModelClient, setup: AttemptSetup) -> AttemptResult:
    """Let the model work until it answers without a call, or calls a tool beyond the limit. Raises ClientError.

    After the last call that the limit allows it still gets its result and may answer.
    """
    talk = Conversation(setup)
    talk.start()
    while True:
        reply = await client.complete(
            CompletionRequest(
                model=setup.model,
                messages=talk.sent,
                temperature=setup.temperature,
                seed=setup.seed,
                tools=list(setup.tools),
                max_tokens=setup.max_tokens,
            )
        )
        talk.add_reply(reply)
        if reason := talk.find_stop_reason(reply):
            return AttemptResult(tuple(talk.kept), reason, talk.n_calls, talk.n_requests, talk.usage)


def answer_call(scenario: Scenario, call: CallText) -> ToolResult:
    """What the scenario's tool answers to a call."""
    return find_tool_result(scenario, call.name, call.raw)


def make_kept_call(call: CallText, result: ToolResult | None) -> ToolCall:
    """A call as it is kept; the text itself only where it is no JSON object."""
    raw = "" if call.arguments is not None else call.raw
    return ToolCall(
        name=call.name,
        arguments=call.arguments,
        raw=raw,
        status="attempted" if result is None else result.status,
    )


def assign_call_ids(calls: Sequence[CallText]) -> list[str]:
    """The server's ids where they are all different, else numbers."""
    ids = [call.id for call in calls]
    return ids if len(set(ids)) == len(ids) else [f"call{position}" for position in range(len(ids))]


def make_assistant_message(reply: ModelReply, ids: Sequence[str]) -> dict[str, Any]:
    """A reply as the next request carries it, without its reasoning: servers drop or refuse that."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.tool_calls:
        # Servers parse these arguments for the model's template and fail on broken JSON: the tool's error tells the
        # model what was wrong with it.
        message["tool_calls"] = [
            {
                "id": call_id,
                "type": "function",
                "function": {"name": call.name or "unnamed", "arguments": json.dumps(call.arguments or {})},
            }
            for call, call_id in zip(reply.tool_calls, ids, strict=True)
        ]
    return message
