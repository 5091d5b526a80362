"""YAML as plain JSON values, each with its line: for files that people write and that may come from anywhere.

Only JSON's own scalars are read as such (`true`, `null`, `12`, `0.5`); dates, times, `yes` and `007` stay text.
Anchors, aliases, tags and duplicate keys are refused, so that a small file cannot grow and nothing is built
from it but dicts, lists and scalars. PyYAML's nodes carry the lines; a round-trip reader (ruamel.yaml) has them too, but
resolves aliases, dates and `007`, stops at the first duplicate key and takes twelve times as long.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from secondreader.db.core.text import clean_text

MAX_BYTES = 4_000_000
MAX_DEPTH = 32
TAG = "tag:yaml.org,2002:"

Location = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the top."""


@dataclass(frozen=True)
class FileProblem:
    """One thing that is wrong in a file."""

    line: int
    """Counted from 1; 0 where the whole file is meant."""
    field: str
    """Such as `scenarios[2].tools[0].name`; empty at the top."""
    expected: str
    """What is wrong and what would be right."""

    def __str__(self) -> str:
        """Line, field and expectation in one line."""
        return (
            f"line {self.line}, {self.field or 'the file'}: {self.expected}" if self.line else self.expected
        )


class InvalidFileError(ValueError):
    """A file cannot be used; every problem found is listed."""

    def __init__(self, path: Path, problems: list[FileProblem]) -> None:
        self.path = path
        # in the file's order, so that somebody can work through it from the top
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.field)))
        listed = [str(problem) for problem in self.problems]
        head = f"{path}: "
        super().__init__(
            head + listed[0]
            if len(listed) == 1
            else f"{head}{len(listed)} problems\n  " + "\n  ".join(listed)
        )


@dataclass
class YamlDocument:
    """What stands in a file, and where."""

    value: Any
    """Dicts, lists and JSON scalars."""
    lines: dict[Location, int] = field(default_factory=dict)
    """Line of each value; of its key where it has one."""
    problems: list[FileProblem] = field(default_factory=list)
    """What was refused on the way."""

    def find_line(self, location: Location) -> int:
        """Line of the value at `location`, or of the nearest value around it that is written down."""
        # a missing field has no line of its own: its parent's is the one to look at
        while location not in self.lines and location:
            location = location[:-1]
        return self.lines.get(location, 1)


class PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader that takes only JSON's scalars for something else than text."""

    # PyYAML's YAML 1.1 rules would turn 12:30 into 750, 2026-03-01 into a date and `no` into False.
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


# Fifteen digits: what every JSON reader keeps exactly.
INTEGER = r"-?(?:0|[1-9][0-9]{0,14})"
PlainLoader.add_implicit_resolver(f"{TAG}null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
PlainLoader.add_implicit_resolver(f"{TAG}bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
PlainLoader.add_implicit_resolver(f"{TAG}int", re.compile(rf"^{INTEGER}$"), list("-0123456789"))
PlainLoader.add_implicit_resolver(
    f"{TAG}float",
    re.compile(rf"^{INTEGER}(?:\.[0-9]+(?:[eE][-+]?[0-9]{{1,2}})?|[eE][-+]?[0-9]{{1,2}})$"),
    list("-0123456789"),
)

SCALARS: dict[str, Callable[[str], Any]] = {
    f"{TAG}null": lambda _text: None,
    f"{TAG}bool": lambda text: text == "true",
    f"{TAG}int": int,
    f"{TAG}float": float,
}


def format_location(location: Location) -> str:
    """The location as people write it: `tools[0].name`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def read_yaml(path: Path) -> YamlDocument:
    """The one document in the file at `path`; FileProblems where there is nothing that could be read on."""
    text = read_yaml_text(path)
    try:
        refusals = find_refused_syntax(text)
        if refusals:
            raise InvalidFileError(path, refusals)
        root = yaml.compose(text, Loader=PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InvalidFileError(
            path,
            [FileProblem(mark.line + 1 if mark else 1, "", f"is not YAML: {error.problem or error.context}")],
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position if isinstance(error.position, int) else 0) + 1
        raise InvalidFileError(
            path, [FileProblem(line, "", f"holds a character that YAML forbids: {error.reason}")]
        ) from None
    if root is None:
        raise InvalidFileError(path, [FileProblem(0, "", "is empty")])
    document = YamlDocument(None)
    document.value = node_to_value(root, (), document)
    return document


def read_yaml_text(path: Path) -> str:
    """The file's text; FileProblems where it is absent, too large or not UTF-8."""
    try:
        with path.open("rb") as file:
            # one byte more tells a file that is too large from one that just fits, without reading all of it
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InvalidFileError(
                path, [FileProblem(0, "", f"is larger than {MAX_BYTES // 1_000_000} MB; split it")]
            )
        return data.decode("utf-8-sig")
    except OSError as error:
        raise InvalidFileError(path, [FileProblem(0, "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidFileError(
            path, [FileProblem(line, "", "is not UTF-8; save the file as UTF-8")]
        ) from None


def find_refused_syntax(text: str) -> list[FileProblem]:
    """Anchors, aliases, tags and nesting beyond MAX_DEPTH; read event by event, so that no tree is built yet."""
    problems: list[FileProblem] = []
    depth = 0
    for event in yaml.parse(text, Loader=PlainLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        # counted on events: building the tree of a hostile file would be too late
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        anchor = event.anchor if isinstance(event, yaml.NodeEvent) else None
        tag = event.tag if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) else None
        if anchor:
            problems.append(
                FileProblem(line, "", f"anchors and aliases (&, *) are not read: write {anchor} out")
            )
        if tag:
            problems.append(FileProblem(line, "", f"tags are not read: write the value without {tag}"))
        if depth > MAX_DEPTH:
            return [*problems, FileProblem(line, "", f"is nested deeper than {MAX_DEPTH} levels")]
    return problems


def node_to_value(node: yaml.Node, location: Location, document: YamlDocument) -> Any:
    """The node as a plain value; lines and refused keys are noted in `document`."""
    # not overwritten: a value with a key has the key's line, which is the one to look at
    document.lines.setdefault(location, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [node_to_value(item, (*location, at), document) for at, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return mapping_to_dict(node, location, document)
    return SCALARS.get(node.tag, clean_text)(node.value)


def mapping_to_dict(node: yaml.MappingNode, location: Location, document: YamlDocument) -> dict[str, Any]:
    """The mapping; a key that is not text or that came before is a problem and is left out."""
    made: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag in SCALARS:
            document.problems.append(
                FileProblem(line, format_location(location), "has a key that is not text; put it in quotes")
            )
            continue
        key = clean_text(key_node.value)
        # JSON and YAML readers keep the last one silently; a person meant one of the two
        if key in made:
            document.problems.append(
                FileProblem(
                    line,
                    format_location((*location, key)),
                    f"stands twice, first in line {document.lines[*location, key]}",
                )
            )
            continue
        document.lines[*location, key] = line
        made[key] = node_to_value(value_node, (*location, key), document)
    return made
