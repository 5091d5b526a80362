"""Errors that validators of our own raise, each with the location in the file that it is about."""

from collections.abc import Iterable

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from secondreader.runner.scenarios.strict_yaml import Location


def make_validation_error(problems: list[tuple[Location, str]]) -> ValidationError:
    """An error of pydantic at each location (relative to the value that is being validated)."""
    # In ctx and not in the template: the message may hold braces.
    details = [
        InitErrorDetails(
            type=PydanticCustomError("pack", "{what}", {"what": message}), loc=location, input=None
        )
        for location, message in problems
    ]
    return ValidationError.from_exception_data("pack", details)


def require_unique(names: Iterable[str], field: str) -> None:
    """Raise where a name comes twice, at the second one."""
    first: dict[str, int] = {}
    found: list[tuple[Location, str]] = []
    for at, name in enumerate(names):
        if name in first:
            found.append(
                ((at, field), f"{name!r} stands twice, first as number {first[name] + 1} of the list")
            )
        first.setdefault(name, at)
    if found:
        raise make_validation_error(found)
