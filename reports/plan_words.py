"""A frozen plan for a reader: the same words in the console and in the report."""

from collections.abc import Iterable, Mapping
from typing import Any

NONE = "none"
NAMES = {"n_items": "transcripts to draw", "n_calibration": "calibration items", "amended": "plan before it"}
"""Fields whose name would say too little."""


def plan_pairs(plan: Mapping[str, Any], leave_out: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Name and value of everything that a plan says, by name."""
    hidden = set(leave_out)
    return [(spaced(name), in_words(value)) for name, value in sorted(plan.items()) if name not in hidden]


def spaced(name: str) -> str:
    """A field's name as words."""
    return NAMES.get(name, name.replace("_", " "))


def in_words(value: Any) -> str:
    """One value of a plan."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{spaced(str(name))}: {in_words(one)}" for name, one in value.items()) or NONE
    if isinstance(value, list | tuple):
        mark = " | " if any(isinstance(one, Mapping) for one in value) else ", "
        return mark.join(in_words(one) for one in value) or NONE
    return f"{value:g}" if isinstance(value, float) else str(value)
