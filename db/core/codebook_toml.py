"""Writes a codebook as the TOML file that `secondreader.db.core.codebook` reads, with remarks beside its questions."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from secondreader.db.core.canonical import plain_text
from secondreader.db.core.codebook import Answer, Codebook, Question

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def next_version(version: str) -> str:
    """`version` with its last number one higher: 1 -> 2, 1.9 -> 1.10, draft -> draft.2."""
    found = list(re.finditer(r"[0-9]+", version))
    if not found:
        return f"{version}.2"
    last = found[-1]
    return f"{version[: last.start()]}{int(last.group()) + 1}{version[last.end() :]}"


def codebook_toml(book: Codebook, remarks: Mapping[str, Sequence[str]]) -> str:
    """The codebook as TOML; `remarks` (question id -> texts) become comments before their questions."""
    lines = [
        f"name = {quoted(book.name)}",
        f"version = {quoted(book.version)}",
        f"unit = {quoted(book.unit)}",
    ]
    for question in book.questions:
        lines += ["", *comments(remarks.get(question.id, ())), *question_lines(question)]
    return "\n".join(lines) + "\n"


def comments(texts: Sequence[str]) -> Iterator[str]:
    """One comment a text; nothing in it can end the comment."""
    for text in texts:
        yield f"# {CONTROL.sub(' ', plain_text(text)).strip()}"


def question_lines(question: Question) -> Iterator[str]:
    """One question; what has its default is left out."""
    yield "[[questions]]"
    yield f"id = {quoted(question.id)}"
    yield f"text = {quoted(question.text)}"
    if question.definition:
        yield f"definition = {quoted(question.definition)}"
    for name in ("optional", "needs_reasoning"):
        if getattr(question, name):
            yield f"{name} = true"
    yield from listed("examples", question.examples)
    yield from listed("counter_examples", question.counter_examples)
    if question.asked_when:
        yield "[questions.asked_when]"
        for other, answers in question.asked_when.items():
            yield f"{key(other)} = [{', '.join(map(quoted, answers))}]"
    for answer in question.answers:
        yield from answer_lines(answer)


def listed(name: str, texts: Sequence[str]) -> Iterator[str]:
    """A list of texts, one a line; nothing for an empty one."""
    if texts:
        yield f"{name} = ["
        yield from (f"  {quoted(text)}," for text in texts)
        yield "]"


def answer_lines(answer: Answer) -> Iterator[str]:
    """One choice."""
    yield "[[questions.answers]]"
    yield f"value = {quoted(answer.value)}"
    yield f"label = {quoted(answer.label)}"


def key(name: str) -> str:
    """A key of a table, quoted where it must be."""
    return name if BARE_KEY.fullmatch(name) else quoted(name)


def quoted(text: str) -> str:
    """A basic string of TOML: JSON's, but for DEL, which TOML wants escaped."""
    return json.dumps(plain_text(text), ensure_ascii=False).replace("\x7f", "\\u007f")
