"""The reference of scenario packs is made from the models and stands in the docs as made."""

import subprocess
import sys
from pathlib import Path

from secondreader.runner.scenarios.pack_reference import PACK_MODELS, render_fields_as_markdown

ROOT = Path(__file__).parents[3]


def test_every_field_is_explained() -> None:
    """Each field of each model has a row, and each row has a meaning."""
    table = render_fields_as_markdown()
    for part in PACK_MODELS:
        section = table.split(f"### {part.__name__}\n")[1].split("\n### ")[0]
        rows = {line.split("`")[1]: line for line in section.splitlines() if line.startswith("| `")}
        assert set(rows) == set(part.model_fields)
        assert all(line.rstrip(" |").rsplit("| ", 1)[1].strip() for line in rows.values())


def test_docs_are_as_generated() -> None:
    """docs/scenario-packs.md holds what its generators give now."""
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "docs/scenario-packs.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
