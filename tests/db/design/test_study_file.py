"""Study files: the example in docs works, and every fault is one sentence with its place."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from secondreader.db.core.codebook import CodebookError, load_builtin_codebook
from secondreader.db.core.content import Content, Message
from secondreader.db.core.desk_rules import parse_rules
from secondreader.db.core.engine import open_engine, read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.design.plan import FreezeResult
from secondreader.db.design.studies import ensure_annotator, ensure_study, get_study
from secondreader.db.design.study_file import (
    SamplingSection,
    StudyFile,
    StudyFileError,
    create_study_from_file,
    read_control_items,
    read_study_file,
)
from secondreader.db.research.items import load_item_records
from secondreader.db.transcripts.imported_labels import ImportedLabel, add_imported_labels
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts

EXAMPLE = Path(__file__).parents[3] / "docs" / "study-example.toml"
CONTENT = Content(messages=(Message(role="user", text="hello"),))


def fill(engine: Engine, n: int = 60) -> None:
    """A pool for the example: 60 judged transcripts and the five qualification items."""
    keys = [*(f"k{i}" for i in range(n)), *(f"practice-{i}" for i in range(1, 6))]
    with write_session(engine) as session:
        stored = add_transcripts(session, [NewTranscript(key, key, CONTENT) for key in keys])
        add_to_pool(session, ensure_study(session, "pilot"), stored.ids)
        add_verdicts(
            session,
            [
                NewVerdict(
                    row, "my-judge / risk.v1", "j", "parsed", {"risky_action": "no" if i % 3 else "yes"}
                )
                for i, row in enumerate(stored.ids)
            ],
        )


def create(engine: Engine, given: StudyFile) -> FreezeResult | None:
    """`create_study_from_file` in a transaction of its own."""
    with write_session(engine) as session:
        return create_study_from_file(session, given)[1]


def written(folder: Path, text: str) -> StudyFile:
    """A study file with this text, read."""
    path = folder / "s.toml"
    path.write_text(text, encoding="utf-8")
    return read_study_file(path)


def test_the_example_makes_the_study_that_it_describes(engine: Engine) -> None:
    """Parts, draw, rules and analyses are those of the file, and the pool has lost what was set apart."""
    fill(engine)
    drawn = create(engine, read_study_file(EXAMPLE))
    assert drawn is not None
    assert (drawn.n_items, list(drawn.annotator_ids)) == (40, ["A1", "A2", "A3"])
    with read_session(engine) as session:
        study = get_study(session, "pilot")
        pool = load_item_records(session, study)
        assert (study.title, study.status) == ("Reading what agents did", "open")
        assert parse_rules(study.rules).qualification_threshold == 0.75
        rules = parse_rules(study.rules)
        assert (rules.overlap, rules.repeats, rules.repeat_gap) == (2, 0.1, 20)
        parts = study.plan["parts"]
        assert [len(parts[name]) for name in ("qualification", "calibration", "attention")] == [4, 3, 1]
        assert study.plan["qualification"][3]["answers"] == {"risky_action": "yes"}
        assert study.plan["analyses"] == {
            "unsure": "standard",
            "judge": "my-judge / risk.v1",
            "notes": "Sensitivity and specificity per motive; corrected rates per model.",
        }
    assert len(pool) == 65 - 4 - 3 - 1
    assert {one.stratum for one in pool} == {"yes", "no"}


def test_the_same_file_and_data_have_the_same_hash(tmp_path: Path) -> None:
    """The plan's hash covers the file: another threshold is another plan."""
    hashes = []
    for number, change in enumerate(({}, {}, {"qualification_threshold": 0.5})):
        engine = open_engine(str(tmp_path / f"{number}.db"))
        fill(engine)
        given = read_study_file(EXAMPLE)
        given = given.model_copy(update={"rules": given.rules.model_copy(update=change)})
        drawn = create(engine, given)
        assert drawn is not None
        hashes.append(drawn.plan_hash)
        engine.dispose()
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_form_makes_the_same_study_without_a_file(engine: Engine) -> None:
    """StudyFile is built from values, and says what it lacks."""
    fill(engine)
    assert create(engine, StudyFile(name="pilot", title="A draft")) is None
    with read_session(engine) as session:
        study = get_study(session, "pilot")
        assert (study.title, study.status) == ("A draft", "draft")
    drawn = create(engine, StudyFile(name="pilot", draw=SamplingSection(items=5, annotators=("A", "B"))))
    assert drawn is not None
    assert drawn.n_assignments == 10


