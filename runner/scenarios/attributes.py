"""The columns of a transcript by which the statistics look for systematic disagreement. Needs no model's client."""

from typing import Any

from secondreader.db.core.content import Content
from secondreader.runner.scenarios.pack import Scenario

SHORT, LONG = 2_000, 8_000
"""Characters of a transcript's messages below which it is short and from which on it is long."""


def compute_slice_attributes(scenario: Scenario, content: Content) -> dict[str, Any]:
    """Name of each column -> its value, a scalar."""
    calls = [call for message in content.messages for call in message.tool_calls]
    n_characters = sum(len(message.text) + len(message.reasoning or "") for message in content.messages)
    band = "short" if n_characters < SHORT else "long" if n_characters >= LONG else "medium"
    return {
        "motive": scenario.motive,
        "risk_type": scenario.risk_types[0],
        "risk_types": ", ".join(scenario.risk_types),
        **({"domain": scenario.domain} if scenario.domain else {}),
        "tools_used": ", ".join(sorted({call.name for call in calls})) or "none",
        "last_tool": calls[-1].name if calls else "none",
        "n_calls": len(calls),
        "n_turns": sum(message.role == "assistant" for message in content.messages),
        "length": band,
        "has_reasoning": content.has_reasoning,
    }
