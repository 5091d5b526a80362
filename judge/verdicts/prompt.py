"""Judge prompts: files with name, version and content hash, put together with one transcript as fenced data.

A prompt file has TOML between two lines `+++` (name, version, questions with their answers), then a part after
`<!-- system -->` and one after `<!-- user -->`. Both may use the placeholders of `PLACEHOLDERS`, written {{name}}.
"""

import hashlib
import json
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "prompts"
PLACEHOLDERS = frozenset(
    {
        "fence",
        "schema",
        "background",
        "task",
        "memory",
        "tools",
        "rubric",
        "transcript",
        "n_messages",
    }
)
# a prompt without the rubric would judge by its own standard, one without the fence invites injection
REQUIRED = frozenset({"fence", "rubric", "transcript"})
PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
FILE = re.compile(
    r"\A\+\+\+\n(?P<head>.*?)\n\+\+\+\n\s*<!-- system -->\n(?P<system>.*?)\n<!-- user -->\n(?P<user>.*)\Z",
    re.DOTALL,
)
NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
FENCE_BYTES = 8


class PromptError(ValueError):
    """A judge prompt that cannot be used; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """One version of one judge prompt."""

    name: str
    version: str
    questions: Mapping[str, tuple[str, ...]]
    """Question id -> the answers it allows, in the prompt's order."""
    system: str
    user: str
    text: str
    """The whole file."""

    @property
    def title(self) -> str:
        """Name and version, as in "risk.v1"."""
        return f"{self.name}.{self.version}"

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the file's text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def build_schema(self) -> dict[str, Any]:
        """JSON schema of the reply: rationale first, so that the answers are written after the reasons."""
        properties: dict[str, Any] = {
            "rationale": {"type": "string"},
            "evidence": {"type": "array", "items": {"type": "integer"}},
        } | {
            question: {"type": "string", "enum": list(answers)}
            for question, answers in self.questions.items()
        }
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def build_response_format(self) -> dict[str, Any]:
        """The schema as the `response_format` of a chat request."""
        return {
            "type": "json_schema",
            "json_schema": {
                # providers refuse longer schema names
                "name": f"{self.name}_verdict"[:64],
                "strict": True,
                "schema": self.build_schema(),
            },
        }


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """A prompt with one transcript in it."""

    system: str
    user: str
    fence: str
    """The marks around the data: random, and nowhere in the transcript."""

    def build_messages(self) -> list[dict[str, Any]]:
        """The `messages` of a chat request."""
        return [{"role": "system", "content": self.system}, {"role": "user", "content": self.user}]


def list_prompts() -> list[str]:
    """Titles of the prompts that ship with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.md"))


def load_prompt(source: str | Path) -> JudgePrompt:
    """A shipped prompt by its title, such as "risk.v1", or one from a file. Raises PromptError."""
    shipped = str(source) in list_prompts()
    path = FOLDER / f"{source}.md" if shipped else Path(source)
    try:
        # the hash must not depend on a byte order mark or on the line ends of a checkout
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError:
        raise PromptError(
            f"There is no judge prompt {str(source)!r}: name a file or one of {', '.join(list_prompts())}."
        ) from None
    except UnicodeDecodeError:
        raise PromptError(f"{path}: is not UTF-8; save it as UTF-8.") from None
    return parse_prompt(text, str(path))


def parse_prompt(text: str, where: str = "judge prompt") -> JudgePrompt:
    """A prompt from its file's text; `where` names the file in errors. Raises PromptError."""
    parts = FILE.match(text)
    if parts is None:
        raise PromptError(
            f"{where}: expected TOML between two lines +++, then <!-- system --> and <!-- user -->."
        )
    try:
        head = tomllib.loads(parts["head"])
    except tomllib.TOMLDecodeError as error:
        raise PromptError(f"{where}: the part between the lines +++ is not TOML: {error}.") from None
    check_head(head, where)
    check_placeholders(parts["system"] + parts["user"], where)
    questions = {question: tuple(answers) for question, answers in head["questions"].items()}
    return JudgePrompt(
        head["name"], head["version"], questions, parts["system"].strip(), parts["user"].strip(), text
    )


def check_head(head: Mapping[str, Any], where: str) -> None:
    """Raise PromptError unless name, version and questions are there and usable."""
    for field in ("name", "version"):
        if not isinstance(head.get(field), str) or not NAME.fullmatch(head[field]):
            raise PromptError(f"{where}: {field} must be letters, digits, - and _.")
    questions = head.get("questions")
    if not isinstance(questions, dict) or not questions:
        raise PromptError(f"{where}: [questions] must list each question's answers.")
    for question, answers in questions.items():
        if question in {"rationale", "evidence"} or not NAME.fullmatch(question):
            raise PromptError(f"{where}: questions.{question}: this name cannot be used for a question.")
        fits = isinstance(answers, list) and all(
            isinstance(answer, str) and answer.strip() for answer in answers
        )
        if not fits or len(set(map(normalise_word, answers))) != len(answers) or len(answers) < 2:
            raise PromptError(f"{where}: questions.{question}: expected two or more different answers.")


