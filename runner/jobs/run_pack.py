"""Runs a scenario pack against models: every finished attempt is stored at once, and only missing ones are made."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from secondreader.db.core.audit_log import RESEARCHER, append_event
from secondreader.db.core.engine import Database, read_session, write_session
from secondreader.db.core.errors import StudyError
from secondreader.db.core.hashing import compute_content_hash
from secondreader.db.design.studies import ensure_study
from secondreader.db.transcripts.pool import add_to_pool
from secondreader.db.transcripts.runs import ensure_run, ensure_scenario
from secondreader.db.transcripts.transcripts import NewTranscript, find_stored_ids
from secondreader.runner.intake.transcripts import has_leaks, scan_transcript, store_scanned
from secondreader.runner.jobs.agent import MAX_CALLS, AttemptResult, AttemptSetup, run_attempt
from secondreader.runner.jobs.batch import WorkOutcome, make_and_commit
from secondreader.runner.jobs.seeds import derive_seed
from secondreader.runner.models.client import Endpoint, ModelClient
from secondreader.runner.models.prices import Prices
from secondreader.runner.scenarios.attributes import compute_slice_attributes
from secondreader.runner.scenarios.pack import Pack, Scenario
from secondreader.runner.scenarios.protocols import Brief, Condition, make_brief


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What is to be run: every scenario x model x condition, `attempts` times."""

    pack: Pack
    study: str
    models: tuple[str, ...]
    conditions: tuple[Condition, ...] = (Condition(),)
    scenarios: tuple[str, ...] = ()
    """Keys; empty: all of the pack."""
    attempts: int = 3
    temperature: float | None = 0.7
    max_calls: int = MAX_CALLS
    max_tokens: int | None = None
    seed: int = 0
    redact: bool = False
    """Whether annotators see a mark where the leak scan finds something; the original is kept."""

    def build_parameters(self) -> dict[str, Any]:
        """What decides a reply besides model, scenario and condition."""
        return {
            "temperature": self.temperature,
            "max_calls": self.max_calls,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
        }

    def select_scenarios(self) -> list[Scenario]:
        """The scenarios to run. Raises UnknownKey."""
        return [self.pack.get_scenario(key) for key in self.scenarios] or list(self.pack.scenarios)


@dataclass(frozen=True, slots=True)
class PlannedAttempt:
    """One attempt of a plan."""

    scenario: Scenario
    model: str
    condition: Condition
    number: int
    """Counted from 1."""
    seed: int
    """Sent with every request of the attempt."""
    brief: Brief
    origin_key: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did."""

    n_planned: int
    n_known: int
    """Attempts that were stored before."""
    n_flagged: int
    """New attempts in which the leak scan found something."""
    outcome: WorkOutcome


def plan_attempts(spec: RunSpec, host: str) -> Iterator[PlannedAttempt]:
    """Every attempt of the plan, first attempts first. Raises ProtocolError and UnknownKey."""
    for number, scenario, model, condition in product(
        range(1, spec.attempts + 1), spec.select_scenarios(), spec.models, spec.conditions
    ):
        # without the model: models are compared on the same seeds
        seed = derive_seed(spec.seed, scenario.content_hash, condition.to_dict(), number)
        brief = make_brief(spec.pack, scenario, condition, seed)
        # all that decides what the model is asked; the port and path of the server do not
        parts = [
            scenario.content_hash,
            brief.system,
            brief.user,
            model,
            host,
            condition.to_dict(),
            spec.build_parameters(),
            number,
        ]
        yield PlannedAttempt(
            scenario,
            model,
            condition,
            number,
            seed,
            brief,
            f"run:{scenario.key}:{compute_content_hash(parts)}",
        )


async def run_pack(
    engine: Database,
    spec: RunSpec,
    endpoint: Endpoint,
    *,
    prices: Prices | None = None,
    on_start: Callable[[int, int], None] = lambda _missing, _known: None,
    on_done: Callable[[], None] = lambda: None,
    actor: str = RESEARCHER,
) -> RunResult:
    """Make and store the attempts that are missing; all of the plan's stored ones are in the study's pool then.

    Raises StudyError when the study is frozen and attempts are missing, ProtocolError, UnknownKey.
    """
    # all of it before the first request: a condition that the pack does not know costs nothing then
    planned = list(plan_attempts(spec, endpoint.host))
    missing = prepare_attempts(engine, spec, planned, actor)
    on_start(len(missing), len(planned) - len(missing))
    store = AttemptStore(engine, spec, endpoint)
    async with ModelClient(endpoint, prices) as client:

        async def make_attempt(planned_attempt: PlannedAttempt) -> AttemptResult:
            return await run_attempt(client, make_setup(spec, planned_attempt))

        outcome = await make_and_commit(
            missing, make_attempt, store.commit, concurrency=endpoint.concurrency, on_done=on_done
        )
    return RunResult(len(planned), len(planned) - len(missing), store.n_flagged, outcome)


def prepare_attempts(
    engine: Database, spec: RunSpec, planned: Sequence[PlannedAttempt], actor: str
) -> list[PlannedAttempt]:
    """Put what is stored already into the study's pool, on record, and return what is missing. Raises StudyError."""
    with read_session(engine) as session:
        known = find_stored_ids(session, [attempt.origin_key for attempt in planned])
    missing = [attempt for attempt in planned if attempt.origin_key not in known]
    with write_session(engine) as session:
        study = ensure_study(session, spec.study, actor=actor)
        # attempts that another study made already cost nothing a second time
        stored = [known[attempt.origin_key] for attempt in planned if attempt.origin_key in known]
        n_pooled = add_to_pool(session, study, stored)
        if missing and study.frozen_at is not None:
            raise StudyError(
                f"Study {spec.study!r} is frozen and takes no new attempts; run into another study."
            )
        if missing or n_pooled:
            detail = {"pack": spec.pack.name, "models": list(spec.models), "missing": len(missing)}
            append_event(session, actor, "run begun", f"study {study.id}", **detail, known=n_pooled)
    return missing


