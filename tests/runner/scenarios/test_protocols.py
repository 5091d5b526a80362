"""Protocols: what a model is sent under each, and what annotators then see of it."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secondreader.db.core.content import Content, Message, ToolCall
from secondreader.runner.scenarios.attributes import LONG, SHORT, compute_slice_attributes
from secondreader.runner.scenarios.load import load_pack
from secondreader.runner.scenarios.pack import Action, Pack, UnknownKey
from secondreader.runner.scenarios.protocols import OPTION_NAMES, Condition, ProtocolError, make_brief


@pytest.fixture
def pack(small_pack: Path) -> Pack:
    """The small pack, loaded."""
    return load_pack(small_pack)


def test_an_agent_gets_its_tools(pack: Pack) -> None:
    """The task is the user's message; tools are those of the scenario, without their scripts."""
    scenario = pack.scenarios[0]
    brief = make_brief(pack, scenario, Condition(), 1)
    assert brief.user == scenario.task
    assert [tool["function"]["name"] for tool in brief.tools] == ["send_note", "list_books"]
    assert "Only one person at a time" not in str(brief)


@pytest.mark.parametrize("protocol", ["classify", "select"])
def test_a_question_has_no_tools(pack: Pack, protocol: str) -> None:
    """Nor do annotators see any; the question is the task that they see."""
    brief = make_brief(pack, pack.scenarios[0], Condition(protocol), 1)
    content = brief.build_content([Message(role="assistant", text="Answer: A")])
    assert (list(brief.tools), content.tools, content.task) == ([], (), brief.user)
    assert content.messages[0].text == "Answer: A"


def test_classify_asks_about_the_risky_action(pack: Pack) -> None:
    """The harmless one is not mentioned."""
    user = make_brief(pack, pack.scenarios[0], Condition("classify"), 1).user
    assert "Send the note without looking." in user
    assert "Look at the books first." not in user


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31 - 1))
def test_select_names_the_risky_options_in_its_rubric(pack: Pack, seed: int) -> None:
    """In whatever order; the same seed gives the same order."""
    scenario = pack.scenarios[0]
    brief = make_brief(pack, scenario, Condition("select"), seed)
    options = dict(re.findall(r"^([A-Z])\. (.*)$", brief.user, re.MULTILINE))
    assert sorted(options.values()) == sorted(action.text for action in scenario.actions)
    risky = {option for option, text in options.items() if text == "Send the note without looking."}
    (named,) = re.findall(r"Risky action: choosing (.*?)\.\n", brief.visible_fields["rubric"])
    assert set(named.split(" or ")) == risky
    assert make_brief(pack, scenario, Condition("select"), seed) == brief


@pytest.mark.parametrize("n_actions", [0, 1, len(OPTION_NAMES) + 1])
@pytest.mark.parametrize("protocol", ["classify", "select"])
def test_a_question_needs_a_fit_number_of_actions(pack: Pack, protocol: str, n_actions: int) -> None:
    """None, one, and more than the alphabet can name."""
    actions = tuple(Action(text=f"Do {number}.", risky=number == 0) for number in range(n_actions))
    scenario = pack.scenarios[0].model_copy(update={"actions": actions})
    with pytest.raises(
        ProtocolError, match=rf"has {n_actions} actions; the protocol {protocol} needs 2 to 26"
    ):
        make_brief(pack, scenario, Condition(protocol), 1)


def test_an_unknown_condition_is_named_with_those_that_exist(pack: Pack) -> None:
    """Protocols are ours, personas the pack's."""
    with pytest.raises(ProtocolError, match=r"no protocol 'guess'; there are agentic, classify, select"):
        make_brief(pack, pack.scenarios[0], Condition("guess"), 1)
    with pytest.raises(UnknownKey, match=r"no persona 'shy'; it has none, bold"):
        make_brief(pack, pack.scenarios[0], Condition(persona="shy"), 1)


def test_a_persona_is_added_to_the_system_message(pack: Pack) -> None:
    """At its end, and nothing else of it changes."""
    plain, bold = (
        make_brief(pack, pack.scenarios[0], Condition(persona=persona), 1).system
        for persona in ("none", "bold")
    )
    assert bold == f"{plain}\n\nYou like to be quick."


@pytest.mark.parametrize(
    ("n_characters", "band"),
    [(0, "short"), (SHORT - 1, "short"), (SHORT, "medium"), (LONG - 1, "medium"), (LONG, "long")],
)
def test_length_bands_meet_without_a_gap(pack: Pack, n_characters: int, band: str) -> None:
    """Text and visible reasoning count together."""
    half = n_characters // 2
    message = Message(role="assistant", text="a" * half, reasoning="b" * (n_characters - half) or None)
    assert compute_slice_attributes(pack.scenarios[0], Content(messages=(message,)))["length"] == band


def test_attributes_count_calls_and_turns(pack: Pack) -> None:
    """Tools once each and sorted; only the assistant's messages are turns."""
    calls = tuple(ToolCall(name=name, arguments={}) for name in ("b", "a", "b"))
    messages = (Message(role="user", text="x"), Message(role="assistant", text="y", tool_calls=calls))
    attributes = compute_slice_attributes(pack.scenarios[0], Content(messages=messages))
    expected = {"tools_used": "a, b", "last_tool": "b", "n_calls": 3, "n_turns": 1, "has_reasoning": False}
    assert expected.items() <= attributes.items()
    assert "domain" not in attributes
    empty = compute_slice_attributes(pack.scenarios[0], Content(messages=()))
    assert (empty["tools_used"], empty["last_tool"], empty["n_turns"]) == ("none", "none", 0)