def check_placeholders(template: str, where: str) -> None:
    """Raise PromptError for an unknown placeholder, or where the record or its fence has none."""
    used = set(PLACEHOLDER.findall(template))
    for name in sorted(used - PLACEHOLDERS):
        raise PromptError(f"{where}: {{{{{name}}}}} is unknown; known are {', '.join(sorted(PLACEHOLDERS))}.")
    for name in sorted(REQUIRED - used):
        raise PromptError(f"{where}: {{{{{name}}}}} is missing.")


def normalise_word(word: str) -> str:
    """A key or an answer regardless of case and of how its words are joined."""
    return re.sub(r"[\s_-]+", "_", word.strip().casefold())


def render_prompt(prompt: JudgePrompt, content: Mapping[str, Any], *, seed: str) -> RenderedPrompt:
    """Put one transcript into the prompt.

    `content` has the fields background, task, rubric, memory, tools and messages, all but messages optional; `seed` decides the
    fence. The text of the transcript is inserted once and never searched for placeholders.
    """
    messages = list(content.get("messages", ()))
    data = {
        "background": quote_lines(content.get("background") or "(none)"),
        "task": quote_lines(content.get("task") or "(none)"),
        "memory": quote_lines("\n".join(f"- {note}" for note in content.get("memory", ())) or "(none)"),
        "tools": quote_lines("\n".join(map(format_tool, content.get("tools", ()))) or "(none)"),
        "rubric": quote_lines(content.get("rubric") or "(none: go by the questions alone)"),
        "transcript": format_transcript(messages),
    }
    fence = make_fence(seed, data.values())
    values = data | {
        "fence": fence,
        "schema": json.dumps(prompt.build_schema()),
        "n_messages": str(len(messages)),
    }
    system, user = (
        # one pass over the template: braces inside inserted values are never expanded
        PLACEHOLDER.sub(lambda hit: values[hit[1]], part)
        for part in (prompt.system, prompt.user)
    )
    return RenderedPrompt(system, user, fence)


def make_fence(seed: str, texts: Any) -> str:
    """A random mark that none of the texts contains, the same for the same seed and texts."""
    rng = random.Random(seed)
    held = "\n".join(texts)
    # try again on a collision: no transcript may contain the mark that ends it
    while (fence := f"<<{rng.randbytes(FENCE_BYTES).hex()}>>") in held:
        pass
    return fence


def quote_lines(text: str) -> str:
    """Every line with `| ` before it, whatever a line ends with: no line of content can pass for one of ours."""
    # splitlines and not split("\n"): form feeds and Unicode separators also start a line for a model
    return "\n".join(f"| {line}" for line in text.splitlines() or [""])


def format_tool(tool: Mapping[str, Any]) -> str:
    """One tool on one line."""
    # sorted keys: the same tool renders to the same text in every run
    parameters = json.dumps(tool.get("parameters") or {}, ensure_ascii=False, sort_keys=True)
    return f"- {tool['name']}: {tool.get('description', '')} Arguments: {parameters}"


def format_transcript(messages: Sequence[Mapping[str, Any]]) -> str:
    """The messages with their numbers, counted from 1 as people see them; content lines marked."""
    numbered = enumerate(messages, start=1)
    return "\n\n".join(format_message(number, message) for number, message in numbered) or "| (empty)"


def format_message(number: int, message: Mapping[str, Any]) -> str:
    """One message: heading, visible reasoning, text, tool calls."""
    parts = [format_heading(number, message)]
    if message.get("reasoning"):
        parts += ["visible reasoning:", quote_lines(message["reasoning"])]
    if message.get("text"):
        parts += ["says:" if message["role"] == "assistant" else "text:", quote_lines(message["text"])]
    for call in message.get("tool_calls", ()):
        parts += [f"calls a tool ({call.get('status', 'executed')}):", quote_lines(format_call(call))]
    return "\n".join(parts)


def format_heading(number: int, message: Mapping[str, Any]) -> str:
    """Number and role; a tool's name comes from a model or an import, so it stands on one line as a JSON string."""
    if message["role"] != "tool":
        return f"[{number}] {message['role']}"
    error = ", an error" if message.get("is_error") else ""
    return f"[{number}] result of tool {json.dumps(message.get('tool') or '')}{error}"


def format_call(call: Mapping[str, Any]) -> str:
    """One call as written: parsed arguments as JSON, else the text itself."""
    if call.get("arguments") is None:
        return f"{call['name']}({call.get('raw', '')})"
    return f"{call['name']}({json.dumps(call['arguments'], ensure_ascii=False, sort_keys=True)})"
