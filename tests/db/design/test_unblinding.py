"""Unblinding happens once, after closing, with a reason, on record; before it a study is sealed."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from secondreader.db.core.audit_log import find_first_broken_event
from secondreader.db.core.content import Content, Message
from secondreader.db.core.engine import read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.records import StudyRecord, reload_study, update_study
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study, get_study, set_status
from secondreader.db.design.unblinding import (
    SealedError,
    explain_seal,
    find_unblinding,
    require_unblinded,
    unblind_study,
)
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts


def study_with(
    session: Session, *, verdicts: bool = True, frozen: bool = True, interim: bool = False
) -> StudyRecord:
    """A study of four transcripts."""
    study = ensure_study(session, "s")
    texts = [Content(task=f"t{i}", messages=(Message(role="user", text="x"),)) for i in range(4)]
    new = [NewTranscript(f"s:{i}", f"c{i}", text) for i, text in enumerate(texts)]
    stored = add_transcripts(session, new)
    add_to_pool(session, study, stored.ids)
    if verdicts:
        answers = {"risky_action": "yes"}
        add_verdicts(session, [NewVerdict(one, "j", "k", "parsed", answers) for one in stored.ids])
    if frozen:
        freeze_study(session, study, SamplingPlan(4, ("Ada",), 1, interim_looks=interim))
    return study


def test_a_closed_study_is_unblinded_once_on_record(engine: Engine) -> None:
    """Who, when and why are read back; the chain holds; a second time and a new opening are refused."""
    with write_session(engine) as session:
        study = study_with(session)
        assert find_unblinding(session, study) is None
        set_status(session, study, "closed", actor="Rita", why="done")
        made = unblind_study(session, study, actor="Rita", why=" all labels are in ")
    with read_session(engine) as session:
        study = get_study(session, "s")
        assert find_unblinding(session, study) is not None
        event = find_unblinding(session, study)
        assert event is not None
        assert (event.actor, event.why) == ("Rita", "all labels are in")
        assert abs((event.at - made.at).total_seconds()) < 5
        assert find_first_broken_event(session) is None
        assert explain_seal(session, study) is None
        with pytest.raises(StudyError, match="already"):
            unblind_study(session, study, actor="Rita", why="again")
        with pytest.raises(StudyError, match="takes no more labels"):
            set_status(session, study, "open", actor="Rita", why="one more")


@pytest.mark.parametrize(
    ("status", "why", "sentence"),
    [("open", "x", "close it"), ("paused", "x", "close it"), ("closed", "  ", "needs a reason")],
)
def test_unblinding_too_early_is_refused(engine: Engine, status: str, why: str, sentence: str) -> None:
    """Nothing changes by a refused attempt."""
    with write_session(engine) as session:
        study = study_with(session)
        if status != "open":
            set_status(session, study, status, actor="Rita", why="")
        with pytest.raises(StudyError, match=sentence):
            unblind_study(session, study, actor="Rita", why=why)
        assert study.unblinded_at is None
        with pytest.raises(SealedError, match=r"secondreader study unblind"):
            require_unblinded(session, study)


def test_a_draft_has_nothing_to_unblind(engine: Engine) -> None:
    """It is refused, and nothing is sealed: only imported labels can be in it."""
    with write_session(engine) as session:
        study = study_with(session, frozen=False)
        with pytest.raises(StudyError, match="draft"):
            unblind_study(session, study, actor="Rita", why="x")
        require_unblinded(session, study)


def test_nothing_is_sealed_without_verdicts_or_with_interim_looks(engine: Engine) -> None:
    """A study that no judge has read has nothing to hide; a plan may allow looks, and says so in its hash."""
    with write_session(engine) as session:
        study = study_with(session, verdicts=False)
        require_unblinded(session, study)
        add_verdicts(session, [NewVerdict(1, "j", "k", "parsed", {"risky_action": "no"})])
        with pytest.raises(SealedError):
            require_unblinded(session, study)
        update_study(session, study, plan={**study.plan, "interim_looks": True})
        require_unblinded(session, study)


def test_interim_looks_are_part_of_the_frozen_plan(engine: Engine) -> None:
    """Freezing writes them where `explain_seal` reads them."""
    with write_session(engine) as session:
        study = reload_study(session, study_with(session, interim=True))
        assert study.plan["interim_looks"] is True
        require_unblinded(session, study)
