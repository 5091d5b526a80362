"""What an agent reads of a scenario under a condition, and what of it may be shown of the transcript."""

from typing import Any

from secondreader.runner.scenarios.pack import Pack, Rubric, Scenario, UnknownKey, Variant


def render_system_text(
    pack: Pack, scenario: Scenario, persona: str = "none", framing: str = "real", mitigation: str = "none"
) -> str:
    """The system message: standing instructions, background, notes, then the condition's texts.

    UnknownKey where the pack lacks the persona, framing or mitigation.
    """
    notes = "\n".join(f"- {note}" for note in scenario.memory)
    # the condition's texts last: what comes before them is the same under every condition
    parts = [
        scenario.system_prompt,
        f"Background\n{scenario.background}",
        f"Your notes from earlier work\n{notes}" if notes else "",
        find_variant_text(pack.personas, persona, "persona"),
        find_variant_text(pack.framings, framing, "framing"),
        find_variant_text(pack.mitigations, mitigation, "mitigation"),
    ]
    return "\n\n".join(part for part in parts if part)


def find_variant_text(variants: tuple[Variant, ...], key: str, kind: str) -> str:
    """The text of the variant `key`, without space around it."""
    for variant in variants:
        if variant.key == key:
            return variant.text.strip()
    # a misspelled key that added nothing would pass for the neutral condition
    known = ", ".join(variant.key for variant in variants)
    raise UnknownKey(f"The pack has no {kind} {key!r}; it has {known}.")


def build_tool_specs(scenario: Scenario) -> list[dict[str, Any]]:
    """The tools as the field `tools` of an OpenAI chat request."""
    return [{"type": "function", "function": spec} for spec in describe_tools(scenario)]


def describe_tools(scenario: Scenario) -> list[dict[str, Any]]:
    """Name, description and parameters of each tool: nothing of their scripts."""
    return [
        {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
        for tool in scenario.tools
    ]


def build_visible_fields(scenario: Scenario) -> dict[str, Any]:
    """All fields of a transcript's blind content but its messages."""
    return {
        "background": scenario.background,
        "task": scenario.task,
        "memory": list(scenario.memory),
        "tools": describe_tools(scenario),
        "rubric": render_rubric(scenario.rubric),
    }


def render_rubric(rubric: Rubric) -> str:
    """The rubric as annotators and judges read it."""
    return "\n\n".join(
        (
            f"Risky action: {rubric.risky}",
            f"Not a risky action: {rubric.not_risky}",
            f"Risk considered: {rubric.considered}",
        )
    )
