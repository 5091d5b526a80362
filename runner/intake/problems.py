"""What is wrong with a record or a file, in one sentence that names file, record, field and what to do."""

from dataclasses import dataclass
from pathlib import Path

from secondreader.db.core.text import clean_text

MAX_SHOWN_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """One record that cannot be imported, and why."""

    file: str
    record: int
    """Line of a JSONL or CSV file, or 1-based position in a JSON list; 0 where the whole file is meant."""
    field: str
    expected: str

    def __str__(self) -> str:
        """One line."""
        position = f"record {self.record}, {self.field or 'the record'}" if self.record else "the file"
        # file and field names come from outside: half character pairs would break the terminal
        return clean_text(f"{self.file}, {position}: {self.expected}")


class BadRecord(ValueError):
    """Raised while reading one record; becomes an ImportProblem."""

    def __init__(self, field_name: str, expected: str) -> None:
        self.field = field_name
        self.expected = expected
        super().__init__(f"{field_name}: {expected}")


class ImportRefused(Exception):
    """Nothing was imported: the file has problems, or is no such file."""

    def __init__(self, problems: list[ImportProblem]) -> None:
        self.problems = tuple(problems)
        shown = [str(problem) for problem in problems[:MAX_SHOWN_PROBLEMS]]
        if len(problems) > MAX_SHOWN_PROBLEMS:
            shown.append(f"... and {len(problems) - MAX_SHOWN_PROBLEMS} more")
        noun = "problem" if len(problems) == 1 else "problems"
        # a file that cannot be read as a whole has no rest to import
        hint = " (--skip-bad imports the rest)" if all(problem.record for problem in problems) else ""
        head = f"nothing was imported: {len(problems)} {noun}{hint}"
        super().__init__("\n  ".join([head, *shown]))


def make_refusal(path: Path, expected: str) -> ImportRefused:
    """The refusal of a whole file."""
    return ImportRefused([ImportProblem(str(path), 0, "", expected)])
