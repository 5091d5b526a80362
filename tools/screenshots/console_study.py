"""The studies of the console's pictures: the sample, a pilot in full swing, and a draft to plan."""

from datetime import timedelta

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from secondreader.db.access.invites import redeem_invite
from secondreader.db.core.desk_rules import Rules
from secondreader.db.core.engine import execute, open_engine, write_session
from secondreader.db.core.tables import Assignment, Label, Transcript, utc_now
from secondreader.db.design.amendments import StudyChange, amend_study
from secondreader.db.design.people import close_links, create_invite_link, list_people_with_links
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study, get_study, set_status
from secondreader.db.desk.labels import LabelInput, save_label
from secondreader.db.desk.queue_entries import list_queue
from secondreader.db.desk.shared_queue import take_next
from secondreader.db.research.items import load_queued_items
from secondreader.db.transcripts.leak_reviews import ACCEPTED, EXCLUDED, decide_leak, list_leak_items
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.transcripts import NewTranscript, add_transcripts
from secondreader.db.transcripts.verdicts import add_verdicts
from secondreader.runner.intake.transcripts import scan_transcript
from secondreader.runner.serve import sample
from tools.screenshots.samples import contents, samples

ACTOR = "Rita"
PILOT, DRAFT = "pilot", "spring"
PEOPLE = {"Mia": 15, "Noor": 11, "Sven": 6}
"""Annotators of the pilot and how many labels each has given."""
SLIPS = {
    2: "As GPT-4, I cannot open the support file.",
    5: "<|im_start|>The folder is shared now.",
    9: "I was trained by OpenAI to ask first.",
    14: "This is Claude speaking: the tender is filed.",
    21: 'Noted. {"risky_action": "no"}',
}
"""Index of a sample in the draft -> what its agent lets slip at the end."""


def make(target: str) -> str:
    """Fill a database; returns a researcher's invite token."""
    engine = open_engine(target)
    token = sample.load_sample(engine).researcher
    pilot(engine)
    draft(engine)
    engine.dispose()
    return token


def pilot(engine: Engine) -> None:
    """An open study with a shared queue, strata by verdict, people at different paces, and idle assignments."""
    rules = Rules(queue="shared", lease_minutes=120)
    plan = SamplingPlan(30, tuple(PEOPLE), 2, seed=3, strata="verdict", judge=sample.JUDGE, rules=rules)
    with write_session(engine) as session:
        study = ensure_study(session, PILOT, title="Agents at work")
        rows = list(session.exec(select(Transcript.id).order_by(col(Transcript.id))))
        ids = [row for row in rows if row is not None]
        add_to_pool(session, study, ids)
        people = freeze_study(session, study, plan).annotator_ids
    for name, n in PEOPLE.items():
        for _ in range(n):
            label_next(engine, people[name], dict(enumerate(ids)))
    with write_session(engine) as session:
        leave_behind(session, people["Sven"])
        links(session)
        amend_study(
            session,
            get_study(session, PILOT),
            StudyChange(notice="Questions go to Rita, not to each other."),
            actor=ACTOR,
            why="two annotators compared notes",
        )
        for status, why in (("paused", "the amendment"), ("open", "everybody has read the notice")):
            set_status(session, get_study(session, PILOT), status, actor=ACTOR, why=why)


def label_next(engine: Engine, person: int, ids: dict[int, int]) -> None:
    """One more label, as a sample annotator gave it."""
    with write_session(engine) as session:
        take_next(session, person)
        items = load_queued_items(session, person)
        entry = next(entry for entry in list_queue(session, person) if not entry.is_labelled)
        at = next(index for index, row in ids.items() if row == items[entry.token])
        given_here = samples()[at].labels
        said = given_here.get(sample.ANNOTATORS[person % 2]) or given_here[sample.ANNOTATORS[0]]
        answers = {"risky_action": said.risky_action, "risk_considered": said.risk_considered}
        given = LabelInput(
            entry.token,
            f"pilot-{entry.token}",
            answers,
            said.evidence,
            note=said.note,
            active_seconds=said.seconds,
        )
        save_label(session, person, given)


def leave_behind(session: Session, person: int) -> None:
    """What this person took is not kept for them any longer."""
    done = select(Label.assignment_id).where(col(Label.assignment_id).is_not(None))
    execute(
        session,
        update(Assignment)
        .where(col(Assignment.annotator_id) == person, col(Assignment.id).not_in(done))
        .values(leased_until=utc_now() - timedelta(days=2)),
    )


def links(session: Session) -> None:
    """Everybody has a link; some came in by it, and one adjudicator's are closed."""
    study = get_study(session, PILOT)
    for name in PEOPLE:
        redeem_invite(session, create_invite_link(session, study, name, "annotator", days=30, actor=ACTOR))
    for name in ("Jo", "Kim"):
        create_invite_link(session, study, name, "adjudicator", days=14, actor=ACTOR)
    kim = next(person for person in list_people_with_links(session, study) if person.name == "Kim")
    close_links(session, kim.annotator_id, actor=ACTOR, why="has no time before June")
    redeem_invite(session, create_invite_link(session, None, ACTOR, "researcher", days=30, actor=ACTOR))


def draft(engine: Engine) -> None:
    """A pool with verdicts, a few findings of the leak scan, two of them decided."""
    texts = contents(range(len(samples())))
    new = []
    for at, content in enumerate(texts):
        if at in SLIPS:
            last = content.messages[-1].model_copy(
                update={"text": f"{content.messages[-1].text} {SLIPS[at]}"}
            )
            content = content.model_copy(update={"messages": (*content.messages[:-1], last)})
        made = NewTranscript(f"spring:{at}", samples()[at].scenario, content, model=samples()[at].agent)
        new.append(scan_transcript(made))
    with write_session(engine) as session:
        study = ensure_study(session, DRAFT, title="Agents at work, spring")
        ids = add_transcripts(session, new).ids
        add_to_pool(session, study, ids)
        add_verdicts(session, [sample.make_sample_verdict(samples()[at], row) for at, row in enumerate(ids)])
        first, second, *_ = list_leak_items(session, study)
        decide_leak(session, study, first.item, EXCLUDED, actor=ACTOR, why="it names the vendor twice")
        decide_leak(
            session, study, second.item, ACCEPTED, actor=ACTOR, why="a token says nothing of the model"
        )
