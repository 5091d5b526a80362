"""Scripts: what the scripted model server answers, written in YAML.

docs/running.md lists every field. The models here are that schema; `load_script` reads a file into them and
`answer` picks the reply to one request. The same request gets the same reply, except from a `sequence`.
"""

import hashlib
import json
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from secondreader.db.core.hashing import format_canonical_json
from secondreader.runner.models.schema_examples import make_example
from secondreader.runner.scenarios.load import load_yaml_model
from secondreader.runner.scenarios.strict_yaml import InvalidFileError
from secondreader.runner.scenarios.validation import make_validation_error


class ScriptError(InvalidFileError):
    """A script cannot be used: each problem with file, line, field and what was expected."""


class UnscriptedRequest(LookupError):
    """No rule of the script matches a request."""


def check_pattern(text: str) -> str:
    """Refuse what is not a regular expression."""
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return text


Pattern = Annotated[str, AfterValidator(check_pattern)]


class ScriptModel(BaseModel):
    """A part of a script. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ScriptedUsage(ScriptModel):
    """The token counts that a reply reports."""

    prompt: int = Field(ge=0)
    """prompt_tokens"""
    completion: int = Field(ge=0)
    """completion_tokens"""


class ScriptedCall(ScriptModel):
    """One tool call of a reply."""

    name: str | None = None
    """The tool's name; left out: one of the offered tools, chosen by hash."""
    arguments: dict[str, Any] | None = None
    """The arguments; left out: examples made from the tool's JSON schema."""
    raw: str | None = None
    """The arguments' text instead, e.g. broken JSON."""

    @model_validator(mode="after")
    def _forbid_arguments_and_raw(self) -> "ScriptedCall":
        if self.arguments is not None and self.raw is not None:
            # pointed at raw: it is the field that is meant for what arguments cannot say
            raise make_validation_error([(("raw",), "stands beside arguments; keep one of the two")])
        return self


class ScriptedReply(ScriptModel):
    """One answer of the server. `{1}`, `{2}`, ... in text and reasoning are the groups of the rule's pattern."""

    text: str | None = None
    """The message's content."""
    reasoning: str | None = None
    """Its reasoning_content."""
    tool_calls: tuple[ScriptedCall, ...] = ()
    """Its tool calls."""
    refusal: str | None = None
    """Its refusal."""
    finish_reason: str | None = None
    """Left out: tool_calls where there are some, else stop."""
    usage: ScriptedUsage | None = None
    """Left out: the words of the request and of the reply."""
    status: int = Field(default=200, ge=200, le=599)
    """HTTP status; from 400 on the body is an error in OpenAI's shape with `text` as its message."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Further headers, e.g. Retry-After: "1"."""
    body: str | None = None
    """The whole body as it is, well formed or not, instead of all the above but status and headers."""
    delay: float = Field(default=0.0, ge=0, le=600)
    """Seconds to wait before answering."""


class WeightedReply(ScriptModel):
    """One of several replies, with its weight."""

    weight: float = Field(default=1.0, gt=0)
    """Its share among the others' weights."""
    reply: ScriptedReply
    """The reply."""


class RequestConditions(ScriptModel):
    """Conditions on a request; all that are given must hold."""

    model: Pattern | None = None
    """The whole model name fits this regular expression."""
    last: Pattern | None = None
    """This regular expression is found in the last message's text."""
    any: Pattern | None = None
    """This regular expression is found in some message's text."""
    role: Literal["system", "user", "assistant", "tool"] | None = None
    """Role of the last message."""
    turn: int | tuple[int, ...] | None = None
    """Which answer in this conversation it would be, counted from 1; a number or a list of them."""
    tools: tuple[str, ...] | None = None
    """All these tools are offered; an empty list: no tool is."""
    seed: int | tuple[int, ...] | None = None
    """The request's seed; a number or a list of them."""
    structured: bool | None = None
    """Whether the request asks for a response_format."""


class ReplyRule(ScriptModel):
    """A reply to the requests that meet `when`: exactly one of reply, choose, sequence."""

    name: str = ""
    """For people, and part of the draw's hash."""
    when: RequestConditions = RequestConditions()
    """Conditions; left out: every request."""
    reply: ScriptedReply | None = None
    """Always this one."""
    choose: tuple[WeightedReply, ...] | None = Field(default=None, min_length=1)
    """One of these, chosen by a hash of the rule's name, the seed and the conversation."""
    sequence: tuple[ScriptedReply, ...] | None = Field(default=None, min_length=1)
    """The first one for the first time that this very request comes, and so on; then always the last."""

    @model_validator(mode="after")
    def _require_exactly_one(self) -> "ReplyRule":
        if sum(part is not None for part in (self.reply, self.choose, self.sequence)) != 1:
            raise make_validation_error([((), "needs exactly one of reply, choose, sequence")])
        return self


class Script(ScriptModel):
    """A file of rules, tried in order; the first that matches answers."""

    name: str
    """For people."""
    models: tuple[str, ...] = Field(min_length=1)
    """What GET /v1/models lists."""
    rules: tuple[ReplyRule, ...] = Field(min_length=1)
    """The rules."""


