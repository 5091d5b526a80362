"""The README's result on public data: PandaLM's test set through the commands that a reader would use."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[1] / "tests" / "data" / "pandalm" / "testset-v1.json"
JUDGES = ("gpt-3.5-turbo", "pandalm-7b")
FIGURES = (
    ("judge-human", "raw", "gives the answer of most people"),
    ("judge-human", "kappa", "Cohen kappa with them"),
    ("judge-human", "sensitivity", "sensitivity for '1'"),
    ("judge-human", "specificity", "specificity for '1'"),
    ("rate", "naive", "share of '1' that the judge reports"),
    ("rate", "post_stratified", "share of '1' corrected by the labels"),
)
"""Section, name, and what the row is called."""


def run_command(*words: str) -> str:
    """Run `secondreader` and return what it prints."""
    command = [str(Path(sys.executable).parent / "secondreader"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def load_figures() -> list[dict[str, Any]]:
    """Every figure of `agree --json` over the imported test set."""
    with tempfile.TemporaryDirectory() as folder:
        db = ("--db", str(Path(folder) / "pandalm.db"))
        run_command("import", "table", str(DATA), "--mapping", "pandalm", "--study", "pandalm", *db)
        result = json.loads(run_command("agree", "--study", "pandalm", "--no-words", "--json", *db))
    figures: list[dict[str, Any]] = [
        row for row in result["figures"] if row["headline"] and not row["slice_name"]
    ]
    return figures


def format_figure(row: dict[str, Any]) -> str:
    """Value and 95 % interval as a table's cell."""
    value, low, high = row["value"], row["low"], row["high"]
    if row["unit"] == "percent":
        return f"{100 * value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def write_table() -> Iterator[str]:
    """The lines of the Markdown table, one judge a column."""
    figures = load_figures()
    yield f"| 999 items, three people each | {' | '.join(JUDGES)} |"
    yield "|---|---|---|"
    for section, name, title in FIGURES:
        rows = {row["judge"]: row for row in figures if (row["section"], row["name"]) == (section, name)}
        cells = (f"{format_figure(rows[judge])} of {rows[judge]['n']}" for judge in JUDGES)
        yield f"| {title} | {' | '.join(cells)} |"
    people = next(row for row in figures if (row["section"], row["name"]) == ("human-human", "alpha"))
    yield f"| people with each other: {people['label']} | {format_figure(people)} of {people['n']} | |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(write_table()) + "\n")
