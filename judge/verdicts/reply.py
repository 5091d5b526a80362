"""Parse a judge's reply: strictly as JSON, else from JSON inside it, never by searching for words.

A reply that cannot be parsed stays unparsed, with a reason; it never counts as "not risky".
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from secondreader.judge.verdicts.prompt import normalise_word

Questions = Mapping[str, tuple[str, ...]]
Pairs = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """The answers in a reply, or the reason why it has none."""

    state: str
    """parsed or unparsed"""
    answers: dict[str, str] = field(default_factory=dict)
    """Question id -> answer; all questions when parsed, none when not."""
    evidence: tuple[int, ...] = ()
    """Indices of the deciding messages, in order, those outside the transcript left out."""
    rationale: str | None = None
    way: str = ""
    """strict: the reply is exactly the JSON object of the schema; tolerant: the object was extracted from it."""
    reason: str = ""
    """Why it is unparsed, for the judge's second attempt and for the researcher."""

    @property
    def is_parsed(self) -> bool:
        """Whether there are answers."""
        return self.state == "parsed"


class UnreadableReply(ValueError):
    """Why a reply has no verdict in it."""


def parse_reply(text: str, questions: Questions, n_messages: int) -> ParsedReply:
    """The verdict that a judge's reply states.

    First the whole reply as JSON with exactly the keys asked for. Then every JSON object in it (fenced or not) that has a key for
    one of the questions, keys and answers read regardless of case and of how words are joined: all of them must state
    the same complete answers. Several objects that differ, a missing or unknown answer, or no object: unparsed.
    """
    try:
        objects, way = find_objects(text, questions)
        answers = [read_answers(pairs, questions) for pairs in objects]
        if not answers:
            raise UnreadableReply("there is no JSON object with the answers")
        if any(answer != answers[0] for answer in answers):
            raise UnreadableReply("it holds several JSON objects with different answers")
        # answers are equal in all objects; the last one carries the final rationale and evidence
        fields = {normalise_word(key): value for key, value in objects[-1]}
        return ParsedReply(
            "parsed",
            answers[0],
            read_evidence(fields.get("evidence"), n_messages),
            read_rationale(fields.get("rationale")),
            way,
        )
    except UnreadableReply as error:
        return ParsedReply("unparsed", reason=str(error))


def find_objects(text: str, questions: Questions) -> tuple[list[Pairs], str]:
    """The objects that bear on the questions, as key-value pairs, and the way they were found."""
    whole = decode_json(text)
    if isinstance(whole, ObjectMembers) and is_strict(whole.pairs, questions):
        return [whole.pairs], "strict"
    return [
        pairs
        for parsed_object in scan_objects(text)
        for pairs in find_bearing_pairs(parsed_object, questions)
    ], "tolerant"


class ObjectMembers:
    """A JSON object as its key-value pairs: a dict would keep the last of two equal keys and hide the conflict."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs


DECODER = json.JSONDecoder(object_pairs_hook=ObjectMembers)
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
OBJECT_START = re.compile(r"""\{\s*(?:["']|\w+\s*:)""")


def decode_json(text: str) -> Any:
    """The text as JSON; None where it is none."""
    try:
        return DECODER.decode(text.strip())
    except (ValueError, RecursionError):
        return None


def scan_objects(text: str) -> Iterable[ObjectMembers]:
    """The outermost JSON objects in a text, in order; what stands inside one is not looked at again.

    Raises UnreadableReply for a broken object: one inside it may be a quotation, and not the verdict.
    """
    at = text.find("{")
    while at >= 0:
        try:
            parsed_object, end = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            # a brace in prose or code is no object; one followed by a key is
            if OBJECT_START.match(text, at):
                raise UnreadableReply("it holds a JSON object that is broken or cut off") from None
            end = at + 1
        else:
            yield parsed_object
        at = text.find("{", end)


def is_strict(pairs: Pairs, questions: Questions) -> bool:
    """Whether these are exactly the members asked for, each once, with allowed values."""
    members = dict(pairs)
    return (
        len(members) == len(pairs)
        and set(members) == {"rationale", "evidence", *questions}
        and isinstance(members["rationale"], str)
        and isinstance(members["evidence"], list)
        and all(members[question] in answers for question, answers in questions.items())
    )


def find_bearing_pairs(parsed_object: ObjectMembers, questions: Questions) -> list[Pairs]:
    """The object's pairs if it has a key of a question; else those of the objects directly inside it that have one."""
    keys = {normalise_word(question) for question in questions}
    inner = [value.pairs for _, value in parsed_object.pairs if isinstance(value, ObjectMembers)]
    candidates = [parsed_object.pairs] if has_key(parsed_object.pairs, keys) else inner
    return [pairs for pairs in candidates if has_key(pairs, keys)]


def has_key(pairs: Pairs, keys: set[str]) -> bool:
    """Whether the pairs have one of these keys, regardless of spelling."""
    return any(normalise_word(key) in keys for key, _ in pairs)


def read_answers(pairs: Pairs, questions: Questions) -> dict[str, str]:
    """Every question's answer. Raises UnreadableReply for one that is missing, unknown or answered twice differently."""
    answers = {}
    for question, allowed in questions.items():
        stated = {
            read_answer(value, question, allowed)
            for key, value in pairs
            if normalise_word(key) == normalise_word(question)
        }
        if len(stated) != 1:
            raise UnreadableReply(
                f"{question} is {'missing' if not stated else 'answered twice, differently'}"
            )
        answers[question] = stated.pop()
    return answers


def read_answer(value: Any, question: str, allowed: tuple[str, ...]) -> str:
    """The allowed answer that a value states. Raises UnreadableReply."""
    # JSON true is what some models write for yes; it must be tested before anything that takes it for 1
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, str):
        for answer in allowed:
            if normalise_word(value.strip().rstrip(".")) == normalise_word(answer):
                return answer
    text = value if isinstance(value, str) else type(value).__name__
    raise UnreadableReply(f"{question} must be one of {', '.join(allowed)}, not {text[:40]!r}")


def read_evidence(value: Any, n_messages: int) -> tuple[int, ...]:
    """Message indices, from 0, of the numbers in a reply, which count from 1: each once, in order.

    Numbers of no message of this transcript are left out.
    """
    entries = value if isinstance(value, list) else [value]
    numbers = {number for entry in entries if (number := read_number(entry)) is not None}
    return tuple(sorted(number - 1 for number in numbers if 1 <= number <= n_messages))


def read_number(entry: Any) -> int | None:
    """One message's number: a whole number, or its digits, with or without square brackets."""
    # bool is a subclass of int: true is not message 1
    if isinstance(entry, int) and not isinstance(entry, bool):
        return entry
    if isinstance(entry, str):
        digits = entry.strip().removeprefix("[").removesuffix("]")
        # isdigit alone accepts superscripts, which int refuses
        if digits.isascii() and digits.isdigit() and len(digits) <= 9:
            return int(digits)
    return None


def read_rationale(value: Any) -> str | None:
    """The rationale, if it is text; what no database holds (NUL, half character pairs) becomes U+FFFD."""
    return UNSTORABLE.sub("\ufffd", value).strip() or None if isinstance(value, str) else None
