"""Runs a scenario pack against models: every finished attempt is stored at once, and only missing ones are made."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from secondreader.db.core.audit_log import RESEARCHER, append_event
from secondreader.db.core.canonical import content_hash
from secondreader.db.core.engine import reading, writing
from secondreader.db.core.study_errors import StudyError
from secondreader.db.design.studies import add_to_pool, ensure_study
from secondreader.db.transcripts.store import (
    NewTranscript,
    add_transcripts,
    ensure_run,
    ensure_scenario,
    known_ids,
)
from secondreader.runner.jobs.agent import MAX_CALLS, AttemptResult, AttemptSetup, run_attempt
from secondreader.runner.jobs.batch import Outcome, derive_seed, work_through
from secondreader.runner.models.client import Endpoint, ModelClient
from secondreader.runner.models.prices import Prices
from secondreader.runner.scenarios.attributes import slice_attributes
from secondreader.runner.scenarios.pack import Pack, Scenario
from secondreader.runner.scenarios.protocols import Brief, Condition, make_brief

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class RunPlan:
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

    def parameters(self) -> dict[str, Any]:
        """What decides a reply besides model, scenario and condition."""
        return {
            "temperature": self.temperature,
            "max_calls": self.max_calls,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
        }

    def chosen(self) -> list[Scenario]:
        """The scenarios to run. Raises UnknownKey."""
        return [self.pack.scenario(key) for key in self.scenarios] or list(self.pack.scenarios)


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
    outcome: Outcome


def plan_attempts(plan: RunPlan, host: str) -> Iterator[PlannedAttempt]:
    """Every attempt of the plan, first attempts first. Raises ProtocolError and UnknownKey."""
    for number, scenario, model, condition in product(
        range(1, plan.attempts + 1), plan.chosen(), plan.models, plan.conditions
    ):
        seed = derive_seed(plan.seed, scenario.content_hash, condition.as_dict(), number)
        brief = make_brief(plan.pack, scenario, condition, seed)
        parts = [
            scenario.content_hash,
            brief.system,
            brief.user,
            model,
            host,
            condition.as_dict(),
            plan.parameters(),
            number,
        ]
        yield PlannedAttempt(
            scenario, model, condition, number, seed, brief, f"run:{scenario.key}:{content_hash(parts)}"
        )


async def run_pack(
    engine: "Engine",
    plan: RunPlan,
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
    planned = list(plan_attempts(plan, endpoint.host))
    missing = prepare(engine, plan, planned, actor)
    on_start(len(missing), len(planned) - len(missing))
    store = Store(engine, plan, endpoint)
    async with ModelClient(endpoint, prices) as client:

        async def attempt(one: PlannedAttempt) -> None:
            result = await run_attempt(client, setup_of(plan, one))
            await store.put(one, result)

        outcome = await work_through(missing, attempt, concurrency=endpoint.concurrency, on_done=on_done)
    return RunResult(len(planned), len(planned) - len(missing), outcome)


def prepare(
    engine: "Engine", plan: RunPlan, planned: Sequence[PlannedAttempt], actor: str
) -> list[PlannedAttempt]:
    """Put what is stored already into the study's pool, on record, and return what is missing. Raises StudyError."""
    with reading(engine) as session:
        known = known_ids(session, [one.origin_key for one in planned])
    missing = [one for one in planned if one.origin_key not in known]
    with writing(engine) as session:
        study = ensure_study(session, plan.study, actor=actor)
        there = [known[one.origin_key] for one in planned if one.origin_key in known]
        n_pooled = add_to_pool(session, study, there)
        if missing and study.frozen_at is not None:
            raise StudyError(
                f"Study {plan.study!r} is frozen and takes no new attempts; run into another study."
            )
        if missing or n_pooled:
            detail = {"pack": plan.pack.name, "models": list(plan.models), "missing": len(missing)}
            append_event(session, actor, "run begun", f"study {study.id}", **detail, known=n_pooled)
    return missing


def setup_of(plan: RunPlan, one: PlannedAttempt) -> AttemptSetup:
    """What the attempt starts from."""
    return AttemptSetup(
        model=one.model,
        scenario=one.scenario,
        system=one.brief.system,
        user=one.brief.user,
        tools=one.brief.tools,
        temperature=plan.temperature,
        seed=one.seed,
        max_calls=plan.max_calls,
        max_tokens=plan.max_tokens,
    )


class Store:
    """Commits finished attempts one by one, each with its place in the study's pool."""

    def __init__(self, engine: "Engine", plan: RunPlan, endpoint: Endpoint) -> None:
        self.engine = engine
        self.plan = plan
        self.base_url = endpoint.shown_url()
        # One writer at a time: attempts that end together would only wait for each other's lock in threads.
        self.turn = asyncio.Lock()

    async def put(self, one: PlannedAttempt, result: AttemptResult) -> None:
        """Store the attempt; the loop goes on while the disk is written."""
        async with self.turn:
            await asyncio.to_thread(self.write, one, result)

    def write(self, one: PlannedAttempt, result: AttemptResult) -> None:
        """Store the attempt and put it into the pool, in one transaction."""
        pack = self.plan.pack
        with writing(self.engine) as session:
            run = ensure_run(session, "agents", f"{pack.name} {pack.version}", self.config())
            scenario = ensure_scenario(session, pack.name, one.scenario.body())
            new = new_transcript(one, result, self.provenance(one, result), run.id, scenario.id)
            stored = add_transcripts(session, [new])
            add_to_pool(session, ensure_study(session, self.plan.study), stored.ids)

    def config(self) -> dict[str, Any]:
        """The run's configuration."""
        return {
            "pack": self.plan.pack.content_hash,
            "models": list(self.plan.models),
            "base_url": self.base_url,
            "conditions": [condition.as_dict() for condition in self.plan.conditions],
            "attempts": self.plan.attempts,
            **self.plan.parameters(),
        }

    def provenance(self, one: PlannedAttempt, result: AttemptResult) -> dict[str, Any]:
        """What is recorded of the attempt's making."""
        return {
            "base_url": self.base_url,
            **self.plan.parameters(),
            "attempt_seed": one.seed,
            "stop_reason": result.stop_reason,
            "n_requests": result.n_requests,
            "prompt_tokens": result.usage.prompt_tokens,
            "completion_tokens": result.usage.completion_tokens,
            "cost": result.usage.cost,
        }


def new_transcript(
    one: PlannedAttempt,
    result: AttemptResult,
    provenance: dict[str, Any],
    run_id: int | None,
    scenario_id: int | None,
) -> NewTranscript:
    """The attempt as it is stored."""
    content = one.brief.content(result.messages)
    return NewTranscript(
        origin_key=one.origin_key,
        cluster=one.scenario.key,
        content=content,
        model=one.model,
        condition=one.condition.as_dict(),
        attempt=one.number,
        provenance=provenance,
        attributes=slice_attributes(one.scenario, content) | {"stop_reason": result.stop_reason},
        run_id=run_id,
        scenario_id=scenario_id,
    )