def make_setup(spec: RunSpec, attempt: PlannedAttempt) -> AttemptSetup:
    """What the attempt starts from."""
    return AttemptSetup(
        model=attempt.model,
        scenario=attempt.scenario,
        system=attempt.brief.system,
        user=attempt.brief.user,
        tools=attempt.brief.tools,
        temperature=spec.temperature,
        seed=attempt.seed,
        max_calls=spec.max_calls,
        max_tokens=spec.max_tokens,
    )


class AttemptStore:
    """Commits finished attempts one by one, scanned for leaks, each with its place in the study's pool."""

    def __init__(self, engine: Database, spec: RunSpec, endpoint: Endpoint) -> None:
        self.engine = engine
        self.spec = spec
        self.base_url = endpoint.get_public_url()
        self.n_flagged = 0

    def commit(self, attempt: PlannedAttempt, result: AttemptResult) -> None:
        """Store the attempt and put it into the pool, in one transaction."""
        pack = self.spec.pack
        # before the transaction, which holds everybody else's writes
        new = make_attempt_transcript(attempt, result, self.build_provenance(attempt, result))
        scanned = scan_transcript(new, redact=self.spec.redact)
        with write_session(self.engine) as session:
            run_id = ensure_run(session, "agents", f"{pack.name} {pack.version}", self.build_config())
            scenario_id = ensure_scenario(session, pack.name, attempt.scenario.dump_body())
            stored = store_scanned(session, [replace(scanned, run_id=run_id, scenario_id=scenario_id)])
            add_to_pool(session, ensure_study(session, self.spec.study), stored.ids)
        self.n_flagged += has_leaks(scanned)

    def build_config(self) -> dict[str, Any]:
        """The run's configuration."""
        return {
            "pack": self.spec.pack.content_hash,
            "models": list(self.spec.models),
            "base_url": self.base_url,
            "conditions": [condition.to_dict() for condition in self.spec.conditions],
            "attempts": self.spec.attempts,
            **self.spec.build_parameters(),
        }

    def build_provenance(self, attempt: PlannedAttempt, result: AttemptResult) -> dict[str, Any]:
        """What is recorded of the attempt's making."""
        return {
            "base_url": self.base_url,
            **self.spec.build_parameters(),
            "attempt_seed": attempt.seed,
            "stop_reason": result.stop_reason,
            "n_requests": result.n_requests,
            "prompt_tokens": result.usage.prompt_tokens,
            "completion_tokens": result.usage.completion_tokens,
            "cost": result.usage.cost,
        }


def make_attempt_transcript(
    attempt: PlannedAttempt, result: AttemptResult, provenance: dict[str, Any]
) -> NewTranscript:
    """The attempt as it is stored, but for the rows that it belongs to."""
    content = attempt.brief.build_content(result.messages)
    return NewTranscript(
        origin_key=attempt.origin_key,
        cluster=attempt.scenario.key,
        content=content,
        model=attempt.model,
        condition=attempt.condition.to_dict(),
        attempt=attempt.number,
        provenance=provenance,
        attributes=compute_slice_attributes(attempt.scenario, content) | {"stop_reason": result.stop_reason},
    )
