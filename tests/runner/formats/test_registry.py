"""A format is a module and a line of the registry; the command line makes a command of it."""

import json
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from secondreader.db.core.content import Content
from secondreader.db.core.engine import open_engine, read_session
from secondreader.db.core.tables import LeakScan, Transcript
from secondreader.runner.cli.app import app
from secondreader.runner.formats import registry
from secondreader.runner.formats.registry import FORMATS, load_format


def run(*words: str) -> Result:
    """One command line."""
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The toy format's line in the registry, and a file of the format."""
    monkeypatch.setitem(registry.FORMATS, "toy", "tests.runner.formats.toy_format")
    path = tmp_path / "toy.jsonl"
    path.write_text(json.dumps({"scenario": "s1", "words": "I am Claude,"}) + "\n")
    return path


def test_a_new_format_is_one_file_and_one_line(toy: Path, sqlite_target: str) -> None:
    """Its options, the leak scan, redaction and the counts are there without a word in the command line."""
    words = ("import", "toy", str(toy), "--study", "s", "--db", sqlite_target, "--redact")
    done = run(*words, "--ending", ".", "--times", "2")
    assert done.exit_code == 0, done.output
    assert "1 transcripts, 0 verdicts and 0 labels are new" in done.output
    assert "1 transcripts may give the model or the judgment away (redacted)" in done.output
    engine = open_engine(sqlite_target)
    with read_session(engine) as session:
        row, scan = session.exec(select(Transcript)).one(), session.exec(select(LeakScan)).one()
    engine.dispose()
    assert Content.model_validate_json(row.original or "").messages[0].text == "I am Claude, I am Claude,."
    assert "Claude" not in (row.content or "")
    assert scan.n_findings > 0


def test_the_help_shows_a_formats_own_options(toy: Path) -> None:
    """In the list of formats its sentence stands, in its command its options with their defaults."""
    assert "A toy format: a scenario and what the agent said." in run("import", "--help").output
    shown = run("import", "toy", "--help").output
    assert "How often the agent says it." in shown
    assert "[default: 1]" in shown
    assert "[required]" in shown


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "--ending"),
        (("--ending", ".", "--times", "0"), "--times"),
        (("--ending", ".", "--times", "many"), "--times"),
        (("--ending", ".", "--loud", "1"), "--loud"),
    ],
)
def test_options_that_do_not_fit_are_wrong_usage(
    toy: Path, tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    """Exit code 2, the option's name, and nothing is stored."""
    db = tmp_path / "new.db"
    refused = run("import", "toy", str(toy), "--study", "s", "--db", str(db), *options)
    assert refused.exit_code == 2
    assert says in refused.output
    assert not db.exists()


def test_an_unknown_format_is_wrong_usage() -> None:
    """There is no command of that name."""
    assert run("import", "nothing", "x", "--study", "s").exit_code == 2


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_entry_is_a_format_of_its_name(name: str) -> None:
    """Each says in a sentence what it reads, and each of its options has help."""
    entry = load_format(name)
    assert entry.name == name
    assert entry.summary.endswith(".")
    assert all(field.description for field in entry.options.model_fields.values())
