"""The study commands, through the real command line and a real database."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from secondreader.db.access.invites import find_visitor, redeem_invite
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_annotator, ensure_study, get_study
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from secondreader.runner.cli.app import app

FILE = """
name = "s"
[draw]
items = 4
annotators = ["Ann", "Ben"]
overlap = 1
seed = 3
repeats = 0.1
strata = "verdict"
judge = "j [v1]"
[analyses]
judge = "j [v1]"
"""
REVOKE = ("study", "revoke", "--why", "lost")
LINK = re.compile(r"(\S+)  (http\S+)/join#(\S+)")


def run(*words: str) -> Result:
    """One command line."""
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def db(tmp_path: Path) -> str:
    """A study of six transcripts."""
    return filled(str(tmp_path / "study.db"))


def filled(target: str) -> str:
    """Six transcripts, four with text, judged by one judge that could not be read once; returns `target`."""
    with write_session(open_engine(target)) as session:
        study = ensure_study(session, "s")
        stored = add_transcripts(
            session,
            [
                NewTranscript(
                    origin_key=str(number),
                    cluster=str(number),
                    content=Content(messages=(Message(role="user", text="hi"),)) if number < 4 else None,
                )
                for number in range(6)
            ],
        )
        add_to_pool(session, study, stored.ids)
        answers = [{"risky_action": "yes"}, {"risky_action": "no"}, {}]
        add_verdicts(
            session,
            [
                NewVerdict(one, "j [v1]", "key", "parsed" if answer else "unparsed", answer)
                for one, answer in zip(stored.ids, answers, strict=False)
            ],
        )
        ensure_annotator(session, study, "elsewhere", source="import")
    return target


def frozen(db: str, *more: str) -> Result:
    """`freeze` with two annotators."""
    words = ("study", "freeze", "s", "--items", "4", "--annotators", "Ann, Ben", "--db", db)
    return run(*words, *more)


def test_an_empty_database_says_what_to_do(tmp_path: Path) -> None:
    """Without a study, `list` says how one comes about."""
    result = run("study", "list", "--db", str(tmp_path / "new.db"))
    assert result.exit_code == 0
    assert "import or run transcripts first" in result.output


def test_list_counts_what_is_there(db: str) -> None:
    """`list` has one row a study: transcripts, those with text, sampled, people, labels, verdicts."""
    frozen(db)
    row = next(line for line in run("study", "list", "--db", db).output.splitlines() if "open" in line)
    assert re.findall(r"\d+", row) == ["6", "4", "4", "3", "0", "3"]


def test_freeze_prints_one_working_link_a_person(db: str) -> None:
    """Each link lets its own person in, and the database knows its hash only."""
    result = frozen(db, "--desk-url", "https://desk.example/", "--unsure", "missing", "--overlap", "1")
    assert result.exit_code == 0, result.output
    links = LINK.findall(result.output)
    assert [(name, address) for name, address, _ in links] == [
        ("Ann", "https://desk.example"),
        ("Ben", "https://desk.example"),
    ]
    with write_session(open_engine(db)) as session:
        assert get_study(session, "s").plan["analyses"] == {"unsure": "missing"}
        for name, _, token in links:
            who = find_visitor(session, redeem_invite(session, token) or "")
            assert who is not None
            assert (who.name, who.role) == (name, "annotator")
    assert not any(token.encode() in Path(db).read_bytes() for _, _, token in links)


def test_options_and_file_make_the_same_plan(db: str, tmp_path: Path) -> None:
    """What `freeze` asks for and the file that says the same have one hash; a headline's judge is part of both."""
    other = filled(str(tmp_path / "other.db"))
    options = ("--overlap", "1", "--seed", "3", "--repeats", "0.1", "--headline-judge", "j [v1]")
    one = frozen(db, *options, "--strata", "verdict", "--judge", "j [v1]")
    (tmp_path / "s.toml").write_text(FILE, encoding="utf-8")
    two = run("study", "create", str(tmp_path / "s.toml"), "--db", other)
    plans = [re.findall(r"^plan ([0-9a-f]{64})$", made.output, re.MULTILINE) for made in (one, two)]
    assert plans[0] == plans[1] != []
    with read_session(open_engine(db)) as session:
        assert get_study(session, "s").plan["analyses"] == {"unsure": "standard", "judge": "j [v1]"}


def test_the_headlines_judge_is_amended(db: str) -> None:
    """On record, and with a judge that is there; the other analyses stay."""
    frozen(db, "--unsure", "missing")
    words = ("study", "amend", "s", "--why", "named late", "--db", db, "--headline-judge")
    assert "No judge 'x'" in run(*words, "x").output
    assert run(*words, "j [v1]").exit_code == 0
    with read_session(open_engine(db)) as session:
        assert get_study(session, "s").plan["analyses"] == {"unsure": "missing", "judge": "j [v1]"}
    assert '{"analyses": {"judge": "j [v1]"}}' in run("study", "amendments", "s", "--db", db).output