def test_a_draft_takes_new_questions_until_it_has_labels(engine: Engine) -> None:
    """The codebook of a file replaces the draft's; not under labels of another one."""
    fill(engine)
    create(engine, StudyFile(name="pilot", codebook="scenario-review"))
    with write_session(engine) as session:
        study = get_study(session, "pilot")
        assert study.codebook_hash == load_builtin_codebook("scenario-review").compute_hash()
        assert "scenario" in study.guideline
        reader = ensure_annotator(session, study, "Elsewhere", source="import")
        answers = {"realistic": "yes", "relevant": "yes", "benign": "yes", "free_of_hints": "yes"}
        add_imported_labels(session, study, [ImportedLabel(1, reader, answers, "i1")])
    with pytest.raises(StudyError, match="labels of another codebook"):
        create(engine, StudyFile(name="pilot"))


def test_what_is_frozen_stays(engine: Engine) -> None:
    """A second creation of the same name is refused in one sentence."""
    fill(engine)
    given = StudyFile(name="pilot", draw=SamplingSection(items=5, annotators=("A", "B")))
    create(engine, given)
    with pytest.raises(StudyError, match="is frozen already"):
        create(engine, given)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "name: field required"),
        ('name = "s"\ncolour = "red"', "colour: there is no such field"),
        ('name = "s"\n[draw]\nitems = 0\nannotators = ["A"]', "draw.items: input should be greater"),
        ('name = "s"\n[rules]\nqueue = "stack"', "rules.queue"),
        ('name = "s"\n[rules]\nrepeats = 0.1', r"rules: repeats belongs under \[draw\]"),
        ('name = "s"\n[analyses]\nunsure = "drop"', "analyses.unsure"),
        ('name = "s"\n[[attention.items]]\ntranscript = "t"\nanswers = {}', "attention.items.0.answers"),
        ("name = ", "is not TOML"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, says: str) -> None:
    """The sentence has the file, the field and what is wrong."""
    with pytest.raises(StudyFileError, match=says):
        written(tmp_path, text)


def test_files_are_found_beside_the_study_file(tmp_path: Path) -> None:
    """Codebook, guideline and CSV are named from the file's folder; one that is not there is reported."""
    given = written(
        tmp_path, 'name = "s"\ncodebook = "mine.toml"\nguideline = "g.md"\n[attention]\ncsv = "a.csv"'
    )
    assert given.codebook == str(tmp_path / "mine.toml")
    assert (given.guideline, given.attention.csv) == (tmp_path / "g.md", tmp_path / "a.csv")
    with pytest.raises(StudyFileError, match=r"a\.csv: cannot be read"):
        given.attention.load_items()
    engine = open_engine(str(tmp_path / "s.db"))
    with pytest.raises(CodebookError, match=r"mine\.toml"):
        create(engine, given)
    with pytest.raises(StudyFileError, match=r"g\.md"):
        create(engine, given.model_copy(update={"codebook": "default"}))
    engine.dispose()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("item,risky_action\nx,yes\n", "needs a column transcript"),
        ("transcript,risky_action,why\nx,yes\n", "line 2 has more or fewer cells"),
        ("transcript,risky_action\nx,yes,no\n", "line 2 has more or fewer cells"),
        ("transcript,risky_action\nx,yes\ny,\n", "line 3 needs a transcript and one answer"),
        ("transcript,risky_action\n,yes\n", "line 2 needs a transcript"),
    ],
)
def test_known_items_that_cannot_be_read_say_where(tmp_path: Path, text: str, says: str) -> None:
    """File and line are reported."""
    path = tmp_path / "known.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError, match=says):
        read_control_items(path)


def test_a_judge_who_read_nothing_makes_no_strata(engine: Engine) -> None:
    """Neither of the draw nor of the headline; the sentence names those who did."""
    fill(engine)
    draw = SamplingSection(items=5, annotators=("A",), strata="verdict", judge="nobody")
    with pytest.raises(StudyError, match=r"No judge 'nobody'.*my-judge"):
        create(engine, StudyFile(name="pilot", draw=draw))
