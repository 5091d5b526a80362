"""What a format expects of a record, written as a pydantic model; a record that does not fit is a BadRecord."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from secondreader.runner.intake.problems import BadRecord
from secondreader.runner.scenarios.strict_yaml import format_location

MAX_SHOWN_VALUE = 40
"""Characters of a wrong value that a message repeats."""
KIND_NAMES: dict[type, str] = {
    str: "text",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
"""JSON's kinds of values in the words of somebody who looks at the file."""
EXPECTED_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
"""pydantic's error -> what it expected."""


class RecordModel(BaseModel):
    """A part of a record: kinds are not converted, and fields that no model names are left unread."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


Record = TypeVar("Record", bound=RecordModel)


def validate_record(model: type[Record], record: Any) -> Record:
    """The record as the format's model. Raises BadRecord for the first thing that does not fit."""
    try:
        return model.model_validate(record)
    except ValidationError as error:
        # one fault a record: the others often follow from it
        first = error.errors(include_url=False)[0]
        raise BadRecord(format_location(first["loc"]), describe_mismatch(first)) from None


def describe_mismatch(error: ErrorDetails) -> str:
    """One error of pydantic in plain words."""
    kind, value = error["type"], error["input"]
    if kind == "missing":
        return "is missing"
    if kind in EXPECTED_KINDS:
        return f"expected {EXPECTED_KINDS[kind]}, got {describe_kind(value)}"
    if kind == "literal_error":
        expected = error["ctx"]["expected"].replace("'", "")
        return f"expected {expected}, got {show_value(value)}"
    if kind in {"string_too_short", "too_short"}:
        return "is empty"
    # pydantic begins with a capital; ours stands behind "file, record, field:"
    message = error["msg"]
    return message[:1].lower() + message[1:]


def describe_kind(value: Any) -> str:
    """What kind of JSON value this is; of true and false, which."""
    # before the table: bool is a subclass of int
    if isinstance(value, bool):
        return str(value).lower()
    return KIND_NAMES.get(type(value), type(value).__name__)


def show_value(value: Any) -> str:
    """A short text or a number as it stands; of anything else only its kind."""
    # a long value could be a transcript; true and false say their kind already
    is_short = isinstance(value, str | int | float) and not isinstance(value, bool)
    return repr(value)[:MAX_SHOWN_VALUE] if is_short else describe_kind(value)


def make_mismatch(expected: str, value: Any) -> PydanticCustomError:
    """The error of a validator of our own: what was expected, and what stands there."""
    return PydanticCustomError(
        "mismatch", "expected {expected}, got {got}", {"expected": expected, "got": describe_kind(value)}
    )


def require_text_or_number(value: Any) -> int | str:
    """An id as it stands. Raises an error for `validate_record`."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise make_mismatch("text or a whole number", value)
    return value


Identifier = Annotated[int | str, BeforeValidator(require_text_or_number)]
"""An id: some writers number, others name."""
