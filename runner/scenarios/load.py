"""Reads YAML files into models; whatever is wrong is told with file, line and field, all of it at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from secondreader.runner.scenarios.pack import Pack
from secondreader.runner.scenarios.strict_yaml import (
    FileProblem,
    InvalidFileError,
    Location,
    YamlDocument,
    format_location,
    read_yaml,
)

WORKPLACE = Path(__file__).parent / "packs" / "workplace.yaml"
"""The pack that ships with the project."""
EXPECTED = {
    "missing": "is missing",
    "extra_forbidden": "is not a field that is known here; look for a slip of the pen",
    "string_type": "should be text; put numbers and words such as true in quotes",
    "string_too_short": "is empty",
    "tuple_type": "should be a list",
    "model_type": "should be a mapping of fields",
    "dict_type": "should be a mapping",
    "too_short": "needs at least one entry",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
}
"""pydantic's error -> what to say to somebody who writes YAML."""
Loaded = TypeVar("Loaded", bound=BaseModel)
"""A model that a file is read into."""


class PackError(InvalidFileError):
    """A scenario pack cannot be used: each problem with file, line, field and what was expected."""


def load_pack(path: Path) -> Pack:
    """The pack in the file at `path`; PackError lists every problem found, each with line and field."""
    return load_yaml_model(path, Pack, PackError)


def load_named_pack(name: str) -> Pack:
    """The pack that ships as "workplace", or the one in the file of this name. Raises PackError."""
    return load_pack(WORKPLACE if name == "workplace" else Path(name))


def load_yaml_model(path: Path, model: type[Loaded], refusal: type[InvalidFileError]) -> Loaded:
    """The YAML file at `path` as `model`; `refusal` lists every problem found, each with line and field."""
    try:
        document = read_yaml(path)
    except InvalidFileError as error:
        # under the name of what the file should be: a pack, a script
        raise refusal(path, list(error.problems)) from None
    try:
        loaded = model.model_validate(document.value)
    except ValidationError as error:
        found = [error_to_problem(detail, document) for detail in select_own_errors(error)]
        raise refusal(path, document.problems + found) from None
    # only now: faults of the model and of the file are listed together where there are both
    if document.problems:
        raise refusal(path, document.problems)
    return loaded


def select_own_errors(error: ValidationError) -> Iterator[ErrorDetails]:
    """The errors, without "too short" for a list whose entries are there but have errors themselves."""
    details = error.errors(include_url=False)
    for detail in details:
        at = detail["loc"]
        deeper = any(len(other["loc"]) > len(at) and other["loc"][: len(at)] == at for other in details)
        # entries with faults count as absent to pydantic: what is short is not the list
        if not (detail["type"] == "too_short" and deeper):
            yield detail


def error_to_problem(detail: ErrorDetails, document: YamlDocument) -> FileProblem:
    """One error of pydantic as a problem of the file."""
    location: Location = detail["loc"]
    return FileProblem(
        document.find_line(location),
        format_location(location),
        EXPECTED.get(detail["type"], "") or detail["msg"],
    )
