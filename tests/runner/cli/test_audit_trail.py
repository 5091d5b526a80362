"""Every command that changes what is stored leaves an event with who did it; no command is in neither table."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer import Context
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from secondreader.db.core.audit_log import count_events, find_first_broken_event, list_events
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.design.studies import ensure_study
from secondreader.db.transcripts.leak_scans import LeakScanResult
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from secondreader.runner.cli.app import app
from secondreader.runner.models.script import load_script
from tests.runner.conftest import write_pack
from tests.runner.intake.test_conflicts import write_toolemu
from tests.runner.intake.test_store import RJUDGE
from tests.scripted_service import serve_in_background

LEAK = {"kind": "vendor", "where": "message 1 text", "excerpt": "x", "redacted": False}
CHAT = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "done"}]}
FILE = """
name = "pilot"
[draw]
items = 3
annotators = ["Ann", "Ben"]
overlap = 1
[calibration]
n = 2
"""
CHANGING = {
    "import chat-jsonl": "{folder}/chat.jsonl --study chat",
    "import rjudge": "{folder}/r.json --study rjudge",
    "import toolemu": "{folder}/s.csv --study toolemu",
    "import table": "{folder}/long.csv --study table --mapping long",
    "run": "{folder}/pack.yaml --study ran --model m --attempts 1 --base-url {url}",
    "judge": "--study ran --model j --base-url {url}",
    "study review-scenarios": "{folder}/pack.yaml --name review",
    "study leaks": "pilot --accept {item} --why harmless",
    "study create": "{folder}/pilot.toml --accept-leaks harmless",
    "study freeze": "second --items 2 --annotators Cy,Dee --accept-leaks harmless",
    "study reveal": "pilot --force --why late",
    "study amend": "pilot --annotators Eve --why more",
    "study reassign": "pilot --from Ann --to Ben --why ill",
    "study invite": "pilot --name Ann",
    "study account": "pilot --name Ann --email ann@example.org --issuer https://id.example",
    "study revoke": "pilot --name Ann --why lost",
    "study pause": "pilot",
    "study open": "pilot",
    "study close": "pilot --why done",
    "study unblind": "pilot --why done",
    "report": "--study pilot --out {folder}/report --resamples 100 --permutations 199",
}
"""In the order of a study's life: each finds what those before it have made."""
READ_ONLY = {
    "agree",
    "console",
    "desk",
    "plan",
    "serve-scripted",
    "study adjudications",
    "study amendments",
    "study gaps",
    "study labels",
    "study list",
    "study pace",
    "study show",
}
"""Commands that store nothing of a study."""
SERVING = {"demo"}
"""Changes and then serves until Ctrl-C: tests/test_demo.py looks at its events."""


def commands(group: TyperGroup, above: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command that does something, by its whole name, with its options."""
    context = Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", {option for one in command.params for option in one.opts}


def all_commands() -> dict[str, set[str]]:
    """The commands of `secondreader` and their options."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return dict(commands(group))


def test_every_command_is_known_to_change_or_to_read() -> None:
    """A new command belongs in one of the tables; those that change, and only those, take --actor."""
    found = all_commands()
    assert set(found) == set(CHANGING) | READ_ONLY | SERVING
    assert {name for name, options in found.items() if "--actor" in options} == set(CHANGING) | SERVING


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files to import and to freeze, and a database with two drafts; one transcript was flagged and one judge has read."""
    (tmp_path / "chat.jsonl").write_text(json.dumps(CHAT), encoding="utf-8")
    (tmp_path / "r.json").write_text(json.dumps([RJUDGE]), encoding="utf-8")
    (tmp_path / "long.csv").write_text("item,rater,kind,answer\na,A1,human,yes\n", encoding="utf-8")
    (tmp_path / "pilot.toml").write_text(FILE, encoding="utf-8")
    write_toolemu(tmp_path)
    write_pack(tmp_path, n_scenarios=1)
    text = Content(messages=(Message(role="user", text="hi"),))
    new = [
        NewTranscript(str(i), str(i), text, leak_scan=LeakScanResult("1", (LEAK,) if not i else ()))
        for i in range(10)
    ]
    with write_session(open_engine(str(tmp_path / "s.db"))) as session:
        stored = add_transcripts(session, new).ids
        for name in ("pilot", "second"):
            add_to_pool(session, ensure_study(session, name), stored)
        add_verdicts(session, [NewVerdict(one, "j", "k", "parsed", {"risky_action": "no"}) for one in stored])
    return tmp_path


def item_flagged(db: str) -> str:
    """The id of the transcript with a finding, as the command lists it."""
    listed = CliRunner().invoke(app, ["study", "leaks", "pilot", "--csv", "--db", db])
    return listed.stdout.splitlines()[1].split(",")[0]


def test_every_change_is_on_record_with_its_actor(folder: Path, write_script: Callable[[str], Path]) -> None:
    """Each command adds events, all with the given actor; the chain holds."""
    db = str(folder / "s.db")
    with serve_in_background(load_script(write_script("- reply: {text: Done.}"))) as url:
        for name, rest in CHANGING.items():
            words = rest.format(folder=folder, url=url, item=item_flagged(db)).split()
            with read_session(open_engine(db)) as session:
                n_before = count_events(session)
            done = CliRunner().invoke(app, [*name.split(), *words, "--actor", f"who {name}", "--db", db])
            with read_session(open_engine(db)) as session:
                new = list_events(session, limit=count_events(session) - n_before)
                assert find_first_broken_event(session) is None
            assert {one.actor for one in new} == {f"who {name}"}, (name, done.output)


def test_every_link_made_or_closed_is_on_record(folder: Path) -> None:
    """Links of create, freeze, amend and invite have role, expiry and reason; so has their closing."""
    db = str(folder / "s.db")
    made_by = ("study create", "study freeze", "study amend", "study invite", "study revoke")
    for name in made_by:
        words = CHANGING[name].format(folder=folder).split()
        done = CliRunner().invoke(app, [*name.split(), *words, "--actor", name, "--db", db])
        assert done.exit_code == 0, done.output
    with read_session(open_engine(db)) as session:
        of_links = [
            one for one in reversed(list_events(session)) if one.action in {"link made", "links closed"}
        ]
    assert [(one.actor, one.detail["role"], one.detail["why"]) for one in of_links] == [
        *[("study create", "annotator", "study frozen")] * 2,
        *[("study freeze", "annotator", "study frozen")] * 2,
        ("study amend", "annotator", "more"),
        ("study invite", "annotator", ""),
        ("study revoke", "annotator", "lost"),
    ]
    assert all(one.detail["until"] for one in of_links[:-1])
    assert of_links[-1].detail["n"] == 2
