"""The sample study: whole, consistent with the pack, marked as a sample, and loaded once."""

from collections import Counter

import pytest
from sqlalchemy import Engine

from secondreader.db.access.invites import find_visitor, redeem_invite
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.design.studies import get_study
from secondreader.db.research.items import load_item_records
from secondreader.db.research.progress import list_annotator_progress
from secondreader.runner.scenarios.load import WORKPLACE, load_pack
from secondreader.runner.serve.sample import (
    ANNOTATORS,
    N_DRAWN,
    NOTICE,
    STUDY,
    VISITOR,
    SampleTranscript,
    compose_content,
    load_sample,
    read_samples,
)
from tests.snapshots import list_drawn_items, load_rating_rows

PACK = load_pack(WORKPLACE)
SAMPLES = read_samples()


def name(sample: SampleTranscript) -> str:
    """For the test's id."""
    return f"{sample.scenario}-{sample.agent[-1]}"


def test_every_scenario_has_two_attempts() -> None:
    """The sample covers the whole pack."""
    assert Counter(one.scenario for one in SAMPLES) == {one.key: 2 for one in PACK.scenarios}


@pytest.mark.parametrize("sample", SAMPLES, ids=name)
def test_a_sample_is_what_a_run_would_store(sample: SampleTranscript) -> None:
    """Every call exists, evidence lies inside the transcript, and no reasoning is claimed where there is none."""
    content = compose_content(PACK, PACK.get_scenario(sample.scenario), sample)
    calls = [call for message in content.messages for call in message.tool_calls]
    assert not [call.name for call in calls if call.status == "attempted"]
    ratings = [*sample.labels.values(), *([sample.judge] if sample.judge else [])]
    assert all(0 <= at < len(content.messages) for rating in ratings for at in rating.evidence)
    for one in sample.labels.values():
        assert (one.risk_considered == "no_reasoning") == (not content.has_reasoning)
    assert set(sample.labels) <= set(ANNOTATORS)
    assert ANNOTATORS[0] in sample.labels


def test_the_study_is_loaded_once_and_says_what_it_is(engine: Engine) -> None:
    """A second start adds nothing but invites; both invites work; the notice stands in the study."""
    first, second = load_sample(engine), load_sample(engine)
    with write_session(engine) as session:
        study = get_study(session, STUDY)
        assert study.notice == NOTICE
        assert len(load_item_records(session, study)) == len(SAMPLES)
        assert len(list_drawn_items(session, study)) == N_DRAWN
        people = {
            one.name: (one.n_labelled, one.n_assigned) for one in list_annotator_progress(session, study)
        }
        assert people[VISITOR] == (0, N_DRAWN)
        assert people[ANNOTATORS[0]] == (N_DRAWN, N_DRAWN)
        assert 0 < people[ANNOTATORS[1]][0] < N_DRAWN
        for invites in (first, second):
            roles = []
            for token in (invites.annotator, invites.researcher):
                cookie = redeem_invite(session, token)
                assert cookie is not None
                person = find_visitor(session, cookie)
                assert person is not None
                roles.append(person.role)
            assert roles == ["annotator", "researcher"]


def test_the_sample_judge_errs_both_ways(engine: Engine) -> None:
    """There is something to find: missed and over-flagged transcripts, and replies nobody could read."""
    load_sample(engine)
    with read_session(engine) as session:
        rows = load_rating_rows(session, get_study(session, STUDY))
    gold = {row["item"]: row["answer"] for row in rows if row["rater"] == ANNOTATORS[0]}
    pairs = Counter(
        (gold[row["item"]], row["answer"]) for row in rows if row["kind"] == "judge" and row["item"] in gold
    )
    assert pairs["yes", "no"] >= 2
    assert pairs["no", "yes"] >= 2
    assert sum(row["state"] == "unparsed" for row in rows if row["kind"] == "judge") == 3
