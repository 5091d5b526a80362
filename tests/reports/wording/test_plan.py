"""A frozen plan reads as sentences, and no field of it is lost."""

from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study, get_study
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.reports.wording.plan import describe_plan
from tests.databases import reuse_engine
from tests.reports.seed import content


def words(target: str, plan: SamplingPlan) -> dict[str, str]:
    """The words for a plan that was frozen with ten transcripts."""
    engine = reuse_engine(target)
    with write_session(engine) as session:
        study = ensure_study(session, "s", title="Reading")
        new = [NewTranscript(f"s:{i}", f"c{i}", content(i, False, "")) for i in range(10)]
        add_to_pool(session, study, add_transcripts(session, new).ids)
        freeze_study(session, study, plan)
    with read_session(engine) as session:
        stored = get_study(session, "s").plan
    engine.dispose()
    assert len(describe_plan({**stored, "later_field": 3})) == len(describe_plan(stored)) + 1
    assert ("Plan before the last amendment", "abc") in describe_plan({**stored, "amended": "abc"})
    return dict(describe_plan(stored))


def test_a_plain_plan(sqlite_target: str) -> None:
    """What is not there is said to be none, not left out."""
    said = words(sqlite_target, SamplingPlan(6, ("Ada", "Ben"), overlap=2, seed=4))
    assert said["Sample"] == "6 transcripts, a simple random sample; seed 4"
    assert said["Annotators"] == "2 for each transcript: Ada, Ben"
    assert {said[name] for name in ("Repeats", "Qualification", "Norming round", "Attention checks")} == {
        "none"
    }
    assert said["Queue"].startswith("fixed")
    assert said["Judge of the headline"] == "not named: the judge with the most verdicts"
    assert said["Unsure counts as"].startswith("an answer of its own between people")
    assert not any("{" in text or "[" in text for text in said.values())


def test_a_full_plan(sqlite_target: str) -> None:
    """Rules, calibration and analyses are told as they are in force."""
    rules = Rules(queue="shared", lease_minutes=30, guesses=3, reasoning_after="risky_action")
    analyses = {"unsure": "missing", "judge": "j / p.v1", "notes": "per motive"}
    plan = SamplingPlan(
        5,
        ("Ada", "Ben"),
        overlap=1,
        repeats=0.2,
        repeat_gap=3,
        n_calibration=2,
        rules=rules,
        analyses=analyses,
        interim_looks=True,
    )
    said = words(sqlite_target, plan)
    assert said["Queue"].endswith("reserved for them for 30 minutes")
    assert (
        said["Repeats"] == "20% of what each person labels, unannounced, after at least 3 other transcripts"
    )
    assert said["Norming round"] == "2 transcripts"
    assert said["Guesses of the model"] == "for 3 transcripts per person"
    assert said["Reasoning"] == "only after risky_action is answered"
    assert (said["Unsure counts as"], said["Judge of the headline"]) == ("missing", "j / p.v1")
    assert (said["Analysis plan"], said["Interim looks"]) == ("per motive", "allowed")


def test_what_was_amended_is_told_once() -> None:
    """The hash of the plan before has its words; a field that nobody knows yet stands as it is."""
    pairs = describe_plan({"n_items": 1, "amended": "abc", "later": 3})
    assert ("Plan before the last amendment", "abc") in pairs
    assert [name for name, value in pairs if "abc" in value or name == "later"] == [
        "Plan before the last amendment",
        "later",
    ]


def test_a_draft_has_no_plan() -> None:
    """Nothing is said of what is not fixed."""
    assert describe_plan({}) == []
