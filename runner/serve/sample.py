"""The sample study of `secondreader demo`: transcripts, verdicts and labels written by hand over the shipped pack.

The files in `sample_study/` hold what agents, a judge and two annotators said; what the tools answered comes from the
pack's own scripts, so that a sample transcript is what a run would have stored.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from secondreader.db.access.invites import INVITE_DAYS
from secondreader.db.core.audit_log import RESEARCHER
from secondreader.db.core.content import Content, Message, ToolCall
from secondreader.db.core.engine import Database, DatabaseSession, write_session
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.core.records import StudyRecord
from secondreader.db.design.people import create_invite_link
from secondreader.db.design.plan import SamplingPlan, freeze_study
from secondreader.db.design.studies import ensure_study
from secondreader.db.desk.labels import LabelInput, save_label
from secondreader.db.desk.queue_entries import list_queue
from secondreader.db.research.items import load_queued_items
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.runs import ensure_run, ensure_scenario
from secondreader.db.transcripts.transcripts import NewTranscript
from secondreader.db.transcripts.verdicts import NewVerdict, add_verdicts
from secondreader.runner.intake.transcripts import scan_transcript, store_scanned
from secondreader.runner.scenarios.attributes import compute_slice_attributes
from secondreader.runner.scenarios.briefing import build_visible_fields, render_system_text
from secondreader.runner.scenarios.load import WORKPLACE, load_pack
from secondreader.runner.scenarios.pack import Pack, PackModel, Scenario
from secondreader.runner.scenarios.strict_yaml import read_yaml
from secondreader.runner.scenarios.tool_results import find_tool_result

FOLDER = Path(__file__).parent / "sample_study"
STUDY = "sample"
TITLE = "Sample study: agents at work"
NOTICE = "illustrative sample, written by hand"
JUDGE = "sample-judge / risk.v1"
ANNOTATORS = ("Ada (sample)", "Ben (sample)")
VISITOR = "You"
N_DRAWN = 32
SEED = 7

YesNo = Literal["yes", "no", "unsure"]
Considered = Literal["yes", "no", "unsure", "no_reasoning"]


class SampleCall(PackModel):
    """One tool call of a turn."""

    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class SampleTurn(PackModel):
    """What the agent wrote in one turn."""

    reasoning: str | None = None
    text: str = ""
    calls: tuple[SampleCall, ...] = ()


class SampleRating(PackModel):
    """Answers to the two questions, by the judge or by an annotator."""

    risky_action: YesNo
    risk_considered: Considered
    rationale: str = ""
    evidence: tuple[int, ...] = ()
    note: str = ""
    seconds: float | None = None


class SampleTranscript(PackModel):
    """One attempt with everything that was said about it."""

    scenario: str
    agent: str
    persona: str = "none"
    turns: tuple[SampleTurn, ...] = Field(min_length=1)
    judge: SampleRating | None = None
    unparsed: str | None = None
    """What the judge replied where no verdict could be read from it."""
    labels: dict[str, SampleRating] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _require_one_verdict(self) -> "SampleTranscript":
        if (self.judge is None) == (self.unparsed is None):
            raise ValueError("needs either judge or unparsed")
        return self


class SampleFile(PackModel):
    """One file of the folder."""

    transcripts: tuple[SampleTranscript, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class SampleInvites:
    """Tokens of the two links that the demo prints."""

    annotator: str
    researcher: str


def load_sample(engine: Database, actor: str = RESEARCHER) -> SampleInvites:
    """Store the sample study unless it is there, and make one new invite for each role."""
    with write_session(engine) as session:
        study = ensure_study(session, STUDY, title=TITLE, notice=NOTICE, actor=actor)
        if study.frozen_at is None:
            fill_study(session, study, read_samples(), load_pack(WORKPLACE), actor)
        tokens = [
            create_invite_link(session, of, name, role, days=INVITE_DAYS, actor=actor, why="demo started")
            for of, name, role in ((study, VISITOR, "annotator"), (None, "Researcher", "researcher"))
        ]
        return SampleInvites(*tokens)


def read_samples() -> list[SampleTranscript]:
    """Every sample transcript, in the order of the files' names."""
    files = sorted(FOLDER.glob("*.yaml"))
    return [
        sample for path in files for sample in SampleFile.model_validate(read_yaml(path).value).transcripts
    ]


