"""The docs cannot lie: generated blocks are current, every command has help and stands in the docs."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from secondreader.runner.cli.app import app

REPOSITORY = Path(__file__).parent.parent
PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
]


def commands(group: typer.core.TyperGroup, above: str = "") -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Every command with its full name."""
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, f"{above}{name} ")
        elif isinstance(command, typer.core.TyperCommand):
            yield f"{above}{name}", command


ROOT = typer.main.get_command(app)
assert isinstance(ROOT, typer.core.TyperGroup)
ALL_COMMANDS = dict(commands(ROOT))


@pytest.mark.parametrize("name", sorted(ALL_COMMANDS))
def test_every_command_explains_itself(name: str) -> None:
    """The command and each of its options have help, and the docs show it in use."""
    command = ALL_COMMANDS[name]
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{name}: {parameter.name} has no help"
    text = "\n".join(page.read_text() for page in PAGES)
    assert re.search(rf"secondreader {re.escape(name)}\b", text), f"no page shows: secondreader {name}"


def test_generated_blocks_are_current() -> None:
    """`make docs` would change nothing."""
    with_blocks = [str(page) for page in PAGES if "[[[cog" in page.read_text()]
    done = subprocess.run(
        [Path(sys.executable).parent / "cog", "--check", *with_blocks], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, f"run `make docs`:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Files and pictures that a page names are there."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_claims_name_tests_that_are_there() -> None:
    """Each test that docs/blindness.md gives for a claim exists under that name."""
    named = re.findall(
        r"`(tests/[a-z_/]+\.py)::(test_\w+)`", (REPOSITORY / "docs" / "blindness.md").read_text()
    )
    assert len(named) > 20
    for file, name in named:
        assert f"def {name}(" in (REPOSITORY / file).read_text(), (
            f"docs/blindness.md: there is no {file}::{name}"
        )


def test_help_is_quick() -> None:
    """`secondreader --help` does not load streamlit, openai or pandas."""
    code = (
        "import sys; from secondreader.runner.cli.app import app; "
        "print([n for n in ('streamlit', 'openai', 'pandas', 'scipy', 'sqlmodel') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
