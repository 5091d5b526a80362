"""Writes a codebook as the TOML file that `secondreader.db.core.codebook` reads, with remarks beside its questions."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from secondreader.db.core.codebook import Answer, Codebook, Question
from secondreader.db.core.text import make_storable

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
UNQUOTED_KEY = re.compile(r"[A-Za-z0-9_-]+")


def bump_version(version: str) -> str:
    """`version` with its last number one higher: 1 -> 2, 1.9 -> 1.10, draft -> draft.2."""
    numbers = list(re.finditer(r"[0-9]+", version))
    # a version in words has nothing to count up
    if not numbers:
        return f"{version}.2"
    # the last number: 1.9 is followed by 1.10 and not by 2.9
    last = numbers[-1]
    return f"{version[: last.start()]}{int(last.group()) + 1}{version[last.end() :]}"


def format_codebook_toml(book: Codebook, remarks: Mapping[str, Sequence[str]]) -> str:
    """The codebook as TOML; `remarks` (question id -> texts) become comments before their questions."""
    lines = [
        f"name = {quote_string(book.name)}",
        f"version = {quote_string(book.version)}",
        f"unit = {quote_string(book.unit)}",
    ]
    for question in book.questions:
        lines += ["", *format_comments(remarks.get(question.id, ())), *format_question(question)]
    return "\n".join(lines) + "\n"


def format_comments(texts: Sequence[str]) -> Iterator[str]:
    """One comment a text; nothing in it can end the comment."""
    for text in texts:
        # a line end inside a remark would turn the rest of it into TOML
        yield f"# {CONTROL.sub(' ', make_storable(text)).strip()}"


def format_question(question: Question) -> Iterator[str]:
    """One question; what has its default is left out."""
    yield "[[questions]]"
    yield f"id = {quote_string(question.id)}"
    yield f"text = {quote_string(question.text)}"
    if question.definition:
        yield f"definition = {quote_string(question.definition)}"
    for name in ("optional", "needs_reasoning"):
        if getattr(question, name):
            yield f"{name} = true"
    yield from format_text_list("examples", question.examples)
    yield from format_text_list("counter_examples", question.counter_examples)
    if question.asked_when:
        yield "[questions.asked_when]"
        for other, answers in question.asked_when.items():
            yield f"{format_key(other)} = [{', '.join(map(quote_string, answers))}]"
    for answer in question.answers:
        yield from format_answer(answer)


def format_text_list(name: str, texts: Sequence[str]) -> Iterator[str]:
    """A list of texts, one a line; nothing for an empty one."""
    if texts:
        yield f"{name} = ["
        yield from (f"  {quote_string(text)}," for text in texts)
        yield "]"


def format_answer(answer: Answer) -> Iterator[str]:
    """One choice."""
    yield "[[questions.answers]]"
    yield f"value = {quote_string(answer.value)}"
    yield f"label = {quote_string(answer.label)}"


def format_key(name: str) -> str:
    """A key of a table, quoted where it must be."""
    return name if UNQUOTED_KEY.fullmatch(name) else quote_string(name)


def quote_string(text: str) -> str:
    """A basic string of TOML: JSON's, but for DEL, which TOML wants escaped."""
    return json.dumps(make_storable(text), ensure_ascii=False).replace("\x7f", "\\u007f")