def fill_study(
    session: DatabaseSession, study: StudyRecord, samples: list[SampleTranscript], pack: Pack, actor: str
) -> None:
    """Store transcripts and verdicts, freeze the study, and give the sample annotators' labels on part of it."""
    run_id = ensure_run(session, "sample", f"{pack.name} {pack.version}", {"notice": NOTICE})
    new = [make_sample_transcript(session, pack, sample, at, run_id) for at, sample in enumerate(samples)]
    stored = store_scanned(session, [scan_transcript(transcript) for transcript in new])
    add_to_pool(session, study, stored.ids)
    add_verdicts(
        session,
        [make_sample_verdict(one, row) for one, row in zip(samples, stored.ids, strict=True)],
    )
    plan = SamplingPlan(
        n_items=N_DRAWN,
        annotators=(*ANNOTATORS, VISITOR),
        overlap=len(ANNOTATORS) + 1,
        seed=SEED,
        strata="verdict",
        judge=JUDGE,
        interim_looks=True,
    )
    people = freeze_study(session, study, plan, actor=actor).annotator_ids
    # queues are in random order: labels find their transcript by its id
    by_id = dict(zip(stored.ids, samples, strict=True))
    for name in ANNOTATORS:
        submit_labels(session, people[name], name, by_id)


def submit_labels(
    session: DatabaseSession, annotator_id: int, name: str, by_id: dict[int, SampleTranscript]
) -> None:
    """Submit one sample annotator's labels through the desk's own save function."""
    items = load_queued_items(session, annotator_id)
    for entry in list_queue(session, annotator_id):
        label = by_id[items[entry.token]].labels.get(name)
        if label is None:
            continue
        answers = {"risky_action": label.risky_action, "risk_considered": label.risk_considered}
        save_label(
            session,
            annotator_id,
            LabelInput(
                token=entry.token,
                client_token=f"sample-{entry.token}",
                answers=answers,
                evidence=label.evidence,
                note=label.note,
                active_seconds=label.seconds,
            ),
        )


def make_sample_transcript(
    session: DatabaseSession, pack: Pack, sample: SampleTranscript, at: int, run_id: int | None
) -> NewTranscript:
    """One sample transcript as a run would store it."""
    scenario = pack.get_scenario(sample.scenario)
    content = compose_content(pack, scenario, sample)
    return NewTranscript(
        origin_key=f"sample:{at}:{scenario.key}:{content.compute_hash()}",
        cluster=scenario.key,
        content=content,
        model=sample.agent,
        condition={"protocol": "agentic", "persona": sample.persona},
        attributes=compute_slice_attributes(scenario, content),
        provenance={"notice": NOTICE},
        run_id=run_id,
        scenario_id=ensure_scenario(session, pack.name, scenario.dump_body()),
    )


def compose_content(pack: Pack, scenario: Scenario, sample: SampleTranscript) -> Content:
    """System and user message, then each turn followed by what the tools answered."""
    messages: list[Message] = [
        Message(role="system", text=render_system_text(pack, scenario, sample.persona)),
        Message(role="user", text=scenario.task),
    ]
    for turn in sample.turns:
        results = [find_tool_result(scenario, call.tool, call.arguments) for call in turn.calls]
        calls = tuple(
            ToolCall(
                name=call.tool, arguments=call.arguments, raw=json.dumps(call.arguments), status=result.status
            )
            for call, result in zip(turn.calls, results, strict=True)
        )
        messages.append(Message(role="assistant", text=turn.text, reasoning=turn.reasoning, tool_calls=calls))
        messages += [
            Message(role="tool", tool=call.tool, text=result.text, is_error=result.is_error)
            for call, result in zip(turn.calls, results, strict=True)
        ]
    return Content.model_validate(
        {**build_visible_fields(scenario), "messages": [message.model_dump() for message in messages]}
    )


def make_sample_verdict(sample: SampleTranscript, transcript_id: int) -> NewVerdict:
    """The sample judge's label of one transcript."""
    judged = sample.judge
    return NewVerdict(
        transcript_id=transcript_id,
        judge=JUDGE,
        judge_key=compute_content_hash(["sample", JUDGE]),
        state="parsed" if judged else "unparsed",
        answers={"risky_action": judged.risky_action, "risk_considered": judged.risk_considered}
        if judged
        else {},
        evidence=judged.evidence if judged else (),
        rationale=judged.rationale if judged else None,
        raw=sample.unparsed,
        model=JUDGE.split(" / ")[0],
        provenance={"notice": NOTICE},
    )
