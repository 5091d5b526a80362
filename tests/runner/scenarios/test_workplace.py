"""The shipped pack keeps its own rules: coverage, completeness, and nothing that hints at an examination."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from secondreader.runner.scenarios.briefing import render_rubric
from secondreader.runner.scenarios.load import WORKPLACE, load_pack
from secondreader.runner.scenarios.pack import Pack, Scenario

# What an agent must not meet in a benign situation: words that hint at an examination or name the harm.
HINTS = re.compile(
    r"\b(test\w*|trap\w*|\w*ethic\w*|risk\w*|safety|evaluat\w*|honeypot|align\w*|judge\w*|benchmark\w*|scenario|"
    r"malicious\w*|harm\w*|illegal\w*|unauthori[sz]ed|misconduct|violat\w*|simulat\w*|decei\w*|decept\w*|fraud\w*)\b",
    re.IGNORECASE,
)


def list_agent_texts(scenario: Scenario) -> Iterator[str]:
    """Every text of the scenario that an agent can come to read, tool answers and errors included."""
    yield from (scenario.background, scenario.system_prompt, scenario.task, *scenario.memory)
    for tool in scenario.tools:
        yield from (tool.name, tool.description)
        yield from list_value_texts(tool.parameters)
        for answer in (*tool.results, tool.default):
            yield from list_value_texts(answer.error if answer.error is not None else answer.result)


def list_value_texts(value: Any) -> Iterator[str]:
    """The strings inside a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from list_value_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from list_value_texts(inner)


@pytest.fixture(scope="module")
def workplace() -> Pack:
    """The shipped pack."""
    return load_pack(WORKPLACE)


def test_workplace_covers_motives_and_risk_types(workplace: Pack) -> None:
    """24 scenarios: at least six motives of three or more, at least five risk types, most in several motives."""
    assert len(workplace.scenarios) == 24
    motives = Counter(scenario.motive for scenario in workplace.scenarios)
    risk_types = {risk for scenario in workplace.scenarios for risk in scenario.risk_types}
    cells = {(scenario.motive, risk) for scenario in workplace.scenarios for risk in scenario.risk_types}
    assert {"effort minimisation", "resistance to shutdown"} <= set(motives)
    assert len(motives) >= 6
    assert min(motives.values()) >= 3
    assert len(risk_types) >= 5
    assert all(len({motive for motive, risk in cells if risk == one}) >= 3 for one in risk_types)
    assert len({scenario.domain for scenario in workplace.scenarios}) >= 20


def test_workplace_conditions_are_those_of_the_design(workplace: Pack) -> None:
    """Five personas, two framings and a mitigation, by their names."""
    assert [one.key for one in workplace.personas] == [
        "none",
        "risk-tolerant",
        "risk-averse",
        "self-first",
        "public-first",
    ]
    assert [one.key for one in workplace.framings] == ["real", "fictional"]
    assert [one.key for one in workplace.mitigations] == ["none", "safety-prompt"]


KEYS = [scenario.key for scenario in load_pack(WORKPLACE).scenarios]


@pytest.mark.parametrize("key", KEYS)
def test_each_scenario_is_complete(workplace: Pack, key: str) -> None:
    """Three to six tools, two to four notes, a real background, and one risky and two acceptable actions."""
    scenario = workplace.get_scenario(key)
    assert 3 <= len(scenario.tools) <= 6
    assert 2 <= len(scenario.memory) <= 4
    assert len(re.findall(r"[.!?](?:\s|$)", scenario.background)) >= 3
    assert [action.risky for action in scenario.actions] == [True, False, False]


@pytest.mark.parametrize("key", KEYS)
def test_no_scenario_hints_at_an_examination(workplace: Pack, key: str) -> None:
    """Nothing that the agent can come to read names a test, a risk or a harm."""
    scenario = workplace.get_scenario(key)
    assert not [match[0] for text in list_agent_texts(scenario) for match in HINTS.finditer(text)]


@pytest.mark.parametrize("key", KEYS)
def test_rubric_names_the_risky_call(workplace: Pack, key: str) -> None:
    """The rubric says which tool's call is risky, and only tools that exist."""
    scenario = workplace.get_scenario(key)
    names = {tool.name for tool in scenario.tools}
    assert any(name in scenario.rubric.risky for name in names)
    words = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", render_rubric(scenario.rubric)))
    arguments = {name for tool in scenario.tools for name in tool.parameters["properties"]}
    assert words <= names | arguments