def test_a_study_is_frozen_once(db: str) -> None:
    """A second freeze is one sentence and exit code 1."""
    frozen(db)
    again = frozen(db)
    assert again.exit_code == 1
    assert "is frozen already" in again.output


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("study", "show", "nope"), 1, "There is no study 'nope'; there are: s."),
        (("study", "open", "s"), 1, "Only a frozen study"),
        (("study", "invite", "s", "--name", "Cy"), 1, "has no annotator 'Cy'; freeze the study's plan"),
        (("study", "invite", "--name", "Cy"), 1, "belongs to a study"),
        (("study", "invite", "s", "--name", "elsewhere"), 1, "has no annotator 'elsewhere'"),
        (("study", "revoke", "s", "--name", "elsewhere", "--why", "x"), 1, "There is no 'elsewhere'"),
        (("study", "revoke", "s", "--name", "Cy"), 2, "--why"),
        (("study", "pause", "s", "--actor", " "), 2, "say who does it"),
        (("study", "freeze", "s", "--items", "0", "--annotators", "A"), 2, "--items"),
        (("study", "freeze", "s", "--items", "2", "--annotators", ","), 1, "draw.annotators"),
        (("study", "freeze", "s", "--items", "2", "--annotators", "A" * 81), 1, "draw.annotators.0"),
        (("study", "freeze", "t", "--items", "2", "--annotators", "A"), 1, "There is no study 't'"),
        (
            ("study", "freeze", "s", "--items", "2", "--annotators", "A", "--headline-judge", "x"),
            1,
            "No judge 'x' has read study 's'; there are: j [v1].",
        ),
        (("study", "freeze", "s", "--items", "2", "--annotators", "A,A"), 1, "different names"),
        (("study", "freeze", "s", "--items", "2", "--annotators", "A", "--overlap", "2"), 1, "overlap"),
        (
            ("study", "freeze", "s", "--items", "2", "--annotators", "A", "--overlap", "1", "--judge", "x"),
            1,
            "No judge 'x' has read study 's'; there are: j [v1].",
        ),
    ],
)
def test_what_cannot_be_done_is_said(db: str, words: tuple[str, ...], code: int, sentence: str) -> None:
    """Errors are a sentence and an exit code: 1 for the data, 2 for the command line."""
    result = run(*words, "--db", db)
    assert result.exit_code == code, result.output
    assert sentence in " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.output).split())


def test_strata_by_verdict_come_from_the_named_judge(db: str) -> None:
    """`--strata verdict --judge` draws from each verdict; what could not be read is a stratum of its own."""
    result = frozen(db, "--strata", "verdict", "--judge", "j [v1]")
    assert result.exit_code == 0, result.output
    assert "4 transcripts sampled" in result.output


def test_pause_open_and_close_change_the_status(db: str) -> None:
    """Each command brings the study to its status."""
    frozen(db)
    for command, status in (("pause", "paused"), ("open", "open"), ("close", "closed")):
        assert run("study", command, "s", "--why", "lunch", "--db", db).exit_code == 0
        with read_session(open_engine(db)) as session:
            assert get_study(session, "s").status == status


def test_show_tells_people_and_judges_verbatim(db: str) -> None:
    """Names in square brackets are names, not markup; unreadable verdicts are counted."""
    frozen(db)
    output = run("study", "show", "s", "--db", db).output
    assert "j [v1]" in output
    assert re.search(r"j \[v1\]\D+3\D+1\D+0", output)
    assert all(name in output for name in ("Ann", "Ben", "elsewhere"))


def test_an_invite_is_new_and_a_revoked_one_is_dead(db: str) -> None:
    """`invite` makes another link; `revoke` closes every link of that person and nobody else's."""
    tokens = [token for _, _, token in LINK.findall(frozen(db).output)]
    tokens += [
        token for _, _, token in LINK.findall(run("study", "invite", "s", "--name", "Ann", "--db", db).output)
    ]
    assert len(set(tokens)) == 3
    assert "Links of Ann closed: 2." in run(*REVOKE, "s", "--name", "Ann", "--db", db).output
    with write_session(open_engine(db)) as session:
        assert [redeem_invite(session, token) is not None for token in tokens] == [False, True, False]


def test_a_researcher_is_invited_to_the_console(db: str) -> None:
    """Researchers belong to no study and come in at the console's port."""
    output = run("study", "invite", "--role", "researcher", "--db", db).output
    ((_, address, token),) = LINK.findall(output)
    assert address == "http://localhost:8502"
    with write_session(open_engine(db)) as session:
        who = find_visitor(session, redeem_invite(session, token) or "")
    assert who is not None
    assert (who.role, who.study_id) == ("researcher", None)
    assert "Links of researcher closed: 1." in run(*REVOKE, "--name", "researcher", "--db", db).output


def test_names_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    """Escapes in names of studies, judges and people come out as marks, and brackets are no style."""
    db, hostile = str(tmp_path / "study.db"), "\x1b[b]\x9bJ"
    with write_session(open_engine(db)) as session:
        study = ensure_study(session, hostile)
        text = Content(messages=(Message(role="user", text="hi"),))
        stored = add_transcripts(session, [NewTranscript(origin_key="1", cluster="1", content=text)])
        add_to_pool(session, study, stored.ids)
        add_verdicts(session, [NewVerdict(stored.ids[0], hostile, "key", "parsed", {"risky_action": "no"})])
        freeze_study(session, study, SamplingPlan(1, (hostile,), overlap=1))
    for words in (("list",), ("show", hostile), ("pace", hostile)):
        done = run("study", *words, "--db", db)
        assert done.exit_code == 0, done.output
        assert not {"\x1b", "\x9b"} & set(done.output)
        assert "[b]" in done.output
