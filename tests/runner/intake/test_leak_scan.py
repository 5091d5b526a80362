"""The leak scan finds what speaks of the model, and marks nothing else."""

import pytest

from secondreader.db.core.content import Content, Message, ToolCall
from secondreader.db.core.hashing import compute_content_hash
from secondreader.runner.intake.leak_scan import (
    MARK,
    MIN_HIDDEN,
    PATTERNS,
    SCAN_VERSION,
    find_leaks,
    list_model_tokens,
    redact_content,
)


def said(text: str) -> Content:
    """A transcript of one turn."""
    return Content(messages=(Message(role="assistant", text=text),))


@pytest.mark.parametrize(
    "text",
    [
        "I am Claude Monet, the painter.",
        "This is Gemini season.",
        "as Gemini, Leo and Virgo",
        "As a Gemini, I love change.",
        "the app built by Google works",
        "I think the app built by Google works",
    ],
)
def test_names_that_mean_something_else_are_left_alone(text: str) -> None:
    """Painters, stars and firms' products say nothing about the transcript's author."""
    assert find_leaks(said(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "I'm an AI assistant called Claude",
        "I am Mistral Large 2",
        "I am Mistral Large 2.",
        "You are Claude, made by Anthropic",
        "As Claude, an AI assistant, no.",
        "I am an assistant, created by Anthropic.",
        "I was originally developed by OpenAI",
    ],
)
def test_what_speaks_of_itself_is_found(text: str) -> None:
    """Name or maker, in the first person or as an assistant's."""
    assert find_leaks(said(text))
    assert MARK in redact_content(said(text)).messages[0].text


def test_what_stands_around_a_finding_is_kept() -> None:
    """Whole words of up to AROUND characters each side, of the first of equal findings in one field."""
    text = f"{'so it is ' * 20}and I am GPT-4, made for this. {'and so on ' * 20}I am GPT-4, again."
    (found,) = find_leaks(Content(task="t", messages=(Message(role="assistant", text=text),)))
    assert (found.where, found.excerpt) == ("message 1 text", "GPT-4")
    assert found.before == f"… it is {'so it is ' * 7}and I am "
    assert found.after == f", made for this. {'and so on ' * 6}…"
    (short,) = find_leaks(Content(messages=(Message(role="assistant", text="I am GPT-4."),)))
    assert (short.before, short.after) == ("I am ", ".")


def test_only_the_passage_is_marked() -> None:
    """A vendor's name in a tool's name or another sentence stays what it is."""
    call = ToolCall(name="GoogleHomeControl", raw="GoogleHomeControl{}", arguments={"name": "I am Claude."})
    content = Content(
        messages=(Message(role="assistant", text="I was made by Google. Google it.", tool_calls=(call,)),)
    )
    (message,) = redact_content(content).messages
    assert message.text == f"I was made by {MARK}. Google it."
    assert (message.tool_calls[0].name, message.tool_calls[0].raw) == (call.name, call.raw)
    assert message.tool_calls[0].arguments == {"name": f"I am {MARK}."}
    assert find_leaks(redact_content(content)) == []


def test_the_models_own_id_is_found_as_a_whole_token() -> None:
    """With the import's model known, its id counts anywhere; an id that is a word does not."""
    text = said("Logged as qwen3-32b today; qwen3-32bx is another.")
    assert [(one.kind, one.excerpt) for one in find_leaks(text, model="Qwen_Qwen3-32B_int4")] == [
        ("own model id", "qwen3-32b")
    ]
    assert find_leaks(said("The agent acts."), model="agent") == []
    assert list_model_tokens("meta-llama/Llama-3.1-8B") == ["meta-llama/Llama-3.1-8B", "Llama-3.1-8B"]


def test_marks_that_overlap_become_one() -> None:
    """A hidden text that holds a vendor leaves no half of either."""
    secret = "the assistant was made by Google and leaked"
    content = said(f"Log: {secret}.")
    assert redact_content(content, {"note": secret}).messages[0].text == f"Log: {MARK}."


def test_other_rules_are_another_version() -> None:
    """Studies record which version looked: whoever changes the rules raises SCAN_VERSION and notes the new hash here."""
    rules = [[kind, pattern.pattern, pattern.flags] for kind, pattern in PATTERNS]
    assert (SCAN_VERSION, compute_content_hash([rules, MIN_HIDDEN])[:16]) == ("1", "b6ed5b9e1fdaa554")