@dataclass(frozen=True)
class ChatRequest:
    """What a rule can see of a request's body."""

    body: dict[str, Any]

    @cached_property
    def model(self) -> str:
        """The model asked for."""
        return str(self.body.get("model", ""))

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation; entries that are no objects are left out."""
        found = self.body.get("messages")
        return [message for message in found if isinstance(message, dict)] if isinstance(found, list) else []

    @cached_property
    def texts(self) -> list[str]:
        """The text of each message."""
        return [content_to_text(message.get("content")) for message in self.messages]

    @cached_property
    def tools(self) -> dict[str, dict[str, Any]]:
        """JSON schema of the arguments of each offered tool, by name."""
        functions = [tool.get("function", {}) for tool in self.body.get("tools") or []]
        return {str(function.get("name")): function.get("parameters") or {} for function in functions}

    @property
    def seed(self) -> int | None:
        """The seed, if there is one."""
        seed = self.body.get("seed")
        return seed if isinstance(seed, int) else None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of model, seed and conversation."""
        # without temperature and tools: asking again in another shape is still the same request
        return hashlib.sha256(
            format_canonical_json([self.model, self.seed, self.messages]).encode()
        ).hexdigest()


@dataclass
class ScriptPlayer:
    """A script at work. Its only memory counts the requests that met a `sequence`."""

    script: Script
    sequence_counts: Counter[tuple[int, str]] = field(default_factory=Counter)

    def answer_request(self, request: ChatRequest) -> ScriptedReply:
        """The reply to a request, its calls and texts filled in. Raises Unscripted."""
        for position, rule in enumerate(self.script.rules):
            groups = match_conditions(rule.when, request)
            if groups is not None:
                # seeded by rule and request, not by time or order: reruns and parallel runs get the same replies
                rng = random.Random(f"{rule.name}/{request.fingerprint}")
                return fill_reply(self.choose_reply(position, rule, request, rng), request, groups, rng)
        raise UnscriptedRequest(f"No rule of the script {self.script.name!r} matches this request.")

    def choose_reply(
        self, position: int, rule: ReplyRule, request: ChatRequest, rng: random.Random
    ) -> ScriptedReply:
        """The rule's reply to this request."""
        if rule.choose is not None:
            return rng.choices(rule.choose, [choice.weight for choice in rule.choose])[0].reply
        if rule.sequence is not None:
            # by rule and request: other conversations must not use up this one's replies
            times = self.sequence_counts[position, request.fingerprint]
            self.sequence_counts[position, request.fingerprint] += 1
            return rule.sequence[min(times, len(rule.sequence) - 1)]
        # the model's validator has made sure that one of the three is set
        assert rule.reply is not None
        return rule.reply


def load_script(path: Path) -> Script:
    """The script in the file at `path`; ScriptError lists every problem found, each with line and field."""
    return load_yaml_model(path, Script, ScriptError)


def match_conditions(when: RequestConditions, request: ChatRequest) -> tuple[str, ...] | None:
    """The groups of the pattern that was searched last if all conditions hold, else None."""
    if not meets_plain_conditions(when, request):
        return None
    groups: tuple[str, ...] = ()
    # `last` after `any`: the groups of the more specific pattern win
    searches = ((when.any, request.texts), (when.last, request.texts[-1:]))
    for pattern, texts in searches:
        if pattern is None:
            continue
        hit = next((hit for text in texts if (hit := re.search(pattern, text))), None)
        if hit is None:
            return None
        groups = tuple(group or "" for group in hit.groups()) or groups
    return groups


def meets_plain_conditions(when: RequestConditions, request: ChatRequest) -> bool:
    """Whether the conditions that need no search hold."""
    n_answers = sum(message.get("role") == "assistant" for message in request.messages)
    last_role = request.messages[-1].get("role") if request.messages else None
    checks = (
        when.model is None or re.fullmatch(when.model, request.model) is not None,
        when.role is None or last_role == when.role,
        is_among(n_answers + 1, when.turn),
        is_among(request.seed, when.seed),
        when.tools is None
        # an empty list means no tools at all, and a subset test alone would accept any
        or (set(when.tools) <= set(request.tools) and bool(when.tools) == bool(request.tools)),
        when.structured is None or ("response_format" in request.body) == when.structured,
    )
    return all(checks)


def is_among(value: int | None, allowed: int | tuple[int, ...] | None) -> bool:
    """Whether the value is the wanted one or one of them; None wants anything."""
    return allowed is None or value in (allowed if isinstance(allowed, tuple) else (allowed,))


def fill_reply(
    reply: ScriptedReply, request: ChatRequest, groups: tuple[str, ...], rng: random.Random
) -> ScriptedReply:
    """The reply with its groups put in, and with tools and arguments chosen where the script leaves them open."""
    return reply.model_copy(
        update={
            "text": fill_groups(reply.text, groups),
            "reasoning": fill_groups(reply.reasoning, groups),
            "tool_calls": tuple(fill_call(call, request, rng) for call in reply.tool_calls),
        }
    )


def fill_groups(text: str | None, groups: tuple[str, ...]) -> str | None:
    """`text` with `{1}` and so on replaced by the groups; a number without a group stays."""
    if text is None:
        return None
    # one pass, so that braces which came from the request are not filled in again
    return re.sub(
        r"\{([1-9])\}", lambda hit: groups[int(hit[1]) - 1] if int(hit[1]) <= len(groups) else hit[0], text
    )


def fill_call(call: ScriptedCall, request: ChatRequest, rng: random.Random) -> ScriptedCall:
    """The call with a tool and with arguments. Raises Unscripted where a tool is to be chosen and none is offered."""
    if call.name is None and not request.tools:
        raise UnscriptedRequest("The reply calls one of the offered tools, and the request offers none.")
    # sorted: the draw must not depend on the order in which a client lists its tools
    name = call.name or rng.choice(sorted(request.tools))
    if call.raw is not None:
        return ScriptedCall(name=name, raw=call.raw)
    arguments = (
        call.arguments if call.arguments is not None else make_example(request.tools.get(name, {}), rng)
    )
    return ScriptedCall(name=name, raw=json.dumps(arguments, ensure_ascii=False))


def content_to_text(content: Any) -> str:
    """The text of a message's content: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))
